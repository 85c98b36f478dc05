// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd;

import io.rollingops.RollingOpsException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/**
 * The calls to etcd that we make.
 *
 * <p><b>Threads.</b> Safe for all threads. No call blocks; each answers with a future that is completed on the client's
 * callback executor. Cancelling a future does not take the call back.
 *
 * <p><b>Deadline.</b> Each call ends within {@link #DEFAULT_LIMIT}, or the limit set by {@link #within}, counted from the
 * moment of the call. It is short on purpose: a request that is under way through a follower when the leader dies is
 * answered only after seven seconds, while another attempt goes through as soon as there is a new leader.
 *
 * <p><b>Errors.</b> A future fails with one of
 *
 * <ul>
 *   <li>{@link RollingOpsException.Unavailable}: nothing happened; try again later. Always this for a call that is
 *       made after the client was closed, or while {@link #CALLS_MAX} others are under way.
 *   <li>{@link RollingOpsException.Indeterminate}: the request was sent and its answer is missing, so it may have
 *       happened, or may still happen. Read back before trying again. Never the outcome of a call that changes nothing.
 *   <li>{@link RollingOpsException.Refused}: the cluster or its certificates say no; the message says what to mend.
 *   <li>{@link RollingOpsException.InvalidRequest}: the request can never go through, for instance since a value is too
 *       large.
 * </ul>
 *
 * <p><b>Repeating.</b> What changes nothing, and a lease renewal, is tried on one member after the other while time is
 * left. A change is tried on another member only when it certainly did not leave this process.
 */
public interface EtcdClient {
    /** How long a call may take unless {@link #within} says otherwise. */
    Duration DEFAULT_LIMIT = Duration.ofMillis(500);

    /** How many calls may be under way at the same time. */
    int CALLS_MAX = 10_000;

    /** How many watches may be open at the same time; one more is an invalid request. */
    int WATCHES_MAX = 1_000;

    /** The same client with another limit for its calls. */
    EtcdClient within(Duration limit);

    /** Reads the newest state: what was committed before this call began is seen. */
    CompletableFuture<Listing> read(Query query);

    /** Decides the guards and does what follows from them, in one step. */
    CompletableFuture<TransactionOutcome> commit(Transaction transaction);

    /**
     * Begins a lease. After an indeterminate outcome just ask for another one: a lease that nobody uses ends by itself.
     *
     * @param ttl whole seconds, at least one
     */
    CompletableFuture<GrantedLease> grantLease(Duration ttl);

    /**
     * Sets the rest of a lease back to its full length, once. Trust in the lease counts from before this call, not from
     * its answer.
     *
     * @return what is left; nothing when there is no such lease any more
     */
    CompletableFuture<Optional<Duration>> keepAlive(LeaseId lease);

    /**
     * Ends a lease and deletes the keys attached to it.
     *
     * @return whether there was such a lease
     */
    CompletableFuture<Boolean> revoke(LeaseId lease);

    /** Looks at a lease; nothing when there is no such lease any more. */
    CompletableFuture<Optional<LeaseStatus>> timeToLive(LeaseId lease);

    /**
     * Watches keys from now on.
     *
     * <p>The future completes when the server has confirmed the watch. So the gapless way to know a state and its
     * changes is: watch; <em>then</em> read; and from then on skip events that are not after the revision that was read.
     *
     * <pre>{@code
     * etcd.watch(keys, listener, executor).thenCompose(watch -> etcd.read(Query.of(keys)))
     * }</pre>
     *
     * <p>That order is also the quick one: a watch from now on gets each change as it is made. A watch that names a
     * revision in the past (as one that reads first must) is served by etcd's catch-up loop, which runs every 100 ms.
     * The same loop serves a change made in the very instant in which the watch is opened, or while its connection is
     * replaced.
     *
     * <p>The watch lives until it is closed or refused. When its member dies, hangs or loses its leader, it goes on at
     * another one after the last revision that was told, so nothing is lost or told twice; when etcd no longer has what
     * was missed, the listener gets a new listing instead. Events may reach the listener before the future completes.
     *
     * @param keys which keys; the permission to read them is enough
     * @param executor where the listener is called; need not be serial
     */
    CompletableFuture<Watch> watch(KeyRange keys, WatchListener listener, Executor executor);

    /** Asks each endpoint how it is, all at once. Does not fail: an endpoint that does not answer is reported as such. */
    CompletableFuture<List<EndpointReport>> endpoints();

    /** The cluster's list of its members. */
    CompletableFuture<List<Member>> members();
}
