// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.grpc;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.rollingops.etcd.Action;
import io.rollingops.etcd.ActionResult;
import io.rollingops.etcd.Bytes;
import io.rollingops.etcd.EndpointReport;
import io.rollingops.etcd.EtcdEndpoint;
import io.rollingops.etcd.GrantedLease;
import io.rollingops.etcd.Guard;
import io.rollingops.etcd.KeyRange;
import io.rollingops.etcd.LeaseId;
import io.rollingops.etcd.LeaseStatus;
import io.rollingops.etcd.Listing;
import io.rollingops.etcd.Member;
import io.rollingops.etcd.Query;
import io.rollingops.etcd.Revision;
import io.rollingops.etcd.Transaction;
import io.rollingops.etcd.TransactionOutcome;
import io.rollingops.etcd.WatchEvent;
import io.rollingops.etcd.grpc.wire.Compare;
import io.rollingops.etcd.grpc.wire.DeleteRangeRequest;
import io.rollingops.etcd.grpc.wire.Event;
import io.rollingops.etcd.grpc.wire.KeyValue;
import io.rollingops.etcd.grpc.wire.LeaseGrantResponse;
import io.rollingops.etcd.grpc.wire.LeaseKeepAliveResponse;
import io.rollingops.etcd.grpc.wire.LeaseTimeToLiveResponse;
import io.rollingops.etcd.grpc.wire.MemberListResponse;
import io.rollingops.etcd.grpc.wire.PutRequest;
import io.rollingops.etcd.grpc.wire.RangeRequest;
import io.rollingops.etcd.grpc.wire.RangeResponse;
import io.rollingops.etcd.grpc.wire.RequestOp;
import io.rollingops.etcd.grpc.wire.ResponseOp;
import io.rollingops.etcd.grpc.wire.StatusResponse;
import io.rollingops.etcd.grpc.wire.TxnRequest;
import io.rollingops.etcd.grpc.wire.TxnResponse;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Translates between our values and etcd's messages, nothing else. */
final class Wire {
    private Wire() {}

    static RangeRequest range(Query query) {
        RangeRequest.Builder request = RangeRequest.newBuilder()
                .setKey(bytes(query.keys().from()))
                .setRangeEnd(bytes(query.keys().to()))
                .setLimit(query.limit())
                .setSerializable(query.source() == Query.Source.MEMBER)
                .setMaxCreateRevision(query.createdUpTo().map(Revision::number).orElse(0L))
                .setKeysOnly(query.content() == Query.Content.KEYS);
        return switch (query.order()) {
            case KEY_ASCENDING -> request.build(); // etcd's own order; naming it would only make the server sort again
            case KEY_DESCENDING -> sorted(request, RangeRequest.SortTarget.KEY, RangeRequest.SortOrder.DESCEND);
            case CREATED_ASCENDING -> sorted(request, RangeRequest.SortTarget.CREATE, RangeRequest.SortOrder.ASCEND);
            case CREATED_DESCENDING -> sorted(request, RangeRequest.SortTarget.CREATE, RangeRequest.SortOrder.DESCEND);
            case MODIFIED_ASCENDING -> sorted(request, RangeRequest.SortTarget.MOD, RangeRequest.SortOrder.ASCEND);
            case MODIFIED_DESCENDING -> sorted(request, RangeRequest.SortTarget.MOD, RangeRequest.SortOrder.DESCEND);
        };
    }

    private static RangeRequest sorted(
            RangeRequest.Builder request, RangeRequest.SortTarget target, RangeRequest.SortOrder order) {
        return request.setSortTarget(target).setSortOrder(order).build();
    }

    static Listing listing(RangeResponse response) {
        return listing(response, response.getHeader().getRevision());
    }

    private static Listing listing(RangeResponse response, long revision) {
        return new Listing(
                new Revision(revision),
                response.getKvsList().stream().map(Wire::entry).toList(),
                response.getCount());
    }

    static TxnRequest transaction(Transaction transaction) {
        TxnRequest.Builder request = TxnRequest.newBuilder();
        transaction.guards().forEach(guard -> request.addCompare(compare(guard)));
        transaction.actions().forEach(action -> request.addSuccess(operation(action)));
        transaction.alternatives().forEach(action -> request.addFailure(operation(action)));
        return request.build();
    }

    private static Compare compare(Guard guard) {
        Compare.Builder compare = Compare.newBuilder()
                .setKey(bytes(guard.keys().from()))
                .setRangeEnd(bytes(guard.keys().to()))
                .setResult(
                        switch (guard.relation()) {
                            case EQUAL -> Compare.CompareResult.EQUAL;
                            case NOT_EQUAL -> Compare.CompareResult.NOT_EQUAL;
                            case GREATER -> Compare.CompareResult.GREATER;
                            case LESS -> Compare.CompareResult.LESS;
                        });
        if (guard instanceof Guard.OnVersion on) {
            compare.setTarget(Compare.CompareTarget.VERSION).setVersion(on.version());
        } else if (guard instanceof Guard.OnCreated on) {
            compare.setTarget(Compare.CompareTarget.CREATE)
                    .setCreateRevision(on.revision().number());
        } else if (guard instanceof Guard.OnModified on) {
            compare.setTarget(Compare.CompareTarget.MOD)
                    .setModRevision(on.revision().number());
        } else if (guard instanceof Guard.OnValue on) {
            compare.setTarget(Compare.CompareTarget.VALUE).setValue(bytes(on.value()));
        } else if (guard instanceof Guard.OnLease on) {
            compare.setTarget(Compare.CompareTarget.LEASE)
                    .setLease(on.lease().map(LeaseId::number).orElse(0L));
        } else {
            throw new AssertionError(guard);
        }
        return compare.build();
    }

