// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import java.util.Optional;
import java.util.function.BiConsumer;

/**
 * The agent of one unit, without the process: decides what is next, begins it, and draws the consequences of how it
 * ended.
 *
 * <p>A hook that exits with 0 is committed; else, or when the commit is refused, everything that it buffered is gone
 * and it stays due. An action fails alone. The commands of {@code juju-exec} are committed whatever their exit code,
 * as on Juju. For the thread that owns the model.
 */
final class UnitAgent {
    private final JujuModel model;
    private final JujuUnit unit;
    private final FaultPlan faults;
    private final BiConsumer<String, String> log;

    /**
     * The agent of that unit.
     *
     * @param log takes level and message
     */
    UnitAgent(JujuModel model, JujuUnit unit, FaultPlan faults, BiConsumer<String, String> log) {
        this.model = model;
        this.unit = unit;
        this.faults = faults;
        this.log = log;
    }

    JujuUnit unit() {
        return unit;
    }

    Optional<Operation> next() {
        if (!unit.agentRuns) {
            return Optional.empty();
        }
        model.enterRelations(unit);
        return NextOperation.of(model.view(unit));
    }

    void acceptLeadership() {
        unit.acceptedLeadership = true;
        unit.queue(Hook.Plain.LEADER_ELECTED);
    }

    void resignLeadership() {
        unit.acceptedLeadership = false;
        if (unit.dying && unit.app.lease.heldBy(unit.name)) {
            model.releaseLease(unit);
        }
    }

    /** The new charm lies in place. */
    void charmUpgraded() {
        unit.charmSeen = unit.app.charmRevision();
        unit.queue(Hook.Plain.UPGRADE_CHARM);
    }

    void die() {
        model.unitGone(unit);
    }

    /** Begins an operation that runs the charm; nothing when its reason is gone, which also settles it. */
    Optional<HookContext> begin(Operation operation) {
        boolean late = operation.equals(new Operation.RunHook(Hook.Plain.LEADER_ELECTED))
                && !unit.app.believesToLead(unit.name);
        if (late) {
            log.accept("INFO", "skipped leader-elected, leadership is gone");
            unit.settled();
            return Optional.empty();
        }
        unit.operationsBegun++;
        unit.interrupted = false;
        return Optional.of(new HookContext(model, unit, operation, log));
    }

    Outcome end(HookContext context, RunReport report) {
        if (context.action().isPresent()) {
            return endAction(context, context.action().get(), report);
        }
        if (context.commands().isPresent()) {
            return endCommands(context, context.commands().get(), report);
        }
        return endHook(context, context.hook().orElseThrow(), report);
    }

    private Outcome endHook(HookContext context, Hook hook, RunReport report) {
        if (terminated(context, report)) {
            unit.queue(hook);
            log.accept("INFO", "hook \"" + hook.hookName() + "\" was terminated");
            return Outcome.INTERRUPTED;
        }
        if (report.ending() instanceof RunReport.Ending.Missing) {
            log.accept("DEBUG", "skipped \"" + hook.hookName() + "\" hook (missing)");
            succeeded(hook, context.configVersion());
            return Outcome.SKIPPED;
        }
        if (!report.exitedWith(0)) {
            log.accept("ERROR", "hook \"" + hook.hookName() + "\" failed: " + report.ending());
            unit.failed(hook, model.now());
            return Outcome.FAILED;
        }
        try {
            commit(context);
        } catch (CommitRefused e) {
            log.accept("ERROR", "hook \"" + hook.hookName() + "\" failed: " + e.getMessage());
            unit.failed(hook, model.now());
            return Outcome.REFUSED;
        }
        succeeded(hook, context.configVersion());
        return Outcome.COMMITTED;
    }

    private void commit(HookContext context) throws CommitRefused {
        faults.leaderBeforeCommit(unit.name).flatMap(model::findUnit).ifPresent(model::lead);
        if (faults.failsCommit(unit.name)) {
            throw new CommitRefused("the commit was made to fail");
        }
        model.commit(unit, context.changes());
    }

