// SPDX-License-Identifier: Apache-2.0
package io.rollingops.simulation;

import io.rollingops.Operation;
import io.rollingops.OperationResult;
import io.rollingops.ProcessingBackend;
import io.rollingops.UnitName;
import io.rollingops.lease.LeaseTerms;
import io.rollingops.lease.LeaseTrust;
import io.rollingops.manager.Attempt;
import io.rollingops.manager.ClusterLossPolicy;
import io.rollingops.manager.Ending;
import io.rollingops.manager.UnitLocal;
import io.rollingops.manager.UnitProtocol;
import io.rollingops.manager.UnitStep;
import io.rollingops.peer.Author;
import io.rollingops.peer.PeerCommand;
import io.rollingops.peer.PeerReply;
import io.rollingops.peer.PeerSnapshot;
import io.rollingops.peer.UnitRecord;
import io.rollingops.spi.ClusterLock;
import io.rollingops.testing.Agenda;
import io.rollingops.testing.HistoryEvent;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;

/**
 * One unit: a process that can be killed, paused and cut off, its clock, its journal on disk, and its callbacks. It
 * carries out what {@link UnitProtocol} decides.
 */
final class SimulatedUnit {
    private static final long MILLI = 1_000_000;

    private final UnitName name;
    private final Agenda agenda;
    private final SimulatedStore store;
    private final Optional<SimulatedEtcd> etcd;
    private final Settings settings;
    private final Consumer<HistoryEvent> history;
    private final UnitProtocol protocol;
    private final double clockRate;
    private final Author author;

    private boolean up;
    private boolean gone;
    private boolean connected = true;
    private long pausedUntil;
    private int incarnation;
    private UnitLocal local;
    private PeerSnapshot seen;
    private Optional<LeaseTrust> trust = Optional.empty();
    private Optional<SimulatedClusterLock> cluster = Optional.empty();
    private boolean runsClustered;
    private Optional<Attempt.Ended> journal = Optional.empty();
    private long commands;
    private boolean waitsForReply;
    private long callbacks;
    private boolean callbackRuns;

    /**
     * What all units of a simulation share.
     *
     * @param terms their leases
     * @param holding whether callbacks keep their slot although the lease ends
     * @param longPauses whether a process may be paused for long while its callback runs
     * @param roughNetwork whether many messages are lost or late
     * @param etcdTerms the lease of the lock in etcd
     * @param onLoss what they do while that lock cannot be had
     * @param bug what is wrong on purpose
     */
    record Settings(
            LeaseTerms terms,
            boolean holding,
            boolean longPauses,
            boolean roughNetwork,
            LeaseTerms etcdTerms,
            ClusterLossPolicy onLoss,
            Bug bug) {}

    SimulatedUnit(
            UnitName name,
            Agenda agenda,
            SimulatedStore store,
            Optional<SimulatedEtcd> etcd,
            Settings settings,
            Consumer<HistoryEvent> history) {
        this.name = name;
        this.agenda = agenda;
        this.store = store;
        this.etcd = etcd;
        this.settings = settings;
        this.history = history;
        this.protocol =
                new UnitProtocol(name, settings.terms().ttl(), callback -> settings.holding(), settings.onLoss());
        this.clockRate = 1 + (agenda.between(-9, 9) / 1000.0);
        this.author = new Author.Unit(name);
        this.seen = store.copy(0);
        this.local = UnitLocal.begin(name + "#0", journal);
    }

    UnitName name() {
        return name;
    }

    boolean isUp() {
        return up;
    }

    boolean isGone() {
        return gone;
    }

    double clockRate() {
        return clockRate;
    }

    /** A process of the unit starts; its copy of the store may be older than what the last process saw. */
    void start() {
        if (up || gone) {
            return;
        }
        agenda.note(() -> name + " starts");
        up = true;
        incarnation++;
        local = UnitLocal.begin(name + "#" + incarnation, journal);
        seen = store.copy(agenda.pick(8));
        trust = Optional.empty();
        waitsForReply = false;
        pausedUntil = 0;
        int mine = incarnation;
        cluster = etcd.map(server -> clusterLock(server, mine));
        agenda.in(agenda.between(1, 200) * MILLI, () -> catchUp(mine));
        wake();
    }

    private SimulatedClusterLock clusterLock(SimulatedEtcd server, int process) {
        SimulatedClusterLock lock = new SimulatedClusterLock(
                name.toString(),
                name + "#" + process,
                server,
                agenda,
                settings.etcdTerms(),
                this::clock,
                what -> inProcess(process, what),
                settings.roughNetwork(),
                settings.bug() == Bug.ETCD_TRUST_FROM_ANSWER);
        lock.onChange(() -> inProcess(process, () -> clusterChanged(lock)));
        return lock;
    }

