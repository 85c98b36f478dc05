// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import io.rollingops.Operation;
import io.rollingops.juju.CharmEvent.Lifecycle;
import io.rollingops.juju.CharmEvent.RelationPhase;
import io.rollingops.juju.HookCommands.Level;
import io.rollingops.manager.Callback;
import io.rollingops.manager.ClusterLossPolicy;
import io.rollingops.manager.HookPass;
import io.rollingops.manager.UnitEvent;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * The unit's own part of a hook: runs the head of its queue under a grant that was there when the hook began, and answers.
 */
final class UnitTurn {
    private static final long HALT_LOOKS_NANOS = 50_000_000;

    private final HookRuntime runtime;
    private final RollingOpsSettings settings;
    private final UnitFolder folder;
    private final SharedLock shared;

    private Optional<Operation> running = Optional.empty();

    UnitTurn(HookRuntime runtime, RollingOpsSettings settings, UnitFolder folder, SharedLock shared) {
        this.runtime = runtime;
        this.settings = settings;
        this.folder = folder;
        this.shared = shared;
    }

    /** Whether a callback runs at the moment. */
    boolean isRunning() {
        return running.isPresent();
    }

    /** Callbacks run in few hooks only: those that tell of a grant, and the one that mends what was missed. */
    boolean runsCallbacks() {
        return runtime.event().hookName().equals(RelationPhase.CHANGED.hook(settings.peerRelation()))
                || runtime.event().hookName().equals(RollingOps.GRANTED_HOOK)
                || runtime.event().hookName().equals(RollingOps.ETCD_FAILED_HOOK)
                || runtime.event() == Lifecycle.UPDATE_STATUS;
    }

    /**
     * Takes the unit's steps.
     *
     * @return whether it changed anything that others rely on
     */
    boolean pass(HookPeers now, Hook hook) {
        if (!runsCallbacks() || (now.store().snapshot().isGrantedTo(runtime.self()) && isDying())) {
            return false;
        }
        Map<String, String> before = runtime.data().unit(now.relation(), runtime.self());
        HookPass.Result result = new HookPass(
                        now.store(),
                        shared.lock(),
                        callbacks(hook),
                        folder,
                        new HookPass.Rules(
                                settings.etcd().map(EtcdSettings::onLoss).orElse(ClusterLossPolicy.DEGRADE),
                                settings.pause(),
                                folder.isPausing(
                                        runtime.clock(), settings.pause().longest()),
                                this::haltUnlessEnded),
                        this::tell)
                .run();
        result.pauseFor().ifPresent(pause -> {
            folder.pause(runtime.clock(), pause);
            runtime.waker().wake(pause);
        });
        return !runtime.data().unit(now.relation(), runtime.self()).equals(before);
    }

    /**
     * A callback that does not stop although its lock is lost, with the hook's whole process (rule L4). Nothing has been
     * written to databags then, so the next hook finds the grant open.
     */
    private void haltUnlessEnded(BooleanSupplier hasEnded) {
        Duration within = settings.etcd().orElseThrow().stopWithin();
        Thread judge = new Thread(
                () -> {
                    long deadline = System.nanoTime() + within.toNanos();
                    while (!hasEnded.getAsBoolean() && System.nanoTime() - deadline < 0) {
                        LockSupport.parkNanos(HALT_LOOKS_NANOS);
                    }
                    if (!hasEnded.getAsBoolean()) {
                        Runtime.getRuntime().halt(1);
                    }
                },
                "rollingops-halt");
        judge.setDaemon(true);
        judge.start();
    }

    /** The worker that the Python library has left behind would work on beside ours. */
    void stopOriginalWorker(HookPeers now) {
        String number = runtime.data().unit(now.relation(), runtime.self()).getOrDefault(OriginalWorker.KEY, "");
        if (!number.isEmpty()) {
            if (OriginalWorker.stop(number, runtime.self())) {
                runtime.log(Level.INFO, "stopped the worker of the original library, process " + number);
            }
            runtime.data().writeUnit(now.relation(), Map.of(OriginalWorker.KEY, ""));
        }
    }

    private Map<String, Callback> callbacks(Hook hook) {
        Map<String, Callback> callbacks = new TreeMap<>();
        settings.callbacks().forEach((id, callback) -> callbacks.put(id, context -> callback.run(hook, context)));
        return callbacks;
    }

    /**
     * Whether this unit is being removed and has no hook yet that says so. The others may have been told already, and
     * what is dispatched through {@code juju-exec} comes before the unit's own departure (rule U1).
     */
    private boolean isDying() {
        boolean dying = runtime.commands()
                .ask(Query.goalUnits())
                .getOrDefault(runtime.self(), Query.DYING)
                .equals(Query.DYING);
        if (dying) {
            folder.leave();
        }
        return dying;
    }

    /** Whether nothing may be merged into the head of the queue any more. */
    boolean headBegun() {
        try {
            return running.isPresent()
                    || folder.read().filter(entry -> entry.result().isPresent()).isPresent();
        } catch (IOException e) {
            return true; // then nothing is merged, which is never wrong
        }
    }

    private void tell(UnitEvent event) {
        if (event instanceof UnitEvent.Began began) {
            running = Optional.of(began.operation());
            runtime.log(Level.INFO, "begin operation=" + began.operation().id() + " epoch=" + began.epoch());
        } else if (event instanceof UnitEvent.Ended ended) {
            running = Optional.empty();
            runtime.log(
                    Level.INFO,
                    "end operation=" + ended.operation() + " epoch=" + ended.epoch() + " " + ended.ending());
        } else if (event instanceof UnitEvent.NotRecorded lost) {
            runtime.log(
                    Level.WARNING,
                    "not recorded operation=" + lost.operation() + " epoch=" + lost.epoch() + ": " + lost.reason());
        } else if (event instanceof UnitEvent.ClusterLost lost) {
            runtime.log(
                    Level.WARNING,
                    "the lock in etcd is lost operation=" + lost.operation() + " policy=" + lost.policy());
        } else if (event instanceof UnitEvent.GaveBack back) {
            runtime.log(Level.INFO, "given back epoch=" + back.epoch());
        } else if (event instanceof UnitEvent.Switched to) {
            runtime.log(Level.INFO, "backend=" + to.to().wire());
        } else if (event instanceof UnitEvent.JournalFailed failed) {
            runtime.log(Level.WARNING, failed.reason());
        }
    }
}
