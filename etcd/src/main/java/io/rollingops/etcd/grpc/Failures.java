// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.grpc;

import io.grpc.Status;
import io.rollingops.RollingOpsException;
import io.rollingops.etcd.EtcdEndpoint;
import io.rollingops.etcd.grpc.Failure.Kind;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * Decides what a gRPC status means: whether the request may have happened, and what the caller can do.
 *
 * <p>The rule behind all of it: nothing happened if the request never reached the network, or if the member's answer is
 * one that it gives before it proposes anything to the others. Whatever is not known to be one of these counts as
 * unknown. etcd tells its answers apart by their text; the texts used here are the same from release 3.4 to 3.6, and one
 * that changed would be taken for unknown, which is the safe side.
 */
final class Failures {
    private final Request<?, ?> request;
    private final EtcdEndpoint endpoint;

    private Failures(Request<?, ?> request, EtcdEndpoint endpoint) {
        this.request = request;
        this.endpoint = endpoint;
    }

    /**
     * Judges a request that ended without an answer.
     *
     * @param sent whether any of it may have left this process
     */
    static Failure judge(Request<?, ?> request, EtcdEndpoint endpoint, Status status, boolean sent) {
        Failures failures = new Failures(request, endpoint);
        return sent ? failures.afterSending(status) : failures.beforeSending(status);
    }

    /** A request that was not even tried, since there was no time left or nowhere to go. */
    static Failure notTried(Request<?, ?> request, String why) {
        return new Failure(
                Kind.ELSEWHERE,
                new RollingOpsException.Unavailable(
                        "could not " + request.what().get() + " on etcd: " + why));
    }

    private Failure beforeSending(Status status) {
        SSLException tls = tlsTrouble(status.getCause());
        if (tls == null) {
            return unavailable(Kind.ELSEWHERE, describe(status));
        }
        return refused(
                Kind.ELSEWHERE,
                deepest(tls)
                        + "; check the authorities' file, the certificate with its key, their dates, and that etcd's"
                        + " certificate names this host");
    }

    private Failure afterSending(Status status) {
        String text = describe(status);
        return switch (status.getCode()) {
            case UNAUTHENTICATED -> refused(Kind.SIGN_IN_AGAIN, text);
            case PERMISSION_DENIED ->
                refused(Kind.DENIED, text + "; grant a role of the user the permission on these keys");
            case INVALID_ARGUMENT -> invalidArgument(text);
            case FAILED_PRECONDITION -> failedPrecondition(text);
            case NOT_FOUND -> refused(Kind.LEASE_GONE, text);
            case OUT_OF_RANGE -> invalid(text);
            case RESOURCE_EXHAUSTED -> resourceExhausted(text);
            case UNIMPLEMENTED -> refused(Kind.FINAL, text + "; is this an etcd of release 3.4 or later?");
            case DATA_LOSS -> corrupt(text);
            case UNAVAILABLE, UNKNOWN ->
                isSaidBeforeProposing(text) ? unavailable(Kind.ELSEWHERE, text) : unknown(text);
            default -> unknown(text);
        };
    }

    private static boolean isSaidBeforeProposing(String text) {
        return text.contains("etcdserver: no leader")
                || text.contains("etcdserver: not capable")
                || text.contains("etcdserver: unhealthy cluster")
                || text.contains("rpc not supported for learner")
                || text.contains("raft proposal dropped");
    }

    private Failure invalidArgument(String text) {
        if (text.contains("user name is empty")) {
            return refused(
                    Kind.SIGN_IN_AGAIN,
                    text + "; etcd asks for a user: configure user and password, or a certificate that names one");
        }
        if (text.contains("revision of auth store is old")) {
            return unavailable(Kind.SIGN_IN_AGAIN, text);
        }
        return text.contains("authentication failed") ? refused(Kind.FINAL, text) : invalid(text);
    }

    private Failure failedPrecondition(String text) {
        if (text.contains("authentication is not enabled")) {
            return refused(Kind.NO_USERS, text);
        }
        return text.contains("not leader") ? unavailable(Kind.ELSEWHERE, text) : refused(Kind.FINAL, text);
    }

    private Failure resourceExhausted(String text) {
        if (text.contains("database space exceeded")) {
            return refused(Kind.FINAL, text + "; compact and defragment etcd, then disarm its alarm");
        }
        if (text.contains("too many requests")) {
            return unavailable(Kind.FINAL, text);
        }
        boolean refusedByServer = text.contains("received message larger than max");
        // what is left is our own limit on the size of an answer, so the request has gone through
        return refusedByServer || !request.changes() ? invalid(text) : unknown(text);
    }

    private Failure unknown(String text) {
        return request.changes()
                ? new Failure(
                        Kind.UNKNOWN,
                        new RollingOpsException.Indeterminate(
                                say(text) + "; it may have happened, so read back before trying again"))
                : unavailable(Kind.ELSEWHERE, text);
    }

    private Failure unavailable(Kind kind, String text) {
        return new Failure(kind, new RollingOpsException.Unavailable(say(text)));
    }

    private Failure refused(Kind kind, String text) {
        return new Failure(kind, new RollingOpsException.Refused(say(text)));
    }

    private Failure invalid(String text) {
        return new Failure(Kind.FINAL, new RollingOpsException.InvalidRequest(say(text)));
    }

    private Failure corrupt(String text) {
        return new Failure(
                Kind.FINAL,
                new RollingOpsException.Corrupt(
                        say(text) + "; its members hold different data and have to be repaired"));
    }

    private String say(String text) {
        return "could not " + request.what().get() + " on etcd at " + endpoint + ": " + text;
    }

    private static String describe(Status status) {
        if (status.getCode() == Status.Code.DEADLINE_EXCEEDED) {
            return "no answer in time";
        }
        if (status.getCause() != null) {
            return deepest(status.getCause());
        }
        return status.getDescription() == null ? status.getCode().toString() : status.getDescription();
    }

    private static @Nullable SSLException tlsTrouble(@Nullable Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof SSLException tls) {
                return tls;
            }
        }
        return null;
    }

    /** The message of the first cause, which names the matter; what wraps it only says that something failed. */
    private static String deepest(Throwable failure) {
        Throwable cause = failure;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause.getMessage() == null ? cause.toString() : cause.getMessage();
    }
}
