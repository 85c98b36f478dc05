// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.grpc;

import io.rollingops.RollingOpsException;
import io.rollingops.etcd.EndpointReport;
import io.rollingops.etcd.EtcdClient;
import io.rollingops.etcd.EtcdSettings;
import io.rollingops.etcd.GrantedLease;
import io.rollingops.etcd.KeyRange;
import io.rollingops.etcd.LeaseId;
import io.rollingops.etcd.LeaseStatus;
import io.rollingops.etcd.Listing;
import io.rollingops.etcd.Member;
import io.rollingops.etcd.Query;
import io.rollingops.etcd.Transaction;
import io.rollingops.etcd.TransactionOutcome;
import io.rollingops.etcd.Watch;
import io.rollingops.etcd.WatchListener;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.random.RandomGenerator;

/**
 * {@link EtcdClient} over gRPC. Stays with one endpoint as long as that answers, on one connection that all calls and the
 * stream of all watches share; leaves it for another one when it does not.
 *
 * <p>Makes no connection before the first call. Its threads are its own, daemons named {@code rollingops-etcd…}.
 */
public final class GrpcEtcdClient implements EtcdClient, AutoCloseable {
    private final ClientCore core;
    private final Duration limit;

    /**
     * Reads the certificates, which may block.
     *
     * @param callbacks where futures are completed; stays the caller's. With {@code Runnable::run} it is the thread that
     *     does all of the client's work: then what depends on a future must be short and must not wait
     * @throws RollingOpsException.InvalidRequest naming a certificate or key file that cannot be used
     */
    public GrpcEtcdClient(EtcdSettings settings, Executor callbacks) {
        this(settings, callbacks, new SplittableRandom(), WatchPace.DEFAULT);
    }

    /** With a say in which endpoint is the first, the one that the generator picks, and in how watches wait. */
    GrpcEtcdClient(EtcdSettings settings, Executor callbacks, RandomGenerator random, WatchPace pace) {
        this(new ClientCore(settings, callbacks, random, pace), DEFAULT_LIMIT);
    }

    private GrpcEtcdClient(ClientCore core, Duration limit) {
        if (limit.isNegative() || limit.isZero()) {
            throw new IllegalArgumentException("a limit is positive: " + limit);
        }
        this.core = core;
        this.limit = limit;
    }

    @Override
    public EtcdClient within(Duration otherLimit) {
        return new GrpcEtcdClient(core, otherLimit);
    }

    @Override
    public CompletableFuture<Listing> read(Query query) {
        return core.call(Requests.read(query), limit, Wire::listing);
    }

    @Override
    public CompletableFuture<TransactionOutcome> commit(Transaction transaction) {
        return core.call(
                Requests.commit(transaction), limit, Wire::outcome, Optional.of(new TransactionOutcome.LeaseGone()));
    }

    @Override
    public CompletableFuture<GrantedLease> grantLease(Duration ttl) {
        if (ttl.toSeconds() < 1 || ttl.toNanosPart() != 0) {
            throw new IllegalArgumentException("a lease lasts whole seconds, at least one: " + ttl);
        }
        return core.call(Requests.grantLease(ttl), limit, Wire::granted);
    }

    @Override
    public CompletableFuture<Optional<Duration>> keepAlive(LeaseId lease) {
        return core.call(Requests.keepAlive(lease), limit, Wire::renewed);
    }

    @Override
    public CompletableFuture<Boolean> revoke(LeaseId lease) {
        return core.call(Requests.revoke(lease), limit, answer -> true, Optional.of(false));
    }

    @Override
    public CompletableFuture<Optional<LeaseStatus>> timeToLive(LeaseId lease) {
        return core.call(Requests.timeToLive(lease), limit, Wire::leaseStatus);
    }

    @Override
    public CompletableFuture<Watch> watch(KeyRange keys, WatchListener listener, Executor executor) {
        return core.watch(keys, listener, executor, limit);
    }

    @Override
    public CompletableFuture<List<EndpointReport>> endpoints() {
        return core.endpoints(limit);
    }

    @Override
    public CompletableFuture<List<Member>> members() {
        return core.call(Requests.members(), limit, Wire::members);
    }

    /**
     * From now on uses these settings: other endpoints of the same cluster, other certificates, another user. The
     * certificates are read before this returns; connections are made anew. Calls under way finish on the old ones, watches
     * move over without losing or repeating an event, leases stay, and so does a lock that was taken over this client.
     *
     * <p>Only changed files need no reload: each new connection reads them again.
     *
     * @throws RollingOpsException.InvalidRequest naming a certificate or key file that cannot be used; then nothing has
     *     changed
     */
    public void reload(EtcdSettings settings) {
        core.reload(settings);
    }

    /**
     * Ends calls that are under way with what is known of them, and watches without a word; ends the threads. Waits for
     * that at most {@value ClientCore#CLOSE_SECONDS} seconds. May be called again.
     */
    @Override
    public void close() {
        core.close();
    }
}