    private void clusterChanged(SimulatedClusterLock lock) {
        if (lock.state().hold() == ClusterLock.Hold.LOST && callbackRuns && runsClustered) {
            if (settings.onLoss() == ClusterLossPolicy.DEGRADE) {
                runsClustered = false;
                history.accept(HistoryEvent.of(HistoryEvent.Kind.UNTOKEN, name.application(), name.toString()));
            } else if (settings.bug() != Bug.BLOCK_DOES_NOT_CANCEL) {
                cancelCallback();
            }
        }
        wake();
    }

    private void catchUp(int mine) {
        inProcess(mine, () -> see(store.copy(0)));
    }

    /** The process dies, and its callback with it. */
    void crash() {
        if (!up) {
            return;
        }
        agenda.note(() -> name + " is down");
        up = false;
        incarnation++;
        endCallback();
    }

    /** The process is asked to end in good order. */
    void stop() {
        if (up) {
            local = local.stop();
            cancelCallback();
            wake();
        }
    }

    /** The operator's word that the unit will never come back; only given when its process is dead. */
    void leaveForGood() {
        crash();
        gone = true;
    }

    /**
     * The process stands still. While a callback runs that a lease must stop, at most until P/2 after that lease's
     * deadline, since the other half of P is what it may take to notice (rule L1); unless long pauses are what is looked
     * at.
     */
    void pause(long nanos) {
        if (!up || isPaused()) {
            return;
        }
        long most = callbackRuns && !settings.longPauses() ? longestPause() : nanos;
        pausedUntil = agenda.nowNanos() + Math.min(nanos, most);
        agenda.note(() -> name + " stands still until " + pausedUntil / 1e9);
    }

    /** By what the callback runs under: {@code hold} keeps the slot, nothing keeps a lease in etcd. */
    private long longestPause() {
        long most = Long.MAX_VALUE;
        if (!settings.holding()) {
            most = untilDeadline(trust);
        }
        if (runsClustered) {
            most = Math.min(most, untilDeadline(cluster.flatMap(SimulatedClusterLock::trust)));
        }
        return most == Long.MAX_VALUE
                ? most
                : most + settings.terms().checkEvery().toNanos() / 2;
    }

    /** Nothing when the lease is relied upon no longer: the callback is being stopped already. */
    private long untilDeadline(Optional<LeaseTrust> lease) {
        return lease.map(known -> (long) ((known.deadlineNanos() - clock()) / clockRate))
                .map(left -> Math.max(0, left))
                .orElse(0L);
    }

    void cutOff() {
        agenda.note(() -> name + " is cut off");
        connected = false;
    }

    void reconnect() {
        agenda.note(() -> name + " is reconnected");
        connected = true;
        int mine = incarnation;
        agenda.in(agenda.between(1, 100) * MILLI, () -> catchUp(mine));
    }

    /** A newer state of the store reaches this unit's copy. */
    void replicated(PeerSnapshot snapshot) {
        int mine = incarnation;
        if (up && connected) {
            agenda.in(
                    agenda.between(1, agenda.chance(0.1) ? 400 : 8) * MILLI,
                    () -> inProcess(mine, () -> see(snapshot)));
        }
    }

    private void see(PeerSnapshot snapshot) {
        if (snapshot.revision() > seen.revision()) {
            seen = snapshot;
        }
        wake();
    }

    /** Somebody asks this unit for an operation. */
    void request(PeerCommand.Request request) {
        if (up && !gone) {
            transmit(request, reply -> {});
        }
    }

    /** Looks what to do, and does it. */
    private void wake() {
        if (!up || isPaused() || waitsForReply) {
            return;
        }
        if (settings.bug() == Bug.ETCD_WITHOUT_GRANT && runsUnderEtcdAlone()) {
            return;
        }
        UnitStep step = protocol.next(
                seen, local, cluster.map(SimulatedClusterLock::state).orElse(ClusterLock.State.NONE));
        if (step instanceof UnitStep.Send send) {
            send(send.command());
        } else if (step instanceof UnitStep.Run run) {
            run(run.epoch(), run.operation(), run.clusterToken());
        } else if (step instanceof UnitStep.WantCluster want) {
            cluster.orElseThrow().want(want.operation());
        } else if (step instanceof UnitStep.DropCluster) {
            cluster.orElseThrow().drop();
            local = local.lockGivenBack();
            wake();
        } else if (step instanceof UnitStep.CleanCluster) {
            cluster.orElseThrow().clean();
        } else if (step instanceof UnitStep.Rest rest && rest.why() == UnitStep.Why.STOPPED) {
            crash();
        }
    }

