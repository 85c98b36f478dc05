// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import io.rollingops.RollingOpsException;
import io.rollingops.etcd.Action;
import io.rollingops.etcd.Bytes;
import io.rollingops.etcd.EtcdEndpoint;
import io.rollingops.etcd.Query;
import io.rollingops.etcd.Transaction;
import io.rollingops.etcd.grpc.Failure.Kind;
import java.io.IOException;
import java.security.cert.CertificateException;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class FailuresTest {
    private static final EtcdEndpoint ENDPOINT = EtcdEndpoint.parse("10.0.0.1:2379");
    private static final Bytes KEY = Bytes.utf8("/key");
    private static final Request<?, ?> READ = Requests.read(Query.key(KEY));
    private static final Request<?, ?> WRITE = Requests.commit(Transaction.always(Action.put(KEY, KEY)));

    @ParameterizedTest
    @EnumSource(value = Status.Code.class, mode = EnumSource.Mode.EXCLUDE, names = "OK")
    void nothing_happened_if_nothing_was_sent(Status.Code code) {
        for (Request<?, ?> request : new Request<?, ?>[] {READ, WRITE}) {
            Failure failure = Failures.judge(request, ENDPOINT, code.toStatus(), false);
            assertThat(failure.kind()).isEqualTo(Kind.ELSEWHERE);
            assertThat(failure.error()).isInstanceOf(RollingOpsException.Unavailable.class);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "DEADLINE_EXCEEDED|whatever",
                "CANCELLED|whatever",
                "INTERNAL|RST_STREAM closed stream",
                "ABORTED|whatever",
                "UNKNOWN|something new",
                "UNAVAILABLE|io exception",
                "UNAVAILABLE|Network closed for unknown reason",
                "UNAVAILABLE|etcdserver: request timed out",
                "UNAVAILABLE|etcdserver: request timed out, possibly due to previous leader failure",
                "UNAVAILABLE|etcdserver: request timed out, possibly due to connection lost",
                "UNAVAILABLE|etcdserver: server stopped",
                "UNAVAILABLE|etcdserver: leader changed",
                "RESOURCE_EXHAUSTED|gRPC message exceeds maximum size 67108864: 70000000"
            })
    void a_change_that_was_sent_and_not_answered_may_have_happened(Status.Code code, String text) {
        Failure failure = judge(WRITE, code, text);
        assertThat(failure.kind()).isEqualTo(Kind.UNKNOWN);
        assertThat(failure.error())
                .isInstanceOf(RollingOpsException.Indeterminate.class)
                .hasMessageContainingAll("put /key", "10.0.0.1:2379", "read back");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "DEADLINE_EXCEEDED|whatever",
                "CANCELLED|whatever",
                "UNKNOWN|something new",
                "UNAVAILABLE|io exception",
                "UNAVAILABLE|etcdserver: request timed out",
                "UNAVAILABLE|etcdserver: leader changed"
            })
    void a_read_that_was_not_answered_may_be_tried_elsewhere(Status.Code code, String text) {
        Failure failure = judge(READ, code, text);
        assertThat(failure.kind()).isEqualTo(Kind.ELSEWHERE);
        assertThat(failure.error()).isInstanceOf(RollingOpsException.Unavailable.class);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "UNAVAILABLE|etcdserver: no leader",
                "UNAVAILABLE|etcdserver: not capable",
                "UNAVAILABLE|etcdserver: unhealthy cluster",
                "UNAVAILABLE|etcdserver: rpc not supported for learner",
                "UNKNOWN|raft proposal dropped",
                "FAILED_PRECONDITION|etcdserver: not leader"
            })
    void a_member_that_proposed_nothing_leaves_even_a_change_to_others(Status.Code code, String text) {
        Failure failure = judge(WRITE, code, text);
        assertThat(failure.kind()).isEqualTo(Kind.ELSEWHERE);
        assertThat(failure.error()).isInstanceOf(RollingOpsException.Unavailable.class);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "PERMISSION_DENIED|etcdserver: permission denied|DENIED|grant a role",
                "UNAUTHENTICATED|etcdserver: invalid auth token|SIGN_IN_AGAIN|invalid auth token",
                "INVALID_ARGUMENT|etcdserver: user name is empty|SIGN_IN_AGAIN|configure user and password",
                "INVALID_ARGUMENT|etcdserver: authentication failed, invalid user ID or password|FINAL|invalid user",
                "FAILED_PRECONDITION|etcdserver: authentication is not enabled|NO_USERS|not enabled",
                "FAILED_PRECONDITION|etcdserver: lease already exists|FINAL|already exists",
                "NOT_FOUND|etcdserver: requested lease not found|LEASE_GONE|lease not found",
                "RESOURCE_EXHAUSTED|etcdserver: mvcc: database space exceeded|FINAL|defragment",
                "UNIMPLEMENTED|unknown service|FINAL|is this an etcd"
            })
    void a_refusal_says_what_to_mend(Status.Code code, String text, Kind kind, String advice) {
        Failure failure = judge(WRITE, code, text);
        assertThat(failure.kind()).isEqualTo(kind);
        assertThat(failure.error())
                .isInstanceOf(RollingOpsException.Refused.class)
                .hasMessageContaining(advice);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "INVALID_ARGUMENT|etcdserver: request is too large",
                "INVALID_ARGUMENT|etcdserver: duplicate key given in txn request",
                "OUT_OF_RANGE|etcdserver: too large lease TTL",
                "RESOURCE_EXHAUSTED|grpc: received message larger than max (2200000 vs. 2097152)"
            })
    void what_can_never_go_through_is_invalid(Status.Code code, String text) {
        Failure failure = judge(WRITE, code, text);
        assertThat(failure.kind()).isEqualTo(Kind.FINAL);
        assertThat(failure.error())
                .isInstanceOf(RollingOpsException.InvalidRequest.class)
                .hasMessageContaining(text);
    }

    @Test
    void an_overloaded_cluster_is_not_asked_again_by_ourselves() {
        Failure failure = judge(READ, Status.Code.RESOURCE_EXHAUSTED, "etcdserver: too many requests");
        assertThat(failure.kind()).isEqualTo(Kind.FINAL);
        assertThat(failure.error()).isInstanceOf(RollingOpsException.Unavailable.class);
    }

    @Test
    void an_answer_that_is_too_large_is_the_question_asked_too_widely() {
        Failure failure = judge(READ, Status.Code.RESOURCE_EXHAUSTED, "gRPC message exceeds maximum size");
        assertThat(failure.error()).isInstanceOf(RollingOpsException.InvalidRequest.class);
    }

    @Test
    void members_that_disagree_are_a_matter_for_people() {
        Failure failure = judge(READ, Status.Code.DATA_LOSS, "etcdserver: corrupt cluster");
        assertThat(failure.error()).isInstanceOf(RollingOpsException.Corrupt.class);
    }

    @Test
    void trouble_with_certificates_is_a_refusal_that_names_it() {
        SSLHandshakeException handshake = new SSLHandshakeException("General OpenSslEngine problem");
        handshake.initCause(new CertificateException("unable to find valid certification path"));
        Failure failure =
                Failures.judge(WRITE, ENDPOINT, Status.UNAVAILABLE.withCause(new IOException(handshake)), false);
        assertThat(failure.kind()).isEqualTo(Kind.ELSEWHERE);
        assertThat(failure.error())
                .isInstanceOf(RollingOpsException.Refused.class)
                .hasMessageContainingAll("unable to find valid certification path", "check the authorities' file");
    }

    private static Failure judge(Request<?, ?> request, Status.Code code, String text) {
        return Failures.judge(request, ENDPOINT, code.toStatus().withDescription(text), true);
    }
}