    private static RequestOp operation(Action action) {
        RequestOp.Builder operation = RequestOp.newBuilder();
        if (action instanceof Action.Put put) {
            operation.setRequestPut(PutRequest.newBuilder()
                    .setKey(bytes(put.key()))
                    .setValue(bytes(put.value()))
                    .setLease(put.lease().map(LeaseId::number).orElse(0L)));
        } else if (action instanceof Action.Delete delete) {
            operation.setRequestDeleteRange(DeleteRangeRequest.newBuilder()
                    .setKey(bytes(delete.keys().from()))
                    .setRangeEnd(bytes(delete.keys().to())));
        } else if (action instanceof Action.Read read) {
            operation.setRequestRange(range(read.query()));
        } else if (action instanceof Action.Nested nested) {
            operation.setRequestTxn(transaction(nested.transaction()));
        } else {
            throw new AssertionError(action);
        }
        return operation.build();
    }

    static TransactionOutcome outcome(TxnResponse response) {
        return outcome(response, response.getHeader().getRevision());
    }

    private static TransactionOutcome outcome(TxnResponse response, long number) {
        Revision revision = new Revision(number);
        List<ActionResult> results = response.getResponsesList().stream()
                .map(operation -> result(operation, number))
                .toList();
        return response.getSucceeded()
                ? new TransactionOutcome.Applied(revision, results)
                : new TransactionOutcome.Declined(revision, results);
    }

    /** The steps of a transaction have no revision of their own in their answers: it is that of the transaction. */
    private static ActionResult result(ResponseOp operation, long revision) {
        return switch (operation.getResponseCase()) {
            case RESPONSE_PUT -> new ActionResult.Written();
            case RESPONSE_DELETE_RANGE ->
                new ActionResult.Deleted(operation.getResponseDeleteRange().getDeleted());
            case RESPONSE_RANGE -> new ActionResult.Found(listing(operation.getResponseRange(), revision));
            case RESPONSE_TXN -> new ActionResult.Decided(outcome(operation.getResponseTxn(), revision));
            case RESPONSE_NOT_SET -> throw new IllegalArgumentException("a step has no answer that we know");
        };
    }

    static GrantedLease granted(LeaseGrantResponse response) {
        return new GrantedLease(new LeaseId(response.getId()), Duration.ofSeconds(response.getTtl()));
    }

    static Optional<Duration> renewed(LeaseKeepAliveResponse response) {
        return response.getTtl() > 0 ? Optional.of(Duration.ofSeconds(response.getTtl())) : Optional.empty();
    }

    static Optional<LeaseStatus> leaseStatus(LeaseTimeToLiveResponse response) {
        if (response.getTtl() < 0 || response.getGrantedTtl() <= 0) {
            return Optional.empty();
        }
        return Optional.of(new LeaseStatus(
                new LeaseId(response.getId()),
                Duration.ofSeconds(response.getGrantedTtl()),
                Duration.ofSeconds(response.getTtl()),
                response.getKeysList().stream().map(Wire::bytes).toList()));
    }

    static WatchEvent event(Event event) {
        KeyValue kv = event.getKv();
        return event.getType() == Event.EventType.DELETE
                ? new WatchEvent.Deleted(bytes(kv.getKey()), new Revision(kv.getModRevision()))
                : new WatchEvent.Written(entry(kv));
    }

    static List<Member> members(MemberListResponse response) {
        return response.getMembersList().stream()
                .map(member -> new Member(
                        Long.toHexString(member.getId()),
                        member.getName(),
                        member.getClientUrlsList(),
                        member.getIsLearner()))
                .toList();
    }

    static EndpointReport report(EtcdEndpoint endpoint, StatusResponse response) {
        return new EndpointReport.Reached(
                endpoint,
                response.getVersion(),
                Long.toHexString(response.getHeader().getMemberId()),
                response.getLeader() == 0 ? "" : Long.toHexString(response.getLeader()),
                new Revision(response.getHeader().getRevision()),
                response.getDbSize(),
                response.getErrorsList());
    }

    private static io.rollingops.etcd.KeyValue entry(KeyValue kv) {
        return new io.rollingops.etcd.KeyValue(
                bytes(kv.getKey()),
                bytes(kv.getValue()),
                new Revision(kv.getCreateRevision()),
                new Revision(kv.getModRevision()),
                kv.getVersion(),
                kv.getLease() == 0 ? Optional.empty() : Optional.of(new LeaseId(kv.getLease())));
    }

    static ByteString bytes(Bytes bytes) {
        return UnsafeByteOperations.unsafeWrap(bytes.toArray()); // toArray made the copy
    }

    static Bytes bytes(ByteString bytes) {
        return Bytes.copyOf(bytes.toByteArray());
    }

    static ByteString from(KeyRange keys) {
        return bytes(keys.from());
    }

    static ByteString to(KeyRange keys) {
        return bytes(keys.to());
    }
}
