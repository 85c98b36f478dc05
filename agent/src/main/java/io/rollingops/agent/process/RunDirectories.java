// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.process;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * One folder per run of a command: its output, its process group, whether it has ended. The last ones are kept. Another
 * process of the agent finds in them what the last one left behind. For one thread.
 */
public final class RunDirectories {
    /** How many runs are kept. */
    static final int KEPT = 20;

    /** Stands in the environment of everything that a run started, so that a process can be told from a stranger's. */
    public static final String MARK = "ROLLINGOPS_RUN";

    private static final String GROUP = "group";
    private static final String ENDED = "ended";
    private static final int GROUP_FIELD = 2;
    private static final int LOOKS_MAX = 1_000;

    private final Path directory;

    public RunDirectories(Path directory) {
        this.directory = directory;
    }

    /** Makes the folder of a new run and removes the oldest ones. */
    Path create(long epoch, String callbackId) throws IOException {
        Files.createDirectories(
                directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        List<Path> runs = runs();
        for (Path old : runs.subList(0, Math.max(0, runs.size() - KEPT + 1))) {
            delete(old);
        }
        String name = String.format(Locale.ROOT, "%012d-%s", epoch, callbackId.replaceAll("[^A-Za-z0-9_.-]", "_"));
        Path run = directory.resolve(name);
        delete(run);
        return Files.createDirectory(run);
    }

    /** The run is over and left nothing that must be stopped. */
    static void ended(Path run) throws IOException {
        Files.writeString(run.resolve(ENDED), "");
    }

    /**
     * Kills what runs of an earlier process of this agent left behind: members of a recorded process group that carry the
     * run's mark (assumption A3). Blocks until they are gone, for some seconds at most.
     *
     * @return the runs whose processes were killed
     */
    public List<Path> killLeftovers() throws IOException, InterruptedException {
        List<Path> killed = new ArrayList<>();
        for (Path run : runs()) {
            if (!Files.exists(run.resolve(ENDED)) && kill(run)) {
                killed.add(run);
            }
        }
        return killed;
    }

    /**
     * Kills what is left of one run: members of its process group that carry its mark. Blocks until they are gone, for some
     * seconds at most.
     *
     * @return whether there was anything
     */
    public static boolean kill(Path run) throws IOException, InterruptedException {
        Optional<String> group = group(run);
        if (group.isEmpty()) {
            return false;
        }
        long endNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
        boolean found = false;
        Look look = look(group.get(), run);
        Set<Long> known = Set.of();
        while ((!look.members().isEmpty() || !known.containsAll(look.ended())) && System.nanoTime() < endNanos) {
            found |= !look.members().isEmpty();
            look.members().forEach(ProcessHandle::destroyForcibly);
            for (ProcessHandle member : look.members()) {
                awaitExit(member);
            }
            known = look.ended();
            look = look(group.get(), run);
        }
        return found;
    }

    private static void awaitExit(ProcessHandle process) throws InterruptedException {
        try {
            process.onExit().get(1, TimeUnit.SECONDS);
        } catch (java.util.concurrent.ExecutionException | java.util.concurrent.TimeoutException e) {
            // looked at again in the next round
        }
    }

    private static Optional<String> group(Path run) throws IOException {
        try {
            return Optional.of(Files.readString(run.resolve(GROUP)).strip()).filter(text -> text.matches("[0-9]+"));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    /**
     * One pass over the list of processes.
     *
     * @param ended what ended after the list was made, or is of the group and dead: one of them may have started a child that
     *     is not in the list, so only a pass that meets no new one proves that nobody is left
     */
    private record Look(List<ProcessHandle> members, Set<Long> ended) {}

    private enum Standing {
        MEMBER,
        STRANGER,
        ENDED
    }

    private static Look look(String group, Path run) {
        Map<Standing, List<ProcessHandle>> processes = ProcessHandle.allProcesses()
                .collect(Collectors.groupingBy(process -> standing(process.pid(), group, run)));
        return new Look(
                processes.getOrDefault(Standing.MEMBER, List.of()),
                processes.getOrDefault(Standing.ENDED, List.of()).stream()
                        .map(ProcessHandle::pid)
                        .collect(Collectors.toUnmodifiableSet()));
    }

    private static Standing standing(long pid, String group, Path run) {
        try {
            String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
            String[] afterName = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
            if (!afterName[GROUP_FIELD].equals(group)) {
                return Standing.STRANGER;
            }
            if (afterName[0].equals("Z")) {
                return Standing.ENDED;
            }
            String environment = environment(pid);
            if (environment.isEmpty()) {
                return Standing.ENDED; // it has given its memory back and is about to be gone
            }
            return ("\0" + environment).contains("\0" + MARK + "=" + run + "\0") ? Standing.MEMBER : Standing.STRANGER;
        } catch (AccessDeniedException e) {
            return Standing.STRANGER;
        } catch (IOException | UncheckedIOException e) {
            return Standing.ENDED;
        }
    }

    /** A process that is just replacing its program has none for some microseconds, and is looked at again. */
    private static String environment(long pid) throws IOException {
        Path file = Path.of("/proc", Long.toString(pid), "environ");
        String environment = "";
        for (int looks = 0; environment.isEmpty() && looks < LOOKS_MAX; looks++) {
            environment = Files.readString(file, StandardCharsets.ISO_8859_1);
        }
        return environment;
    }

    private List<Path> runs() throws IOException {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.sorted().toList();
        }
    }

    private static void delete(Path run) throws IOException {
        if (!Files.exists(run)) {
            return;
        }
        try (Stream<Path> inside = Files.walk(run)) {
            for (Path path : inside.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        }
    }
}