    /** Whether the agent or the machine stopped while this ran. Juju tells it by the signal, and by nothing else. */
    private boolean terminated(HookContext context, RunReport report) {
        return report.ending() instanceof RunReport.Ending.Killed
                && (unit.interrupted || context.reboot() == HookContext.Reboot.NOW);
    }

    /** The failed hook counts as done, as with {@code juju resolve --no-retry}. */
    void skipFailedHook() {
        unit.pending().map(PendingHook::hook).ifPresent(hook -> succeeded(hook, unit.app.configVersion()));
    }

    private void succeeded(Hook hook, int configVersion) {
        unit.settled();
        if (hook instanceof Hook.Plain plain) {
            succeeded(plain, configVersion);
        } else if (hook instanceof Hook.OnRelation onRelation) {
            succeeded(onRelation);
        } else if (hook instanceof Hook.OnSecret onSecret) {
            if (onSecret.phase() == Hook.SecretPhase.CHANGED) {
                unit.announcedSecrets.put(onSecret.secret(), onSecret.revision());
            } else {
                unit.reportedRevisions.add(onSecret.secret() + "/" + onSecret.revision());
            }
        }
    }

    private void succeeded(Hook.Plain hook, int configVersion) {
        boolean firstStartDue =
                hook == Hook.Plain.CONFIG_CHANGED && !unit.lifetime.started() && !unit.lifetime.stopped();
        unit.lifetime = unit.lifetime.after(hook);
        switch (hook) {
            case CONFIG_CHANGED -> unit.configSeen = configVersion;
            case UPGRADE_CHARM -> unit.queue(Hook.Plain.CONFIG_CHANGED);
            case UPDATE_STATUS -> unit.updateStatusDue = false;
            case START -> unit.rebooted = false;
            case INSTALL, STOP, REMOVE, LEADER_ELECTED -> {}
        }
        if (firstStartDue) {
            unit.queue(Hook.Plain.START);
        }
    }

    private void succeeded(Hook.OnRelation hook) {
        if (hook.phase() == Hook.RelationPhase.CHANGED && unit.repeatsNextChange) {
            unit.repeatsNextChange = false;
            return;
        }
        unit.progressed(hook);
        if (hook.phase() == Hook.RelationPhase.BROKEN) {
            model.relationBroken(unit, hook.relation().number());
        }
    }

    private Outcome endAction(HookContext context, ActionTask task, RunReport report) {
        if (terminated(context, report)) {
            task.end(Optional.of("action terminated"), 1, report.stdout(), report.stderr());
            return Outcome.INTERRUPTED;
        }
        if (report.ending() instanceof RunReport.Ending.Missing) {
            task.end(Optional.of("action not implemented on unit \"" + unit.name + "\""), 1, "", "");
            return Outcome.SKIPPED;
        }
        if (!report.exitedWith(0)) {
            int code = report.ending() instanceof RunReport.Ending.Exited exited ? exited.code() : 1;
            String reason =
                    report.ending() instanceof RunReport.Ending.Exited ? "exit status " + code : "signal: killed";
            task.end(Optional.of(reason), code, report.stdout(), report.stderr());
            return Outcome.FAILED;
        }
        try {
            commit(context);
        } catch (CommitRefused e) {
            log.accept("ERROR", "action \"" + task.name + "\" failed: " + e.getMessage());
            task.end(Optional.of("committing requested changes failed"), 1, report.stdout(), report.stderr());
            return Outcome.REFUSED;
        }
        task.end(Optional.empty(), 0, report.stdout(), report.stderr());
        return Outcome.COMMITTED;
    }

    private Outcome endCommands(HookContext context, CommandTask task, RunReport report) {
        if (!(report.ending() instanceof RunReport.Ending.Exited exited)) {
            task.answer().complete(CommandReply.error(1, "command execution aborted"));
            return Outcome.INTERRUPTED;
        }
        try {
            commit(context);
        } catch (CommitRefused e) {
            log.accept("ERROR", "juju-exec failed: " + e.getMessage());
            task.answer().complete(CommandReply.error(1, String.valueOf(e.getMessage())));
            return Outcome.REFUSED;
        }
        task.answer().complete(new CommandReply(exited.code(), report.stdout(), report.stderr()));
        return Outcome.COMMITTED;
    }
}