    /** {@link Bug#ETCD_WITHOUT_GRANT}: the lock in etcd is all that such a unit looks at, as in the original. */
    private boolean runsUnderEtcdAlone() {
        Optional<Operation> head = seen.record(name)
                .filter(record -> record.backend() == ProcessingBackend.ETCD)
                .flatMap(record -> record.queue().head());
        if (head.isEmpty() || local.attempt().isPresent() || callbackRuns || cluster.isEmpty() || !local.leaseHeld()) {
            return false;
        }
        if (cluster.get().isTrusted()) {
            run(seen.grant().epoch(), head.get(), cluster.get().state().token());
        } else {
            cluster.get().want(head.get());
        }
        return true;
    }

    private void send(PeerCommand.ByUnit command) {
        if (settings.bug() == Bug.NO_START && command instanceof PeerCommand.Start start) {
            Optional<UnitRecord> record = seen.record(name);
            PeerReply started =
                    new PeerReply.Started(record.flatMap(r -> r.queue().head()), true);
            local = local.replied(start, started, local.atLeast());
            wake();
            return;
        }
        if (settings.bug() != Bug.ANSWER_IS_UNSAID) {
            local = local.sending(command);
        }
        waitsForReply = true;
        long mine = ++commands;
        int process = incarnation;
        long sentAt = clock();
        transmit(
                command,
                reply -> inProcess(process, () -> {
                    if (waitsForReply && mine == commands) {
                        waitsForReply = false;
                        replied(command, reply, sentAt);
                    }
                }));
        agenda.in(
                agenda.between(300, 1200) * MILLI,
                () -> inProcess(process, () -> {
                    if (waitsForReply && mine == commands) {
                        waitsForReply = false; // nobody knows whether it happened: look again
                        wake();
                    }
                }));
    }

    private void replied(PeerCommand.ByUnit command, PeerReply reply, long sentAt) {
        boolean recorded = command instanceof PeerCommand.Finish || command instanceof PeerCommand.NotRun;
        if (recorded) {
            journal = Optional.empty();
        }
        local = local.replied(command, reply, store.state().revision());
        if (command instanceof PeerCommand.OpenLease && local.leaseHeld()) {
            trust = Optional.of(new LeaseTrust(settings.terms(), countedFrom(sentAt)));
            watchDeadline();
            keepAliveLater(local.leaseId());
        }
        if (local.pausing()) {
            int process = incarnation;
            agenda.in(
                    agenda.between(10, 500) * MILLI,
                    () -> inProcess(process, () -> {
                        local = local.paused();
                        wake();
                    }));
        }
        if (!gone && reply instanceof PeerReply.Refused refused && command instanceof PeerCommand.Join) {
            throw new AssertionError(refused);
        }
        wake();
    }

    private void keepAliveLater(String lease) {
        int process = incarnation;
        long every = (long) (settings.terms().renewEvery().toNanos() / clockRate);
        agenda.in(every, () -> inProcess(process, () -> keepAlive(lease)));
    }

    private void keepAlive(String lease) {
        if (!local.leaseHeld() || !local.leaseId().equals(lease)) {
            return;
        }
        long sentAt = clock();
        int process = incarnation;
        transmit(
                new PeerCommand.KeepAlive(lease),
                reply -> inProcess(process, () -> {
                    if (!local.leaseHeld() || !local.leaseId().equals(lease)) {
                        return;
                    }
                    if (reply instanceof PeerReply.Refused) {
                        loseLease();
                    } else {
                        trust = trust.map(known -> known.renewed(countedFrom(sentAt)));
                        watchDeadline();
                    }
                }));
        keepAliveLater(lease);
    }

    private long countedFrom(long sentAt) {
        return settings.bug() == Bug.TRUST_FROM_ANSWER ? clock() : sentAt;
    }

    private void watchDeadline() {
        int process = incarnation;
        long wait = (long) ((trust.orElseThrow().deadlineNanos() - clock()) / clockRate);
        long notice = agenda.between(1, settings.terms().checkEvery().toNanos() / 2);
        agenda.in(Math.max(0, wait) + notice, () -> inProcess(process, this::checkDeadline));
    }

    private void checkDeadline() {
        if (local.leaseHeld() && trust.isPresent() && !trust.get().isTrusted(clock())) {
            loseLease();
        }
    }

