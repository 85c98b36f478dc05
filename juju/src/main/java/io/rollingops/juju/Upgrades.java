// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import io.rollingops.OperationResult;
import io.rollingops.RollingOpsException;
import io.rollingops.UnitName;
import io.rollingops.juju.CharmEvent.Lifecycle;
import io.rollingops.juju.CharmEvent.RelationPhase;
import io.rollingops.juju.HookCommands.Level;
import io.rollingops.manager.Explanation;
import io.rollingops.upgrade.ApplicationUpgrade;
import io.rollingops.upgrade.OwnFacts;
import io.rollingops.upgrade.Problem;
import io.rollingops.upgrade.Release;
import io.rollingops.upgrade.RolloutPartition;
import io.rollingops.upgrade.Substrate;
import io.rollingops.upgrade.UnitUpgrade;
import io.rollingops.upgrade.UpgradeAnswer;
import io.rollingops.upgrade.UpgradeCommand;
import io.rollingops.upgrade.UpgradeDecision;
import io.rollingops.upgrade.UpgradeDriver;
import io.rollingops.upgrade.UpgradeEvent;
import io.rollingops.upgrade.UpgradeHost;
import io.rollingops.upgrade.UpgradeState;
import io.rollingops.upgrade.UpgradeStatus;
import io.rollingops.upgrade.UpgradeView;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * The upgrade of an application in a charm: what a handler calls, and what happens when all handlers of a hook have
 * returned. The wire form is that of the charm library {@code data_platform_libs.v0.upgrade}; what is decided, {@code
 * UpgradeCoordinator} decides.
 *
 * <p>On machines a unit replaces its workload in a hook in which nothing that led to its turn is still to be committed: if
 * the commit were refused, it would have worked in a turn that never was. In a charm with rolling operations the turn is an
 * operation of its own, {@value #TURN}, in the unit's queue: an upgrade is then under the same grant as every restart, so
 * neither is ever beside the other, on whichever units.
 *
 * <p>A leader changes the application's databag in hooks that replace no workload; as it may lose the leadership meanwhile,
 * Juju might refuse the whole hook (rule G3).
 */
public final class Upgrades {
    /** The id of the operation that is a unit's turn, where there are rolling operations. */
    public static final String TURN = "rollingops.upgrade";

    private static final String SHOWN = "upgrade-shown";
    private static final String BROUGHT = "upgrade-brought";

    private static final Set<RelationPhase> OBSERVED_PHASES =
            Set.of(RelationPhase.CREATED, RelationPhase.CHANGED, RelationPhase.DEPARTED);

    private final HookRuntime runtime;
    private final UpgradeSettings settings;
    private final UnitFolder folder;
    private final Optional<RollingOps> rolling;
    private final Optional<RollingOpsSettings> rollingSettings;
    private final UpgradeDriver driver;

    private boolean looked;
    private Optional<UpgradeRelation> relation = Optional.empty();
    private Optional<Optional<Release>> found = Optional.empty();
    private Optional<Map<String, String>> reported = Optional.empty();
    private Optional<UpgradeStatus> shown = Optional.empty();
    private boolean hasWorked;
    private boolean hasAsked;
    private boolean wantsAnotherHook;
    private Optional<RolloutPartition> mover = Optional.empty();
    private Optional<OptionalInt> where = Optional.empty();

    Upgrades(
            HookRuntime runtime,
            UpgradeSettings settings,
            UnitFolder folder,
            Optional<RollingOps> rolling,
            Optional<RollingOpsSettings> rollingSettings) {
        this.runtime = runtime;
        this.settings = settings;
        this.folder = folder;
        this.rolling = rolling;
        this.rollingSettings = rollingSettings;
        this.driver = new UpgradeDriver(new Bags(), new WorkloadUpgrade(this, settings.upgrade()), new OnePartition());
    }

    /** The hooks that upgrades need besides actions. */
    static Set<String> observedHooks(UpgradeSettings settings) {
        Set<String> hooks = new LinkedHashSet<>();
        OBSERVED_PHASES.forEach(phase -> hooks.add(phase.hook(settings.peerRelation())));
        hooks.addAll(List.of(
                Lifecycle.INSTALL.hookName(),
                Lifecycle.LEADER_ELECTED.hookName(),
                Lifecycle.UPDATE_STATUS.hookName(),
                Lifecycle.UPGRADE_CHARM.hookName(),
                Lifecycle.REMOVE.hookName(),
                RollingOps.GRANTED_HOOK));
        return hooks;
    }

    /** What this unit says of itself; empty before it has said anything, and while there is no peer relation. */
    public Optional<UpgradeState> state() {
        return look().flatMap(now -> UnitUpgrade.read(now.own()).state());
    }

    /**
     * Whether no upgrade goes on anywhere in the application, as far as this unit knows, nor should. Otherwise the charm's new
     * code may stand on an old workload, so handlers do well to leave the workload alone.
     */
    public boolean isIdle() {
        if (look().isEmpty()) {
            return false;
        }
        UpgradeView view = view();
        return view.own().is(UpgradeState.IDLE) && !view.own().isDue() && !view.isRolling();
    }

    /** Who is still to be upgraded, in order. */
    public List<UnitName> order() {
        return look().map(now -> ApplicationUpgrade.read(self().application(), now.application())
                        .stack()
                        .inOrder())
                .orElseGet(List::of);
    }

    /** What the upgrade waits for, in words for a person, and what that person can do. */
    public Explanation explain() {
        return look().map(now -> UpgradeAdvice.of(view()))
                .orElseGet(() -> new Explanation("there is no " + settings.peerRelation() + " peer relation yet", ""));
    }

    /** On Kubernetes: the workload of this pod is well. Of a unit that is not upgrading it is no news, and does no harm. */
    public void setUnitCompleted() {
        report(new UpgradeEvent.Completed());
    }

    /** The workload of this unit is not well; nobody goes on. */
    public void setUnitFailed(Problem problem) {
        report(new UpgradeEvent.Failed(problem));
    }

    private void report(UpgradeEvent event) {
        if (look().isPresent() && !folder.isLeaving()) {
            driver.handle(new UpgradeEvent.Changed());
            driver.handle(event);
        }
    }

    /** Before any handler runs: what the hook itself tells. */
    void begin() {
        if (event() instanceof CharmEvent.OnRelation change && change.phase() == RelationPhase.DEPARTED) {
            if (change.departing().equals(Optional.of(self()))) {
                folder.leave();
            } else if (change.relation().endpoint().equals(settings.peerRelation())) {
                change.remoteUnit().ifPresent(this::remember);
            }
        }
    }

    /** Knowing it later only saves waiting, so a full disk is no reason to fail. */
    private void remember(UnitName departed) {
        try {
            folder.departed(departed);
        } catch (UncheckedIOException e) {
            log(Level.WARNING, String.valueOf(e.getMessage()));
        }
    }

    /** After the handlers have returned, and before rolling operations take their steps. */
    void advance() {
        if (event() == Lifecycle.INSTALL) {
            folder.note(BROUGHT, settings.release().name());
        }
        if (!isObserved() || event() == Lifecycle.REMOVE || folder.isLeaving() || look().isEmpty()) {
            return;
        }
        UpgradeRelation now = relation.orElseThrow();
        if (UnitUpgrade.read(now.own()).isUnset()) {
            join(now);
        } else if (event() == Lifecycle.UPGRADE_CHARM) {
            driver.handle(new UpgradeEvent.Refreshed());
        } else if (!now.isAtRest(settings) || folder.note(SHOWN).isPresent()) {
            driver.handle(new UpgradeEvent.Changed());
        }
    }

    /** What stands on a machine is known from its first hook; a charm that came later without looking knows nothing. */
    private void join(UpgradeRelation now) {
        if (settings.substrate() == Substrate.K8S || installed().isPresent()) {
            driver.handle(new UpgradeEvent.Joined());
        } else {
            now.writeOwn(Map.of(
                    UnitUpgrade.STATE,
                    UpgradeState.IDLE.wire(),
                    UnitUpgrade.OFFERED,
                    settings.release().name()));
            driver.handle(new UpgradeEvent.Changed());
        }
    }

    /** Whether the hook will commit something of an upgrade; then nothing else begins in it. */
    boolean hasWritten() {
        return relation.filter(UpgradeRelation::hasWritten).isPresent();
    }

    /**
     * The operation {@value #TURN}: the unit has its turn. As long as the workload may be half replaced, the grant stays
     * with this unit.
     */
    OperationResult turn() {
        if (look().isEmpty()) {
            return OperationResult.RELEASE;
        }
        try {
            driver.handle(new UpgradeEvent.TurnTaken());
        } catch (RuntimeException e) {
            if (!hasWorked) {
                throw e;
            }
            log(Level.ERROR, "the turn broke off and begins again: " + e);
            return OperationResult.RETRY_HOLD;
        }
        return OperationResult.RELEASE;
    }

    /** After rolling operations have taken their steps: has another hook dispatched if something is left to be done. */
    void end() {
        boolean leavesWorkToLeader = hasWorked && relation.orElseThrow().leads();
        boolean isRollingDelayed = rolling.isPresent() && hasWritten() && !hasWorked;
        boolean isTurnGone = hasAsked
                && !hasWorked
                && rolling.filter(operations -> !operations.isWaitingCallback(TURN))
                        .isPresent();
        if (wantsAnotherHook || leavesWorkToLeader || isRollingDelayed || isTurnGone) {
            runtime.waker().wake(Duration.ZERO);
        }
    }

    /** After everything has been handed to Juju. */
    void over() {
        if (event() == Lifecycle.REMOVE) {
            folder.delete();
        }
    }

    /** Carries out what an operator ordered; empty while there is no peer relation. */
    Optional<UpgradeAnswer> carryOut(UpgradeCommand command) {
        if (look().isEmpty()) {
            return Optional.empty();
        }
        Optional<UpgradeAnswer> answer = driver.handle(command);
        boolean isRefused =
                answer.filter(UpgradeAnswer.Refused.class::isInstance).isPresent();
        return isRefused && relation.orElseThrow().hasLapsed()
                ? Optional.of(new UpgradeAnswer.Refused(
                        "The check took so long that this unit may have lost the leadership meanwhile; nothing was written.",
                        "it has to be over within 30 s; run it again"))
                : answer;
    }

    UpgradeView view() {
        UpgradeRelation now = relation.orElseThrow();
        OptionalInt where = settings.substrate() == Substrate.K8S ? partition() : OptionalInt.empty();
        return now.view(facts(), !hasWorked, where);
    }

    Hook hook() {
        return new Hook(runtime, rolling, Optional.of(this));
    }

    void log(Level level, String message) {
        runtime.commands().log(level, "upgrade: " + message);
    }

    /** The workload is touched from now on; see {@link TurnNote}. */
    void beginsWork() {
        hasWorked = true;
        found = Optional.empty();
        note(Optional.empty());
    }

    void endsWork(UpgradeEvent how) {
        note(Optional.of(how));
    }

    private void note(Optional<UpgradeEvent> ended) {
        new TurnNote(relation.orElseThrow().ownAtBegin(), ended).keep(folder);
    }

    private boolean isObserved() {
        String hook = event().hookName();
        return !(event() instanceof CharmEvent.OnAction)
                && (observedHooks(settings).contains(hook)
                        || rollingSettings
                                .filter(rolls -> RollingOps.observedHooks(rolls).contains(hook))
                                .isPresent());
    }

    private Optional<UpgradeRelation> look() {
        if (!looked) {
            looked = true;
            relation = UpgradeRelation.find(runtime, settings.peerRelation(), folder);
            relation.ifPresent(this::takeUp);
        }
        return relation;
    }

    /** What an earlier hook did to the workload and could not commit is written as if it had. */
    private void takeUp(UpgradeRelation now) {
        TurnNote.read(folder).ifPresent(note -> {
            if (!note.before().equals(now.ownAtBegin())) {
                TurnNote.drop(folder);
                return;
            }
            log(Level.WARNING, "the last hook that replaced the workload was not committed; that is mended");
            now.writeOwn(Map.of(UnitUpgrade.STATE, UpgradeState.UPGRADING.wire(), UnitUpgrade.INSTALLED, ""));
            note.ended().ifPresent(driver::handle);
        });
    }

    private OwnFacts facts() {
        return new OwnFacts(
                settings.substrate(), settings.declared(), settings.release(), installed(), reported(), false);
    }

    private Optional<Release> installed() {
        if (found.isEmpty()) {
            Optional<Release> seen = ask(
                    "the installed release",
                    Optional.empty(),
                    () -> settings.upgrade().installed(hook()));
            boolean isNew = UnitUpgrade.read(relation.orElseThrow().own()).isUnset();
            found = Optional.of(isNew ? seen.or(() -> folder.note(BROUGHT).map(Release::new)) : seen);
        }
        return found.get();
    }

    private Map<String, String> reported() {
        if (reported.isEmpty()) {
            reported = Optional.of(ask(
                    "what related applications report",
                    Map.of(),
                    () -> settings.upgrade().reported(hook())));
        }
        return reported.get();
    }

    private interface Question<T> {
        T ask() throws Exception;
    }

    private <T> T ask(String what, T unknown, Question<T> question) {
        try {
            return question.ask();
        } catch (Exception e) {
            log(Level.WARNING, "the charm does not know " + what + ": " + e);
            return unknown;
        }
    }

    /** A turn without rolling operations: in hooks that may take long, and when nothing else is to be committed. */
    private boolean mayWork() {
        UpgradeRelation now = relation.orElseThrow();
        boolean isTime = event().hookName().equals(RelationPhase.CHANGED.hook(settings.peerRelation()))
                || event().hookName().equals(RollingOps.GRANTED_HOOK)
                || event() == Lifecycle.UPDATE_STATUS;
        if (now.isDying()) {
            folder.leave();
            return false;
        }
        boolean may = isTime && !now.hasWritten();
        wantsAnotherHook |= !may;
        return may;
    }

    /** The turn as an operation like any other, so that it is never beside one; one that waits already will do. */
    private void askForTurn(RollingOps operations) {
        try {
            if (!operations.isWaitingCallback(TURN)) {
                operations.requestAsyncLock(TURN);
            }
            hasAsked = true;
        } catch (RollingOpsException e) {
            log(Level.WARNING, "the turn cannot be asked for now: " + e.getMessage());
        }
    }

    private CharmEvent event() {
        return runtime.context().event();
    }

    private UnitName self() {
        return runtime.context().unit();
    }

    private RolloutPartition mover() {
        if (mover.isEmpty()) {
            mover = Optional.of(settings.partition().apply(runtime.context()));
        }
        return mover.get();
    }

    private OptionalInt partition() {
        if (where.isEmpty()) {
            where = Optional.of(mover().current());
        }
        return where.get();
    }

    /** The partition as one hook knows it: read once. */
    private final class OnePartition implements RolloutPartition {
        @Override
        public OptionalInt current() {
            return partition();
        }

        /** It is lowered only by what is committed: a pod that was replaced cannot be taken back with a refused hook. */
        @Override
        public void set(int number) {
            boolean isLowered = partition().isEmpty() || number < partition().getAsInt();
            if (isLowered && relation.orElseThrow().hasWrittenForApplication()) {
                wantsAnotherHook = true;
            } else {
                mover().set(number);
            }
            where = Optional.of(OptionalInt.of(number));
        }
    }

    /** The databags, the turn and the status of this unit. */
    private final class Bags implements UpgradeHost {
        @Override
        public UpgradeView view() {
            return Upgrades.this.view();
        }

        @Override
        public boolean write(UpgradeDecision.Write write, UpgradeView seen) {
            UpgradeRelation now = relation.orElseThrow();
            if (write instanceof UpgradeDecision.Write.OfUnit) {
                now.writeOwn(write.changes());
                return true;
            }
            if (hasWorked || !now.leads()) {
                return false;
            }
            now.writeApplication(write.changes());
            return true;
        }

        @Override
        public boolean takeTurn() {
            if (rolling.isEmpty()) {
                return mayWork();
            }
            askForTurn(rolling.get());
            return false;
        }

        @Override
        public void show(UpgradeStatus status) {
            if (shown.equals(Optional.of(status))) {
                return;
            }
            shown = Optional.of(status);
            if (status.kind() == UpgradeStatus.Kind.ACTIVE) {
                showNothing();
                return;
            }
            folder.note(SHOWN, status.text());
            runtime.commands()
                    .statusSet(new UnitStatus(
                            switch (status.kind()) {
                                case ACTIVE -> UnitStatus.Kind.ACTIVE;
                                case WAITING -> UnitStatus.Kind.WAITING;
                                case MAINTENANCE -> UnitStatus.Kind.MAINTENANCE;
                                case BLOCKED -> UnitStatus.Kind.BLOCKED;
                            },
                            status.text()));
        }

        @Override
        public void showNothing() {
            if (folder.note(SHOWN).isPresent()) {
                folder.dropNote(SHOWN);
                settings.upgrade().showOwnStatus(hook());
            }
        }
    }
}
