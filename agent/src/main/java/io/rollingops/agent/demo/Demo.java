// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.demo;

import io.rollingops.RollingOpsException;
import io.rollingops.UnitName;
import io.rollingops.agent.config.Durations;
import io.rollingops.json.Json;
import io.rollingops.upgrade.UpgradeCommand;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Agents and services as real processes on this machine, rolling restarts, and what they looked like from outside.
 * Everything lives in a folder of its own and is ended and removed by {@link #close}, also on Ctrl-C.
 */
public final class Demo implements AutoCloseable {
    private static final int UNITS = 3;
    private static final Duration START_LIMIT = Duration.ofSeconds(60);
    private static final Duration AFTERWARDS = Duration.ofMillis(300);

    /** What is shown. */
    public enum Show {
        /** One application, on nothing but its own agents. */
        PEERS,
        /** Two applications that share a lock in etcd. */
        ETCD,
        /** The same, and etcd is killed in the middle of the roll and started again later. */
        ETCD_KILLED,
        /** One application that is upgraded, which fails on the second unit, is rolled back, and then succeeds. */
        UPGRADE;

        boolean hasEtcd() {
            return this == ETCD || this == ETCD_KILLED;
        }
    }

    private final PrintWriter out;
    private final Show show;
    private final Path folder;
    private final boolean keep;
    private final List<DemoApplication> applications = new ArrayList<>();
    private final Optional<DemoEtcd> etcd;
    private final Path rollLog;
    private final Map<UnitName, Integer> wanted = new HashMap<>();
    private final long beginNanos = System.nanoTime();
    private final AtomicBoolean closed = new AtomicBoolean();
    private final Thread onExit;

    private Demo(PrintWriter out, Show show, Path folder, boolean keep) throws IOException {
        this.out = out;
        this.show = show;
        this.folder = folder;
        this.keep = keep;
        this.rollLog = folder.resolve("roll.log");
        this.etcd = !show.hasEtcd() ? Optional.empty() : Optional.of(new DemoEtcd(folder.resolve("etcd")));
        this.onExit = new Thread(this::cleanUp, "demo-clean-up");
        Runtime.getRuntime().addShutdownHook(onExit);
    }

    /** Makes the folder with keys, certificates and configurations. Nothing runs yet. */
    public static Demo prepare(PrintWriter out, Show show, boolean keep) throws IOException {
        Path folder = Files.createTempDirectory("rollingops-demo-");
        Path script = folder.resolve("service.sh");
        try (InputStream in = Demo.class.getResourceAsStream("service.sh")) {
            Files.write(script, Objects.requireNonNull(in, "service.sh").readAllBytes());
        }
        Demo demo = new Demo(out, show, folder, keep);
        demo.add("web", UNITS, script, "degrade");
        if (show.hasEtcd()) {
            demo.add("api", 1, script, "block");
        }
        return demo;
    }

    private void add(String name, int count, Path script, String onLoss) throws IOException {
        String section = etcd.map(
                        server -> "etcd:\n  cluster-id: " + folder.getFileName() + "-0123456789\n  endpoints: "
                                + server.endpoints().stream()
                                        .map(endpoint -> "\"" + endpoint + "\"")
                                        .collect(Collectors.joining(", ", "[", "]"))
                                + "\n  lease: 15s\n  return-after: 3s\n  on-etcd-loss: " + onLoss + "\n")
                .orElse("");
        applications.add(DemoApplication.prepare(
                folder, name, count, script, rollLog, section, show == Show.UPGRADE, this::tell));
    }

    /** Rolls, and tells whether it was as it must be. */
    public boolean roll() throws IOException, InterruptedException {
        introduce();
        start();
        List<Prober> probers = new ArrayList<>();
        units().forEach(unit -> probers.add(new Prober(unit.name(), unit.servicePort())));
        Map<UnitName, String> before = instances(probers);
        switch (show) {
            case PEERS, ETCD -> rollAll(() -> {});
            case ETCD_KILLED -> rollWithoutEtcd();
            case UPGRADE -> upgrade();
        }
        TimeUnit.MILLISECONDS.sleep(AFTERWARDS.toMillis()); // so that the last service is seen to answer again
        Map<UnitName, String> after = instances(probers);
        List<Prober.Seen> services = new ArrayList<>();
        for (Prober prober : probers) {
            services.add(prober.stop());
        }
        Measured measured = new Measured(RollLog.read(rollLog), services, before, after, wanted);
        return show == Show.UPGRADE
                ? isGood(out, measured, releases(after, " 1.1"), " All answer with release 1.1.")
                : isGood(out, measured, List.of(), "");
    }

    /** What each service says of itself, from outside. */
    static List<String> releases(Map<UnitName, String> instances, String wanted) {
        List<String> problems = new ArrayList<>();
        instances.forEach((unit, instance) -> {
            if (!instance.endsWith(wanted)) {
                problems.add(unit + " says '" + instance + "', not" + wanted);
            }
        });
        return problems;
    }

    private void introduce() {
        out.println("Three agents, web/0 to web/2: each a process with its own data, and a member of one Raft group.");
        if (!show.hasEtcd()) {
            out.println("Each looks after a small web service. Nothing else is needed. Files: " + folder);
        } else {
            out.println(
                    "A second application, api/0. Each unit looks after a small web service. Three etcd processes hold"
                            + " the lock that");
            out.println("the two applications share. Files: " + folder);
        }
        out.println();
    }

    private void start() throws IOException, InterruptedException {
        if (etcd.isPresent()) {
            tell("starting three etcd processes");
            etcd.get().start();
        }
        tell("starting " + units().size() + " services and " + units().size() + " agents");
        List<Process> starting = new ArrayList<>();
        for (DemoApplication application : applications) {
            starting.addAll(application.begin());
        }
        for (Process service : starting) {
            if (!service.waitFor(START_LIMIT.toSeconds(), TimeUnit.SECONDS) || service.exitValue() != 0) {
                throw new RollingOpsException.Unavailable("a service of the demo did not start; see " + folder);
            }
        }
        for (DemoApplication application : applications) {
            Json.Obj report = application.awaitAgents();
            tell("all agents of " + application.name() + " are up, "
                    + report.object("group").string("leader") + " leads the group");
        }
        if (etcd.isPresent()) {
            for (DemoApplication application : applications) {
                application.awaitEtcd();
            }
            tell("all units are processed by etcd");
        }
    }

    /** All applications at once. */
    private void rollAll(Runnable onTurn) throws InterruptedException {
        for (DemoApplication application : applications) {
            tell("asking for a restart of every unit: rollingops request restart --all   (" + application.name() + ")");
            request(application);
        }
        List<CompletableFuture<Void>> followed = applications.stream()
                .map(application -> CompletableFuture.runAsync(() -> application.follow(1, onTurn)))
                .toList();
        await(followed);
    }

    /** Web goes on without etcd, api waits for it; then web returns to it. */
    private void rollWithoutEtcd() throws IOException, InterruptedException {
        DemoEtcd server = etcd.orElseThrow();
        DemoApplication web = applications.get(0);
        DemoApplication api = applications.get(1);
        AtomicBoolean first = new AtomicBoolean(true);
        tell("asking for a restart of every unit of web: rollingops request restart --all");
        request(web);
        web.follow(1, () -> {
            if (first.getAndSet(false)) {
                kill(server);
                tell("asking for a restart of api, which must not run without the lock (on-etcd-loss: block)");
                request(api);
            }
        });
        tell("web is through, without etcd; starting etcd again");
        server.start();
        api.follow(1, () -> {});
        web.awaitEtcd();
        tell("web has returned to etcd; once more:");
        request(web);
        web.follow(2, () -> {});
    }

    /** To 1.1, which is not well on the second unit, back, and once more when that was mended. */
    private void upgrade() throws IOException {
        DemoApplication web = applications.get(0);
        web.awaitReleases();
        tell("all services have release 1.0: rollingops upgrade check --to 1.1");
        List<DemoUnit> order = web.upgradeOrder("1.1");
        DemoUnit second = order.get(1);
        for (DemoUnit unit : order) {
            if (unit != second) {
                unit.writeSettings("1.1");
            }
        }
        tell("release 1.1 needs settings, and " + second.name() + " has none: rollingops upgrade start --to 1.1");
        web.order(DemoApplication.start("1.1"));
        web.followUpgrade(report -> report.string("phase").equals("failed"));
        tell("it stopped there; " + order.get(2).name() + " was not touched: rollingops upgrade rollback");
        web.order(new UpgradeCommand.Rollback("no settings for 1.1"));
        web.followUpgrade(Demo::isOver);
        tell("all are back at 1.0; " + second.name() + " gets its settings: rollingops upgrade start --to 1.1");
        second.writeSettings("1.1");
        web.order(DemoApplication.start("1.1"));
        web.followUpgrade(Demo::isOver);
        wanted.put(order.get(0).name(), 3);
        wanted.put(second.name(), 3);
        wanted.put(order.get(2).name(), 1);
    }

    private static boolean isOver(Json.Obj report) {
        return report.string("phase").equals("idle");
    }

    private void kill(DemoEtcd server) {
        tell("killing all three etcd processes (kill -9)");
        try {
            server.kill();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void request(DemoApplication application) {
        application.units().forEach(unit -> wanted.merge(unit.name(), 1, Integer::sum));
        application.request();
    }

    private static void await(List<CompletableFuture<Void>> followed) throws InterruptedException {
        try {
            CompletableFuture.allOf(followed.toArray(CompletableFuture[]::new)).get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RollingOpsException known) {
                throw known;
            }
            throw new IllegalStateException(e.getCause());
        }
    }

    /**
     * Prints what was measured, and judges it.
     *
     * @param further what else was not as it must be
     * @param praise what else can be said when all was well
     */
    static boolean isGood(PrintWriter out, Measured measured, List<String> further, String praise) {
        out.println();
        out.println("Measured from outside, " + measured.probes() + " probes:");
        RollLog log = measured.log();
        out.println(
                "  order        " + log.turns().stream().map(RollLog.Turn::unit).collect(Collectors.joining(", ")));
        measured.outages()
                .forEach(outage ->
                        out.println("  down         " + outage.unit() + "  " + Durations.text(outage.length())));
        for (int i = 1; i < log.turns().size(); i++) {
            out.println("  hand-over    " + log.turns().get(i - 1).unit() + " to "
                    + log.turns().get(i).unit() + "  " + Durations.text(log.handOver(i)));
        }
        out.println("  down at once "
                + (measured.mostDownAtOnce() <= 1
                        ? "never more than one of "
                        : "UP TO " + measured.mostDownAtOnce() + " of ")
                + measured.services().size());
        List<String> problems = new ArrayList<>(measured.problems());
        problems.addAll(further);
        problems.forEach(problem -> out.println("  PROBLEM      " + problem));
        out.println();
        out.println(
                problems.isEmpty()
                        ? "Good: one after the other, all of them, and nobody more often than asked." + praise
                        : "That was wrong.");
        out.flush();
        return problems.isEmpty();
    }

    private List<DemoUnit> units() {
        return applications.stream()
                .flatMap(application -> application.units().stream())
                .toList();
    }

    private static Map<UnitName, String> instances(List<Prober> probers) throws InterruptedException {
        Map<UnitName, String> instances = new HashMap<>();
        for (Prober prober : probers) {
            instances.put(prober.unit(), prober.awaitInstance(START_LIMIT));
        }
        return instances;
    }

    private synchronized void tell(String what) {
        double seconds = (System.nanoTime() - beginNanos) / 1e9;
        out.println(String.format(java.util.Locale.ROOT, "%6.2f s  %s", seconds, what));
        out.flush();
    }

    @Override
    public void close() {
        cleanUp();
        try {
            Runtime.getRuntime().removeShutdownHook(onExit);
        } catch (IllegalStateException e) {
            // The process is ending, and the hook did it.
        }
    }

    private void cleanUp() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        units().forEach(DemoUnit::terminateAgent);
        for (DemoUnit unit : units()) {
            try {
                unit.stop();
            } catch (IOException e) {
                out.println("could not end " + unit.name() + ": " + e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        etcd.ifPresent(this::end);
        if (keep) {
            out.println("Kept " + folder);
        } else {
            delete();
        }
        out.flush();
    }

    private void end(DemoEtcd server) {
        try {
            server.kill();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void delete() {
        try (Stream<Path> inside = Files.walk(folder)) {
            for (Path path : inside.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        } catch (IOException e) {
            out.println("could not remove " + folder + ": " + e);
        }
    }
}