    private void loseLease() {
        agenda.note(() -> name + " relies on its lease no longer");
        local = local.leaseLost();
        if (settings.bug() != Bug.NO_DEADLINE && !settings.holding()) {
            cancelCallback();
        }
        wake();
    }

    private void cancelCallback() {
        if (callbackRuns) {
            long mine = callbacks;
            int process = incarnation;
            long within = settings.terms().stopWithin().toNanos();
            agenda.in(agenda.chance(0.5) ? within : agenda.between(0, within), () -> {
                if (callbackRuns && mine == callbacks) {
                    endCallback();
                    inProcess(process, () -> ended(new Ending.Interrupted(agenda.chance(0.2))));
                }
            });
        }
    }

    private void run(long epoch, Operation operation, OptionalLong clusterToken) {
        boolean trusted = local.leaseHeld() && trust.isPresent() && trust.get().isTrusted(clock());
        if (!trusted) {
            loseLease();
            return;
        }
        boolean lockTrusted = clusterToken.isEmpty()
                || settings.bug() == Bug.ETCD_LOCK_UNCHECKED
                || cluster.filter(SimulatedClusterLock::isTrusted).isPresent();
        if (!lockTrusted) {
            cluster.orElseThrow().loseLease();
            return;
        }
        runsClustered = clusterToken.isPresent();
        local = local.began(epoch, operation);
        callbackRuns = true;
        history.accept(HistoryEvent.begin(
                name.application(),
                name.toString(),
                SimulatedStore.name(name, operation.id().value()),
                epoch,
                clusterToken.isPresent() ? Optional.of(clusterToken.getAsLong()) : Optional.empty()));
        long mine = ++callbacks;
        int process = incarnation;
        long length = agenda.chance(0.2)
                ? agenda.between(0, 2 * settings.terms().ttl().toNanos())
                : agenda.between(0, 300 * MILLI);
        agenda.in(length, () -> {
            if (callbackRuns && mine == callbacks) {
                endCallback();
                inProcess(process, () -> ended(answer()));
            }
        });
        wake();
    }

    private Ending answer() {
        int draw = agenda.pick(10);
        OperationResult result = draw < 7
                ? OperationResult.RELEASE
                : draw < 9 ? OperationResult.RETRY_RELEASE : OperationResult.RETRY_HOLD;
        return new Ending.Answered(result, "", agenda.chance(0.3));
    }

    private void ended(Ending ending) {
        if (local.attempt().isPresent() && local.attempt().get() instanceof Attempt.Running) {
            local = local.ended(ending);
            journal = local.attempt().map(attempt -> (Attempt.Ended) attempt);
            wake();
        }
    }

    private void endCallback() {
        if (callbackRuns) {
            callbackRuns = false;
            history.accept(HistoryEvent.of(HistoryEvent.Kind.END, name.application(), name.toString()));
        }
    }

    /** Sends a command over a network that loses, delays and repeats. */
    private void transmit(PeerCommand command, Consumer<PeerReply> onReply) {
        if (!connected || isLost()) {
            return;
        }
        agenda.in(
                delay(),
                () -> store.deliver(author, command).ifPresent(reply -> {
                    if (connected && !isLost()) {
                        agenda.in(delay(), () -> onReply.accept(reply));
                    }
                }));
        boolean fragile = command instanceof PeerCommand.OpenLease; // what a late copy of it does is the worst
        if (agenda.chance(settings.roughNetwork() || fragile ? 0.3 : 0.02)
                && !(command instanceof PeerCommand.Request)) {
            agenda.in(agenda.between(0, 8_000) * MILLI, () -> store.deliver(author, command));
        }
    }

    private boolean isLost() {
        return agenda.chance(settings.roughNetwork() ? 0.06 : 0.01);
    }

    private long delay() {
        return agenda.chance(settings.roughNetwork() ? 0.3 : 0.05)
                ? agenda.between(10, 1_200) * MILLI
                : agenda.between(1, 5) * MILLI;
    }

    private boolean isPaused() {
        return agenda.nowNanos() < pausedUntil;
    }

    /** Lets the process notice something: later if it is paused, never if it is not the same process any more. */
    private void inProcess(int process, Runnable notice) {
        if (!up || process != incarnation) {
            return;
        }
        if (isPaused()) {
            agenda.at(pausedUntil, () -> inProcess(process, notice));
            return;
        }
        notice.run();
    }

    /** The unit's own clock, which counts pauses. */
    private long clock() {
        return (long) (agenda.nowNanos() * clockRate);
    }
}
