// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * One emulated machine: its folder, and the namespaces in which its processes live, held by a first process that ends
 * when the emulator does. See {@link Isolation} for what that takes and {@code machine.sh} for how it is done.
 *
 * <p>For all threads. Starting and stopping block for some milliseconds.
 */
final class Machine implements AutoCloseable {
    private static final int END_SECONDS_MAX = 5;

    private final Path folder;
    private final List<String> privateFolders;
    private final boolean wantsIsolation;

    private Optional<Holder> holder = Optional.empty();
    private Isolation isolation = new Isolation(false, "it was not asked for");

    /** The process that keeps the namespaces, and how others get into them. */
    private record Holder(Process process, ProcessHandle first, List<String> enter) {}

    /**
     * Starts the machine.
     *
     * @param folder where everything of it lies
     * @param privateFolders absolute paths of which it has its own
     */
    Machine(Path folder, List<String> privateFolders, boolean wantsIsolation) throws IOException {
        this.folder = folder;
        this.privateFolders = List.copyOf(privateFolders);
        this.wantsIsolation = wantsIsolation;
        for (String name : List.of("bin", "tools", "agents", "usr-bin", "runs")) {
            Files.createDirectories(folder.resolve(name));
        }
        start();
    }

    Path folder() {
        return folder;
    }

    Path socket() {
        return folder.resolve("agent.socket");
    }

    synchronized Isolation isolation() {
        return isolation;
    }

    /** Where the content of one of its private folders lies on the real machine. */
    synchronized Path files(String privateFolder) {
        return holder.isPresent() ? folder.resolve("files" + privateFolder) : Path.of(privateFolder);
    }

    /** Where a file that its processes name lies on the real machine. */
    Path here(Path file) {
        return privateFolders.stream()
                .filter(file::startsWith)
                .findFirst()
                .map(shared -> files(shared).resolve(Path.of(shared).relativize(file)))
                .orElse(file);
    }

    /** The command that runs a command on this machine. */
    synchronized List<String> command(List<String> command) {
        List<String> all = new ArrayList<>(holder.map(Holder::enter).orElse(List.of()));
        all.addAll(command);
        return all;
    }

    /** How many processes stand between what {@link #command} starts and the command itself. */
    synchronized int depth() {
        return holder.isPresent() ? 1 : 0;
    }

    /** Ends all processes and begins anew, with the same files. */
    synchronized void reboot() throws IOException {
        close();
        start();
    }

    /** Ends all processes of the machine, and waits for a moment until they are gone. May be called twice. */
    @Override
    public synchronized void close() {
        holder.ifPresent(old -> {
            old.first().destroyForcibly();
            old.process().onExit().join();
        });
        holder = Optional.empty();
        List<CompletableFuture<?>> ends = new ArrayList<>();
        for (ProcessHandle process : processes()) {
            process.destroyForcibly();
            ends.add(process.onExit().completeOnTimeout(process, END_SECONDS_MAX, TimeUnit.SECONDS));
        }
        CompletableFuture.allOf(ends.toArray(CompletableFuture<?>[]::new)).join();
    }

    /** The processes that were started here, directly or not, and run: those whose environment names its socket. */
    List<ProcessHandle> processes() {
        String mark = "JUJU_AGENT_SOCKET_ADDRESS=" + socket();
        return ProcessHandle.allProcesses()
                .filter(process -> environment(process).contains(mark))
                .toList();
    }

    private static String environment(ProcessHandle process) {
        try {
            return Files.readString(Path.of("/proc/" + process.pid() + "/environ"), StandardCharsets.ISO_8859_1);
        } catch (IOException gone) {
            return "";
        }
    }

    private void start() throws IOException {
        if (!wantsIsolation) {
            return;
        }
        Path script = HookTool.extract("machine.sh", folder.resolve("bin"));
        Path log = folder.resolve("machine.log");
        for (List<String> userNamespace : List.of(List.<String>of(), List.of("--user", "--map-root-user"))) {
            holder = hold(userNamespace, script, log);
            if (holder.isPresent()) {
                isolation = Isolation.SEPARATE;
                return;
            }
        }
        isolation = new Isolation(
                false,
                "namespaces are not to be had here: " + Files.readString(log).strip());
    }

    private Optional<Holder> hold(List<String> userNamespace, Path script, Path log) throws IOException {
        List<String> command = new ArrayList<>(List.of("unshare", "--mount", "--pid", "--fork", "--kill-child"));
        command.addAll(List.of("--propagation", "private"));
        command.addAll(userNamespace);
        command.addAll(List.of("/bin/sh", script.toString(), folder.toString()));
        command.addAll(privateFolders);
        Process process;
        try {
            process = new ProcessBuilder(command).redirectError(log.toFile()).start();
        } catch (IOException noUnshare) {
            Files.writeString(log, String.valueOf(noUnshare.getMessage()));
            return Optional.empty();
        }
        BufferedReader answer =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        Optional<ProcessHandle> first =
                "ready".equals(answer.readLine()) ? process.children().findFirst() : Optional.empty();
        if (first.isEmpty()) {
            process.destroyForcibly();
            return Optional.empty();
        }
        List<String> enter = new ArrayList<>(
                List.of("nsenter", "--target", Long.toString(first.get().pid())));
        enter.addAll(List.of("--mount", "--pid"));
        if (!userNamespace.isEmpty()) {
            enter.addAll(List.of("--user", "--preserve-credentials"));
        }
        enter.add("--");
        return Optional.of(new Holder(process, first.get(), enter));
    }
}
