// SPDX-License-Identifier: Apache-2.0
package io.rollingops.benchmarks;

import io.rollingops.testkit.net.ReservedPort;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The program as users run it, three agents as processes on this machine: how long the command line takes, what an agent
 * costs when nothing is to be done, and how soon the next unit runs after the leader was killed.
 */
public final class WholePrograms implements AutoCloseable {
    private static final int AGENTS = 3;
    private static final int CLOCK_TICKS_PER_SECOND = 100;
    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final Duration SETTLING = Duration.ofMinutes(1);
    private static final Pattern LEADER = Pattern.compile("\"leader\":\"bench/([0-9])\"");

    private final Path program;
    private final Path folder;
    private final List<ReservedPort> ports = new ArrayList<>();
    private final List<Process> agents = new ArrayList<>();

    private WholePrograms(Path program, Path folder) {
        this.program = program;
        this.folder = folder;
    }

    /** First argument: the program's folder; second: for how many seconds agents are watched at rest; third: kills. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        Duration rest = Duration.ofSeconds(arguments.length > 1 ? Long.parseLong(arguments[1]) : 60);
        int kills = arguments.length > 2 ? Integer.parseInt(arguments[2]) : 10;
        Path folder = Files.createTempDirectory("rollingops-benchmark-");
        try (WholePrograms programs = new WholePrograms(Path.of(arguments[0]), folder)) {
            programs.prepare();
            programs.wallTimes();
            programs.atRest(rest);
            programs.leaderKilled(kills);
        } finally {
            try (Stream<Path> inside = Files.walk(folder)) {
                for (Path path : inside.sorted(Comparator.reverseOrder()).toList()) {
                    Files.deleteIfExists(path);
                }
            }
        }
    }

    private void prepare() throws IOException, InterruptedException {
        Files.writeString(
                folder.resolve("work.sh"),
                "echo begin $ROLLINGOPS_UNIT $(date +%s%N) >>\"$1\"\n"
                        + "while [ -n \"$ROLLINGOPS_ARG_GATE\" ] && [ ! -e \"$ROLLINGOPS_ARG_GATE\" ]; do sleep 0.01; done\n");
        List<String> init = new ArrayList<>(List.of(
                "init",
                "bench",
                "-d",
                folder.resolve("bench").toString(),
                "--callback",
                "work=sh " + folder.resolve("work.sh") + " " + folder.resolve("log")));
        for (int i = 0; i < AGENTS; i++) {
            init.add("--unit");
            ReservedPort port = ReservedPort.take();
            ports.add(port);
            init.add("bench/" + i + "=127.0.0.1:" + port.number());
        }
        run(0, init.toArray(new String[0]));
        for (int i = 0; i < AGENTS; i++) {
            Path configuration = unit(i).resolve("agent.yaml");
            Files.writeString(configuration, Files.readString(configuration) + "\ndata-directory: data\n");
            agents.add(startAgent(i));
        }
        awaitOnline(0);
    }

    private void wallTimes() throws IOException, InterruptedException {
        for (String command : List.of("--help", "status")) {
            long[] nanos = new long[20];
            for (int i = 0; i < nanos.length; i++) {
                long begin = System.nanoTime();
                run(0, command);
                nanos[i] = System.nanoTime() - begin;
            }
            System.out.println(
                    new Sample("rollingops " + command + ", with the class archive (wanted: 300 ms)", nanos));
        }
    }

    private void atRest(Duration rest) throws IOException, InterruptedException {
        Thread.sleep(SETTLING.toMillis()); // what starting left to compile is not rest
        long[] before = new long[AGENTS];
        for (int i = 0; i < AGENTS; i++) {
            before[i] = cpuTicks(i);
        }
        Thread.sleep(rest.toMillis());
        int leader = awaitLeader();
        for (int i = 0; i < AGENTS; i++) {
            double percent = 100.0 * (cpuTicks(i) - before[i]) / CLOCK_TICKS_PER_SECOND / rest.toSeconds();
            System.out.printf(
                    Locale.ROOT,
                    "agent at rest for %d s, %-8s  resident %d MB (wanted: 120 or less)   %.2f %% of a core (wanted: 0.5 or"
                            + " less)%n",
                    rest.toSeconds(),
                    i == leader ? "leader" : "follower",
                    residentKilobytes(i) / 1024,
                    percent);
        }
    }

    /** The holder's callback ends in the moment in which the leader is killed; until the next unit's begins. */
    private void leaderKilled(int kills) throws IOException, InterruptedException {
        long[] nanos = new long[kills];
        for (int i = 0; i < kills; i++) {
            int leader = awaitLeader();
            int holder = (leader + 1) % AGENTS;
            int next = (leader + 2) % AGENTS;
            Path gate = folder.resolve("gate-" + i);
            Files.deleteIfExists(folder.resolve("log"));
            run(holder, "request", "work", "--arg", "gate=" + gate);
            run(next, "request", "work", "--arg", "n=" + i);
            await(() -> log().contains("bench/" + holder));

            long killed = System.currentTimeMillis();
            agents.get(leader).destroyForcibly();
            Files.writeString(gate, "");
            await(() -> log().contains("bench/" + next));
            Matcher begun = Pattern.compile("begin bench/" + next + " ([0-9]+)").matcher(log());
            if (!begun.find()) {
                throw new IllegalStateException("no time in " + log());
            }
            nanos[i] = Long.parseLong(begun.group(1)) - killed * 1_000_000;

            agents.get(leader).onExit().join();
            agents.set(leader, startAgent(leader));
            awaitOnline(leader); // asked itself: to the others its old lease still looks alive
        }
        System.out.println(new Sample("leader killed (-9), until the next callback begins (wanted: 1500 ms)", nanos));
    }

