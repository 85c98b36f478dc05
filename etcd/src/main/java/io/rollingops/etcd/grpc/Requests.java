// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.grpc;

import com.google.protobuf.Message;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.protobuf.ProtoUtils;
import io.rollingops.etcd.Bytes;
import io.rollingops.etcd.EtcdSettings.Credentials;
import io.rollingops.etcd.LeaseId;
import io.rollingops.etcd.Query;
import io.rollingops.etcd.Transaction;
import io.rollingops.etcd.grpc.Request.Effect;
import io.rollingops.etcd.grpc.Request.Leader;
import io.rollingops.etcd.grpc.wire.AuthenticateRequest;
import io.rollingops.etcd.grpc.wire.AuthenticateResponse;
import io.rollingops.etcd.grpc.wire.LeaseGrantRequest;
import io.rollingops.etcd.grpc.wire.LeaseGrantResponse;
import io.rollingops.etcd.grpc.wire.LeaseKeepAliveRequest;
import io.rollingops.etcd.grpc.wire.LeaseKeepAliveResponse;
import io.rollingops.etcd.grpc.wire.LeaseRevokeRequest;
import io.rollingops.etcd.grpc.wire.LeaseRevokeResponse;
import io.rollingops.etcd.grpc.wire.LeaseTimeToLiveRequest;
import io.rollingops.etcd.grpc.wire.LeaseTimeToLiveResponse;
import io.rollingops.etcd.grpc.wire.MemberListRequest;
import io.rollingops.etcd.grpc.wire.MemberListResponse;
import io.rollingops.etcd.grpc.wire.RangeRequest;
import io.rollingops.etcd.grpc.wire.RangeResponse;
import io.rollingops.etcd.grpc.wire.StatusRequest;
import io.rollingops.etcd.grpc.wire.StatusResponse;
import io.rollingops.etcd.grpc.wire.TxnRequest;
import io.rollingops.etcd.grpc.wire.TxnResponse;
import io.rollingops.etcd.grpc.wire.WatchRequest;
import io.rollingops.etcd.grpc.wire.WatchResponse;
import java.time.Duration;

/** Makes each request that we send: its method on the wire, its message, and what repeating it would do. */
final class Requests {
    private static final MethodDescriptor<WatchRequest, WatchResponse> WATCH = method(
            MethodType.BIDI_STREAMING,
            "Watch/Watch",
            WatchRequest.getDefaultInstance(),
            WatchResponse.getDefaultInstance());

    private static final MethodDescriptor<RangeRequest, RangeResponse> RANGE =
            method(MethodType.UNARY, "KV/Range", RangeRequest.getDefaultInstance(), RangeResponse.getDefaultInstance());
    private static final MethodDescriptor<TxnRequest, TxnResponse> TXN =
            method(MethodType.UNARY, "KV/Txn", TxnRequest.getDefaultInstance(), TxnResponse.getDefaultInstance());
    private static final MethodDescriptor<LeaseGrantRequest, LeaseGrantResponse> LEASE_GRANT = method(
            MethodType.UNARY,
            "Lease/LeaseGrant",
            LeaseGrantRequest.getDefaultInstance(),
            LeaseGrantResponse.getDefaultInstance());
    private static final MethodDescriptor<LeaseRevokeRequest, LeaseRevokeResponse> LEASE_REVOKE = method(
            MethodType.UNARY,
            "Lease/LeaseRevoke",
            LeaseRevokeRequest.getDefaultInstance(),
            LeaseRevokeResponse.getDefaultInstance());
    private static final MethodDescriptor<LeaseKeepAliveRequest, LeaseKeepAliveResponse> LEASE_KEEP_ALIVE = method(
            MethodType.BIDI_STREAMING,
            "Lease/LeaseKeepAlive",
            LeaseKeepAliveRequest.getDefaultInstance(),
            LeaseKeepAliveResponse.getDefaultInstance());
    private static final MethodDescriptor<LeaseTimeToLiveRequest, LeaseTimeToLiveResponse> LEASE_TIME_TO_LIVE = method(
            MethodType.UNARY,
            "Lease/LeaseTimeToLive",
            LeaseTimeToLiveRequest.getDefaultInstance(),
            LeaseTimeToLiveResponse.getDefaultInstance());
    private static final MethodDescriptor<AuthenticateRequest, AuthenticateResponse> AUTHENTICATE = method(
            MethodType.UNARY,
            "Auth/Authenticate",
            AuthenticateRequest.getDefaultInstance(),
            AuthenticateResponse.getDefaultInstance());
    private static final MethodDescriptor<MemberListRequest, MemberListResponse> MEMBER_LIST = method(
            MethodType.UNARY,
            "Cluster/MemberList",
            MemberListRequest.getDefaultInstance(),
            MemberListResponse.getDefaultInstance());
    private static final MethodDescriptor<StatusRequest, StatusResponse> STATUS = method(
            MethodType.UNARY,
            "Maintenance/Status",
            StatusRequest.getDefaultInstance(),
            StatusResponse.getDefaultInstance());

