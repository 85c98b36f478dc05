// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import io.rollingops.UnitName;
import io.rollingops.json.Json;
import io.rollingops.json.JsonText;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** One hook or action of an {@link EmulatedCharm}: its environment, and the hook commands. For one thread. */
public final class HookRun {
    private final UnitName unit;
    private final Map<String, String> environment;
    private final String commandText;
    private final Function<Call, CommandReply> commands;

    /** One call of a hook command. */
    record Call(String command, List<String> args, Optional<String> stdin) {}

    /** The charm was killed in the middle of a hook command. */
    static final class Killed extends RuntimeException {
        Killed() {
            super("the charm was killed", null, false, false);
        }
    }

    /** A hook command exited with another code than 0; the message is its stderr. */
    public static final class CommandFailed extends RuntimeException {
        private final int exitCode;

        CommandFailed(int exitCode, String stderr) {
            super(stderr.strip());
            this.exitCode = exitCode;
        }

        public int exitCode() {
            return exitCode;
        }
    }

    HookRun(UnitName unit, Map<String, String> environment, String commandText, Function<Call, CommandReply> commands) {
        this.unit = unit;
        this.environment = environment;
        this.commandText = commandText;
        this.commands = commands;
    }

    public UnitName unit() {
        return unit;
    }

    /** {@code hooks/install}, {@code actions/restart}; for {@code juju-exec}, empty. */
    public String dispatchPath() {
        return variable("JUJU_DISPATCH_PATH");
    }

    /** The name of the hook, {@code restart-relation-changed}; empty for an action and for {@code juju-exec}. */
    public String hook() {
        return variable("JUJU_HOOK_NAME");
    }

    /** What {@code juju-exec} was to run; empty for a hook and for an action. */
    public String commands() {
        return commandText;
    }

    /** A variable of the environment that a process would have; empty when it is not set. */
    public String variable(String name) {
        return environment.getOrDefault(name, "");
    }

    /** All variables that a process would have. */
    public Map<String, String> environment() {
        return Collections.unmodifiableMap(environment);
    }

    /** Runs a hook command and gives all that comes of it, whatever its exit code. */
    public ExecResult call(String command, List<String> args, Optional<String> stdin) {
        CommandReply reply = commands.apply(new Call(command, args, stdin));
        return new ExecResult(reply.exitCode(), reply.stdout(), reply.stderr());
    }

    /**
     * Runs a hook command and gives its stdout, without the line end.
     *
     * @throws CommandFailed when it exits with another code than 0
     */
    public String run(String command, String... args) {
        return run(new Call(command, List.of(args), Optional.empty()));
    }

    /** As {@link #run}, with {@code --format=json}, and the value that it prints. */
    public Json json(String command, String... args) {
        List<String> all = new ArrayList<>(List.of("--format=json"));
        all.addAll(List.of(args));
        return JsonText.parse(run(new Call(command, all, Optional.empty())));
    }

    /** Writes into a databag: {@code relation-set -r relation --file -}, with {@code --app} for the application's. */
    public void relationSet(String relation, boolean app, Map<String, String> values) {
        Json.ObjectBuilder file = Json.object();
        values.forEach(file::put);
        List<String> args = new ArrayList<>(List.of("-r", relation, "--file", "-"));
        if (app) {
            args.add("--app");
        }
        run(new Call("relation-set", args, Optional.of(JsonText.write(file.build()))));
    }

    private String run(Call call) {
        CommandReply reply = commands.apply(call);
        if (reply.exitCode() != 0) {
            throw new CommandFailed(reply.exitCode(), reply.stderr());
        }
        return reply.stdout().stripTrailing();
    }
}
