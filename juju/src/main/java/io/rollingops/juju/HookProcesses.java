// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Runs hook commands as child processes. Several that read nothing are run by one shell, which starts a process much
 * faster than a virtual machine does.
 */
final class HookProcesses implements HookCommand.Runner {
    private static final String SHELL = "/bin/sh";

    /** Stands between the outputs; the commands print JSON or plain words, where it cannot be. */
    private static final char SEPARATOR = '\u001e';

    /** Of one argument, with the zero at its end. */
    private static final int ARGUMENT_BYTES_MAX = 128 << 10;

    private static final String ESCAPED_SEPARATOR = "\\036";

    @Override
    public List<HookCommand.Result> run(List<HookCommand> commands) {
        boolean together = commands.size() > 1
                && commands.stream().allMatch(command -> command.input().isEmpty());
        return together
                ? runTogether(commands)
                : commands.stream().map(this::runAlone).toList();
    }

    private HookCommand.Result runAlone(HookCommand command) {
        return start(command.line(), command.input().orElse(""));
    }

    private List<HookCommand.Result> runTogether(List<HookCommand> commands) {
        StringBuilder script = new StringBuilder();
        for (HookCommand command : commands) {
            command.line().forEach(word -> script.append(quoted(word)).append(' '));
            script.append("</dev/null\nprintf '")
                    .append(ESCAPED_SEPARATOR)
                    .append("%s")
                    .append(ESCAPED_SEPARATOR);
            script.append("' $?\nprintf '").append(ESCAPED_SEPARATOR).append("' >&2\n");
        }
        HookCommand.Result all = start(List.of(SHELL), script.toString());
        List<String> outputs = List.of(all.output().split(String.valueOf(SEPARATOR), -1));
        List<String> errors = List.of(all.error().split(String.valueOf(SEPARATOR), -1));
        if (outputs.size() != 2 * commands.size() + 1 || errors.size() != commands.size() + 1) {
            throw new HookCommandException(
                    HookCommandException.Kind.FAILED,
                    SHELL,
                    "ended after " + outputs.size() / 2 + " of " + commands.size() + " hook commands with exit status "
                            + all.exitCode() + ": " + all.error().strip());
        }
        List<HookCommand.Result> results = new ArrayList<>();
        for (int i = 0; i < commands.size(); i++) {
            results.add(new HookCommand.Result(
                    Integer.parseInt(outputs.get(2 * i + 1)), outputs.get(2 * i), errors.get(i)));
        }
        return results;
    }

    private static HookCommand.Result start(List<String> line, String input) {
        try {
            Process process = new ProcessBuilder(line).start();
            CompletableFuture<String> error = CompletableFuture.supplyAsync(
                    () -> text(process.getErrorStream()), task -> daemon(task).start());
            CompletableFuture<Void> fed = CompletableFuture.runAsync(
                    () -> feed(process.getOutputStream(), input),
                    task -> daemon(task).start());
            String output = text(process.getInputStream());
            int exitCode = process.waitFor();
            fed.join();
            return new HookCommand.Result(exitCode, output, error.join());
        } catch (IOException e) {
            int longest = line.stream()
                    .mapToInt(word -> word.getBytes(StandardCharsets.UTF_8).length)
                    .max()
                    .orElse(0);
            if (longest >= ARGUMENT_BYTES_MAX) {
                throw new HookCommandException(
                        HookCommandException.Kind.FAILED,
                        line.get(0),
                        "cannot be started with an argument of " + longest + " bytes; Linux takes fewer than "
                                + ARGUMENT_BYTES_MAX + ", so give it a shorter text");
            }
            throw new HookCommandException(
                    HookCommandException.Kind.NO_CONTEXT,
                    line.get(0),
                    "cannot be started; outside of hooks there are no hook commands (" + e.getMessage() + ")");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new HookCommandException(
                    HookCommandException.Kind.FAILED, line.get(0), "interrupted while it was running");
        }
    }

    private static Thread daemon(Runnable task) {
        Thread thread = new Thread(task, "hook-command");
        thread.setDaemon(true);
        return thread;
    }

    /** A command may end without having read all; that is for its exit status to tell. */
    private static void feed(OutputStream stream, String input) {
        try (stream) {
            stream.write(input.getBytes(StandardCharsets.UTF_8));
        } catch (IOException ended) {
            return;
        }
    }

    private static String text(InputStream stream) {
        try (stream) {
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String quoted(String word) {
        return "'" + word.replace("'", "'\\''") + "'";
    }
}
