// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import io.rollingops.UnitName;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BiConsumer;

/**
 * One operation of one unit as its hook commands see it, from its start until its process has ended: what it may read,
 * what it has buffered. Everything but the status acts on the model only through {@link #changes}. For the thread that
 * owns the model.
 */
final class HookContext {
    final JujuModel model;
    final JujuUnit unit;
    final Operation operation;
    final RelationAccess relations;
    final SecretAccess secrets;

    private final String id;
    private final Optional<ActionTask> action;
    private final Optional<CommandTask> commands;
    private final int configVersion;
    private final BiConsumer<String, String> log;

    private boolean leadershipDenied;
    private Optional<SortedMap<String, String>> state = Optional.empty();
    private Reboot reboot = Reboot.NONE;

    /** Whether the hook asked for a reboot of its machine. */
    enum Reboot {
        NONE,
        AFTER_HOOK,
        NOW
    }

    /**
     * Begins an operation.
     *
     * @param log takes level and message of {@code juju-log}
     */
    HookContext(JujuModel model, JujuUnit unit, Operation operation, BiConsumer<String, String> log) {
        this.model = model;
        this.unit = unit;
        this.operation = operation;
        this.log = log;
        this.action = operation instanceof Operation.RunAction run
                ? Optional.of(model.takeAction(run.task()))
                : Optional.empty();
        this.commands = operation instanceof Operation.RunCommands run
                ? Optional.of(model.takeCommands(run.task()))
                : Optional.empty();
        this.id = unit.name + "-" + middleOfId() + "-" + model.newHex(32);
        this.configVersion = unit.app.configVersion();
        this.relations = new RelationAccess(this);
        this.secrets = new SecretAccess(this);
    }

    /** {@code app/0-update-status-6f...}: what hook commands must show. */
    String id() {
        return id;
    }

    Optional<ActionTask> action() {
        return action;
    }

    Optional<CommandTask> commands() {
        return commands;
    }

    Optional<Hook> hook() {
        return operation instanceof Operation.RunHook run ? Optional.of(run.hook()) : Optional.empty();
    }

    Optional<Hook.OnRelation> relationHook() {
        return hook().filter(Hook.OnRelation.class::isInstance).map(Hook.OnRelation.class::cast);
    }

    /** The name of the hook or action; empty for {@code juju-exec}. */
    String name() {
        return hook().map(Hook::hookName)
                .or(() -> action.map(task -> task.name))
                .orElse("");
    }

    /** The version of the configuration that the hook has seen. */
    int configVersion() {
        return configVersion;
    }

    /** Once the answer was no, it stays no for the rest of the hook; a yes is asked for anew each time. */
    boolean isLeader() {
        if (!leadershipDenied && !unit.app.believesToLead(unit.name)) {
            leadershipDenied = true;
        }
        return !leadershipDenied;
    }

    UnitName unitName() {
        return unit.name;
    }

    SortedMap<String, String> state() {
        return state.orElse(unit.state);
    }

    void writeState(SortedMap<String, String> newState) {
        state = Optional.of(new TreeMap<>(newState));
    }

    void log(String level, String message) {
        log.accept(level, message);
    }

    Reboot reboot() {
        return reboot;
    }

    void requestReboot(Reboot request) {
        reboot = request;
    }

    Changes changes() {
        return new Changes(relations.unitWrites(), relations.appWrites(), state.map(map -> map), secrets.changes());
    }

    private String middleOfId() {
        return commands.isPresent() ? "run-commands" : name();
    }
}