    private Requests() {}

    static Request<RangeRequest, RangeResponse> read(Query query) {
        return new Request<>(RANGE, Effect.HARMLESS, Leader.REQUIRED, Wire.range(query), () -> "read " + query);
    }

    /** Asks whether the member lives; it answers from its own store, so this waits for no other member. */
    static Request<RangeRequest, RangeResponse> probe(Bytes key) {
        RangeRequest message = Wire.range(Query.key(key).keysOnly()).toBuilder()
                .setSerializable(true)
                .build();
        return new Request<>(RANGE, Effect.HARMLESS, Leader.NOT_NEEDED, message, () -> "probe the watch's member");
    }

    static Request<TxnRequest, TxnResponse> commit(Transaction transaction) {
        return new Request<>(
                TXN,
                transaction.isReadOnly() ? Effect.HARMLESS : Effect.CHANGES,
                Leader.REQUIRED,
                Wire.transaction(transaction),
                () -> "commit (" + transaction + ")");
    }

    static Request<LeaseGrantRequest, LeaseGrantResponse> grantLease(Duration ttl) {
        return new Request<>(
                LEASE_GRANT,
                Effect.CHANGES,
                Leader.REQUIRED,
                LeaseGrantRequest.newBuilder().setTtl(ttl.toSeconds()).build(),
                () -> "grant a lease of " + ttl.toSeconds() + " s");
    }

    static Request<LeaseRevokeRequest, LeaseRevokeResponse> revoke(LeaseId lease) {
        return new Request<>(
                LEASE_REVOKE,
                Effect.CHANGES,
                Leader.REQUIRED,
                LeaseRevokeRequest.newBuilder().setId(lease.number()).build(),
                () -> "revoke lease " + lease);
    }

    static Request<LeaseKeepAliveRequest, LeaseKeepAliveResponse> keepAlive(LeaseId lease) {
        return new Request<>(
                LEASE_KEEP_ALIVE,
                Effect.HARMLESS,
                Leader.REQUIRED,
                LeaseKeepAliveRequest.newBuilder().setId(lease.number()).build(),
                () -> "renew lease " + lease);
    }

    static Request<LeaseTimeToLiveRequest, LeaseTimeToLiveResponse> timeToLive(LeaseId lease) {
        return new Request<>(
                LEASE_TIME_TO_LIVE,
                Effect.HARMLESS,
                Leader.REQUIRED,
                LeaseTimeToLiveRequest.newBuilder()
                        .setId(lease.number())
                        .setKeys(true)
                        .build(),
                () -> "look at lease " + lease);
    }

    static Request<AuthenticateRequest, AuthenticateResponse> authenticate(Credentials credentials) {
        return new Request<>(
                AUTHENTICATE,
                Effect.HARMLESS,
                Leader.REQUIRED,
                AuthenticateRequest.newBuilder()
                        .setName(credentials.user())
                        .setPassword(credentials.password())
                        .build(),
                () -> "sign in as " + credentials.user());
    }

    static Request<MemberListRequest, MemberListResponse> members() {
        return new Request<>(
                MEMBER_LIST,
                Effect.HARMLESS,
                Leader.REQUIRED,
                MemberListRequest.getDefaultInstance(),
                () -> "list the members");
    }

    static Request<StatusRequest, StatusResponse> status() {
        return new Request<>(
                STATUS,
                Effect.HARMLESS,
                Leader.NOT_NEEDED,
                StatusRequest.getDefaultInstance(),
                () -> "ask for the status");
    }

    /** The stream that all watches share; what is sent on it comes later. */
    static Request<WatchRequest, WatchResponse> watch() {
        return new Request<>(
                WATCH, Effect.HARMLESS, Leader.REQUIRED, WatchRequest.getDefaultInstance(), () -> "open a watch");
    }

    private static <Q extends Message, A extends Message> MethodDescriptor<Q, A> method(
            MethodType type, String name, Q request, A answer) {
        return MethodDescriptor.<Q, A>newBuilder()
                .setType(type)
                .setFullMethodName("etcdserverpb." + name)
                .setRequestMarshaller(ProtoUtils.marshaller(request))
                .setResponseMarshaller(ProtoUtils.marshaller(answer))
                .build();
    }
}