    private Process startAgent(int number) throws IOException {
        return new ProcessBuilder(
                        program.resolve("bin/rollingops").toString(),
                        "agent",
                        "--config",
                        unit(number).resolve("agent.yaml").toString())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(
                        unit(number).resolve("agent.log").toFile()))
                .start();
    }

    private Path unit(int number) {
        return folder.resolve("bench/bench-" + number);
    }

    /** One run of the command line against that agent; what it printed. */
    private String run(int agent, String... arguments) throws IOException, InterruptedException {
        List<String> command =
                new ArrayList<>(List.of(program.resolve("bin/rollingops").toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment()
                .put(
                        "ROLLINGOPS_SOCKET",
                        unit(agent).resolve("data/control/agent.sock").toString());
        Process process = builder.start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0 && !List.of(arguments).contains("status")) {
            throw new IllegalStateException(command + ": " + output);
        }
        return output;
    }

    private String status(int agent) throws IOException, InterruptedException {
        return run(agent, "status", "-o", "json");
    }

    private void awaitOnline(int asked) throws IOException, InterruptedException {
        Predicate<String> all =
                status -> LEADER.matcher(status).find() && status.split("\"online\":true", -1).length == AGENTS + 1;
        await(() -> all.test(status(asked)));
    }

    /** A member that was started again may lose sight of the leader once more. */
    private int awaitLeader() throws IOException, InterruptedException {
        List<Integer> seen = new ArrayList<>();
        await(() -> {
            Matcher leader = LEADER.matcher(status(0));
            if (leader.find()) {
                seen.add(Integer.parseInt(leader.group(1)));
            }
            return !seen.isEmpty();
        });
        return seen.get(0);
    }

    private String log() throws IOException {
        Path log = folder.resolve("log");
        return Files.exists(log) ? Files.readString(log) : "";
    }

    /** Something that may be so. */
    private interface Condition {
        boolean holds() throws IOException, InterruptedException;
    }

    private static void await(Condition condition) throws IOException, InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.holds()) {
            if (System.nanoTime() - end > 0) {
                throw new IllegalStateException("it did not come to pass within " + PATIENCE);
            }
            Thread.sleep(20);
        }
    }

    private long cpuTicks(int agent) throws IOException {
        String stat = Files.readString(proc(agent, "stat"));
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
        return Long.parseLong(fields[11]) + Long.parseLong(fields[12]);
    }

    private long residentKilobytes(int agent) throws IOException {
        Matcher resident = Pattern.compile("VmRSS:\\s+([0-9]+) kB").matcher(Files.readString(proc(agent, "status")));
        if (!resident.find()) {
            throw new IllegalStateException("no VmRSS");
        }
        return Long.parseLong(resident.group(1));
    }

    private Path proc(int agent, String file) {
        return Path.of("/proc", Long.toString(agents.get(agent).pid()), file);
    }

    @Override
    public void close() {
        agents.forEach(agent -> agent.destroyForcibly().onExit().join());
        ports.forEach(ReservedPort::close);
    }
}
