// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import io.rollingops.ProcessingBackend;
import io.rollingops.UnitName;
import io.rollingops.juju.CharmEvent.RelationPhase;
import io.rollingops.juju.HookCommands.Level;
import io.rollingops.peer.Databags;
import io.rollingops.peer.LeaderTurn;
import java.time.Duration;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;

/**
 * The leader's part of a hook: decides who is next. A hook that grants writes nothing else, since Juju refuses the whole
 * hook when the leadership was lost in the meantime (rules X1, G3).
 */
final class Granting {
    /** For so long after it was asked for, an answer about the leadership is relied upon. */
    private static final Duration LEADERSHIP_TRUSTED = Duration.ofSeconds(10);

    private final HookRuntime runtime;
    private final UnitFolder folder;
    private final SharedLock shared;

    Granting(HookRuntime runtime, UnitFolder folder, SharedLock shared) {
        this.runtime = runtime;
        this.folder = folder;
        this.shared = shared;
    }

    /**
     * Grants, or has another hook do so when this one has something else to write.
     *
     * @param isObserved whether the present hook is one of rolling operations
     */
    void lead(HookPeers now, boolean isObserved, boolean wroteForEtcd) {
        boolean changedOwn = runtime.data().changesOwn(now.relation());
        if (isObserved && !runtime.data().hasChanges() && !wroteForEtcd) {
            schedule(now);
        } else if (isObserved || changedOwn || wroteForEtcd) {
            runtime.waker().wake(Duration.ZERO); // a hook that grants writes nothing else
        }
    }

    private void schedule(HookPeers now) {
        List<UnitName> others = now.others(runtime.commands());
        now.store().readOthers(others);
        Databags bags = now.store().databags();
        Optional<UnitName> grantee = bags.lastGrantee();
        if (grantee.isPresent() && !bags.units().containsKey(grantee.get()) && !hasLeft(grantee.get())) {
            runtime.log(Level.INFO, "no grant: nothing is known of unit=" + grantee.get() + " that was granted last");
            return;
        }
        Optional<LeaderTurn.Turn> turn =
                LeaderTurn.next(bags, runtime.clock().calendar().instant());
        if (turn.isEmpty()) {
            return;
        }
        boolean tooLate = runtime.clock().boot().getAsLong() - now.askedNanos() > LEADERSHIP_TRUSTED.toNanos();
        if (tooLate) {
            runtime.waker().wake(Duration.ZERO);
            return;
        }
        runtime.data().writeApplication(now.relation(), turn.get().changes());
        turn.get().granted().ifPresent(unit -> {
            runtime.log(
                    Level.INFO,
                    "granted unit=" + unit + " epoch=" + turn.get().changes().get("grant_epoch"));
            if (unit.equals(runtime.self()) && !isWokenByWorker(now)) {
                runtime.waker().wake(Duration.ZERO);
            }
        });
    }

    /** A worker that is told of the grant takes the lock, and then has the next hook dispatched. */
    private boolean isWokenByWorker(HookPeers now) {
        boolean onEtcd = now.store()
                .snapshot()
                .record(runtime.self())
                .filter(record -> record.backend() == ProcessingBackend.ETCD)
                .isPresent();
        return onEtcd && shared.isHeard();
    }

    /**
     * Whether a unit that is not listed is gone for good, and not one that has come and is not known here yet: Juju tells
     * so in this hook or has told so, or the model does not mean to have it.
     */
    private boolean hasLeft(UnitName unit) {
        if (runtime.event() instanceof CharmEvent.OnRelation change
                && change.phase() == RelationPhase.DEPARTED
                && change.departing().equals(Optional.of(unit))) {
            return true;
        }
        NavigableMap<UnitName, String> meant = runtime.commands().ask(Query.goalUnits());
        return !meant.containsKey(unit)
                || (meant.getOrDefault(unit, "").equals(Query.DYING)
                        && folder.departed().contains(unit));
    }
}
