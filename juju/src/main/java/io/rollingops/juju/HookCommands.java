// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import io.rollingops.json.Json;
import io.rollingops.json.JsonText;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Juju's hook commands, each as one call. Every call starts a process, so what can be asked together should be: {@link
 * #ask(List)}. All of them throw {@link HookCommandException}. For the thread of the hook.
 */
public final class HookCommands {
    /** How long one message to the log may be; the kernel takes no longer argument. */
    static final int MAX_LOG_CHARS = 30_000;

    private final HookCommand.Runner runner;

    /** For tests with a runner of their own; a charm gets its commands from {@link Hook#commands}. */
    public HookCommands(HookCommand.Runner runner) {
        this.runner = runner;
    }

    /** The levels of Juju's log. */
    public enum Level {
        TRACE,
        DEBUG,
        INFO,
        WARNING,
        ERROR
    }

    /** The answers to several questions. */
    public static final class Answers {
        private final Map<Query<?>, HookCommand.Result> results;

        private Answers(Map<Query<?>, HookCommand.Result> results) {
            this.results = results;
        }

        /** The answer to one of the questions that were asked. */
        public <T> T to(Query<T> query) {
            return query.read(Optional.ofNullable(results.get(query)).orElseThrow());
        }
    }

    /** Asks several questions at once. A question that fails does so when its answer is looked at. */
    public Answers ask(List<? extends Query<?>> queries) {
        List<HookCommand.Result> results =
                runner.run(queries.stream().map(query -> query.command()).toList());
        Map<Query<?>, HookCommand.Result> byQuery = new LinkedHashMap<>();
        for (int i = 0; i < queries.size(); i++) {
            byQuery.put(queries.get(i), results.get(i));
        }
        return new Answers(byQuery);
    }

    /** Asks one question. */
    public <T> T ask(Query<T> query) {
        return query.read(runner.run(List.of(query.command())).get(0));
    }

    /** Changes keys of this unit's databag; an empty value deletes one. It counts when the hook has succeeded. */
    public void relationSet(RelationId relation, Map<String, String> changes) {
        run(new HookCommand(
                List.of("relation-set", "-r", relation.toString(), "--file", "-"), Optional.of(json(changes))));
    }

    /** Changes keys of the application's databag, which only the leader may do. */
    public void relationSetApplication(RelationId relation, Map<String, String> changes) {
        run(new HookCommand(
                List.of("relation-set", "-r", relation.toString(), "--app", "--file", "-"),
                Optional.of(json(changes))));
    }

    /** Sets the unit's status, at once, whatever becomes of the hook. */
    public void statusSet(UnitStatus status) {
        run(HookCommand.of("status-set", "--application=false", status.kind().wire(), "--", status.message()));
    }

    /** Sets the application's status, at once; only the leader may. */
    public void applicationStatusSet(UnitStatus status) {
        run(HookCommand.of("status-set", "--application=true", status.kind().wire(), "--", status.message()));
    }

    /** Sets the version of the workload that people see, at once. */
    public void applicationVersionSet(String version) {
        run(HookCommand.of("application-version-set", "--", version));
    }

    /** Writes to Juju's log, at once. A message that is too long is cut. */
    public void log(Level level, String message) {
        String fitting = message.length() <= MAX_LOG_CHARS ? message : message.substring(0, MAX_LOG_CHARS) + "...";
        run(HookCommand.of("juju-log", "--log-level", level.name(), "--", fitting));
    }

    /**
     * Adds a secret of the application, which only the leader may, and gives its id. The content is taken from files, so
     * that it stands on no command line.
     *
     * @param content a file for each key
     */
    public String secretAdd(String label, Map<String, Path> content) {
        List<String> line = new ArrayList<>(List.of("secret-add", "--label", label, "--owner", "application"));
        content.forEach((key, file) -> line.add(key + "#file=" + file));
        return run(new HookCommand(line, Optional.empty())).strip();
    }

    /** Replaces the content of a secret of the application. */
    public void secretSet(String id, Map<String, Path> content) {
        List<String> line = new ArrayList<>(List.of("secret-set", "--owner", "application", id));
        content.forEach((key, file) -> line.add(key + "#file=" + file));
        run(new HookCommand(line, Optional.empty()));
    }

    /** Lets the application at the other end of a relation read a secret, for as long as the relation lasts. */
    public void secretGrant(String id, RelationId relation) {
        run(HookCommand.of("secret-grant", "--relation", Integer.toString(relation.number()), id));
    }

    /** Removes a revision of a secret that nobody reads any more. */
    public void secretRemove(String id, int revision) {
        run(HookCommand.of("secret-remove", id, "--revision", Integer.toString(revision)));
    }

    /** Removes a secret. */
    public void secretRemove(String id) {
        run(HookCommand.of("secret-remove", id));
    }

    /** Keeps values for the unit at the controller; it counts when the hook has succeeded. */
    public void stateSet(Map<String, String> values) {
        run(new HookCommand(List.of("state-set", "--file", "-"), Optional.of(json(values))));
    }

    /** Forgets a value that the unit keeps at the controller. */
    public void stateDelete(String key) {
        run(HookCommand.of("state-delete", key));
    }

    /** Adds to the results of the action; it counts even if the action fails. */
    public void actionSet(Map<String, String> results) {
        List<String> line = new ArrayList<>(List.of("action-set"));
        results.forEach((key, value) -> line.add(key + "=" + value));
        run(new HookCommand(line, Optional.empty()));
    }

    /** Lets the action count as failed. */
    public void actionFail(String message) {
        run(HookCommand.of("action-fail", "--", message));
    }

    /** Tells whoever waits for the action how it gets on. */
    public void actionLog(String message) {
        run(HookCommand.of("action-log", "--", message));
    }

    /** Runs a hook command that has no method of its own, and gives what it prints. */
    public String run(HookCommand command) {
        HookCommand.Result result = runner.run(List.of(command)).get(0);
        if (result.exitCode() != 0) {
            throw HookCommandException.of(command, result);
        }
        return result.output();
    }

    /**
     * The values as JSON that is YAML as well, which is what Juju takes it for: there some characters break lines even
     * within quotes, and others are refused unless they are escaped.
     */
    private static String json(Map<String, String> values) {
        Json.ObjectBuilder object = Json.object();
        values.forEach(object::put);
        StringBuilder yaml = new StringBuilder();
        for (char character : JsonText.write(object.build()).toCharArray()) {
            boolean plain = character < 0x7f
                    || (character > 0x9f
                            && character != 0x2028
                            && character != 0x2029
                            && character != 0xfeff
                            && character < 0xfffe);
            if (plain) {
                yaml.append(character);
            } else {
                yaml.append("\\u").append(HexFormat.of().toHexDigits(character));
            }
        }
        return yaml.toString();
    }
}
