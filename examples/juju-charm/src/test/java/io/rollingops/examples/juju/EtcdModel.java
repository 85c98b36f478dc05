// SPDX-License-Identifier: Apache-2.0
package io.rollingops.examples.juju;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.rollingops.json.Json;
import io.rollingops.testkit.juju.EtcdProvider;
import io.rollingops.testkit.juju.JujuEmulator;
import io.rollingops.testkit.juju.ProvidedEtcd;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/** A model with a real etcd for applications of the example charm that share its lock. For one test thread. */
final class EtcdModel implements AutoCloseable {
    /** Leases that run out while a test waits for it, as the charm's variables say it. */
    static final Map<String, String> SHORT_LEASES = Map.of("ROLLINGOPS_ETCD_LEASE_SECONDS", "5");

    /** As {@link #SHORT_LEASES}, and callbacks stop when the lock is lost. */
    static final Map<String, String> BLOCKING =
            Map.of("ROLLINGOPS_ETCD_LEASE_SECONDS", "5", "ROLLINGOPS_ON_ETCD_LOSS", "block");

    /** The lock itself. */
    static final String LOCK_KEY = "/rollingops/default/cluster1/granted-unit/";

    private static final String KEYS = "/rollingops/default/cluster1/";
    private static final String MODEL = "cdac5656-2423-4388-8f30-41854b4cca7d";
    private static final String FOLDER = "/var/lib/rollingops";
    private static final String WORKER_MAIN = "io.rollingops.worker.WorkerMain";
    private static final long LOOK_NANOS = 50_000_000;

    private final ProvidedEtcd etcd;
    private final ChangingEtcd access;
    private final JujuEmulator juju;
    private final CharmUnderTest charm;

    private EtcdModel(ProvidedEtcd etcd, JujuEmulator juju, CharmUnderTest charm) {
        this.etcd = etcd;
        this.access = new ChangingEtcd(etcd);
        this.juju = juju;
        this.charm = charm;
    }

    /** Starts etcd and deploys its provider, and nothing else. */
    static EtcdModel start(long seed) throws IOException {
        ProvidedEtcd etcd = ProvidedEtcd.start(1);
        JujuEmulator juju =
                JujuEmulator.builder().model("testing", MODEL).seed(seed).build();
        EtcdModel model = new EtcdModel(etcd, juju, new CharmUnderTest(juju));
        juju.deploy(new EtcdProvider(model.access), "etcd", 1);
        assumeTrue(juju.isolation("etcd/0").separate(), juju.isolation("etcd/0")::reason);
        return model;
    }

    /**
     * Deploys an application of the charm, related to etcd, with a certificate that was made before; does not run the model.
     *
     * @param variables for every unit of it
     * @return the number of the relation
     */
    int deploy(String app, int units, Map<String, String> variables) throws IOException {
        int relation = charm.deployOnEtcd(app, units, variables);
        PreparedCertificate.giveTo(files(juju.leader(app).orElse(app + "/0")), app);
        return relation;
    }

    ProvidedEtcd etcd() {
        return etcd;
    }

    /** What the provider hands out from its next hook on. */
    ChangingEtcd access() {
        return access;
    }

    JujuEmulator juju() {
        return juju;
    }

    CharmUnderTest charm() {
        return charm;
    }

    /** What will be worked from now on. */
    Work work() {
        return new Work(charm, charm.work().size());
    }

    /** What was worked since a moment. */
    record Work(CharmUnderTest charm, int begun) {
        List<String> lines() {
            List<String> all = charm.work();
            return all.subList(begun, all.size());
        }

        /** Runs the model until so many lines are noted, and then until nobody has anything to do. */
        List<String> settledAfter(int count) {
            charm.settleAfterWork(begun + count);
            return lines();
        }

        /** What one unit did. */
        List<String> of(String unit) {
            return lines().stream().filter(line -> line.startsWith(unit + " ")).toList();
        }

        /** Each line that begins something is followed by the one that ends it. */
        void assertNeverTwoAtOnce() {
            List<String> lines = lines();
            for (int i = 0; i < lines.size(); i += 2) {
                assertThat(lines.get(i)).as("%s", lines).contains(" begin ");
                assertThat(lines.subList(i, lines.size()))
                        .as("%s", lines)
                        .element(1)
                        .asString()
                        .isIn(
                                lines.get(i).replace(" begin ", " end "),
                                lines.get(i).replace(" begin ", " stop "));
            }
        }
    }

    /** Asks for an action without running the model. */
    void ask(String unit, String action, Map<String, Json> parameters) {
        juju.runAction(unit, action, parameters);
    }

    static Map<String, Json> delay(double seconds) {
        return Map.of("delay", new Json.Real(seconds));
    }

    static Map<String, Json> retries(int max) {
        return Map.of("max-retry", Json.of(max));
    }

    /** Runs the model until a line of work is there that was not before. */
    void awaitWork(Work work, String line) {
        juju.runUntil(line, () -> work.lines().contains(line), CharmUnderTest.LIMIT);
    }

    /** Waits for what goes on outside of the model, which stands still meanwhile. */
    void await(String what, BooleanSupplier condition) {
        long deadline = System.nanoTime() + CharmUnderTest.LIMIT.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - deadline > 0) {
                throw new AssertionError("not within " + CharmUnderTest.LIMIT + ": " + what + "\n" + story());
            }
            LockSupport.parkNanos(LOOK_NANOS);
        }
    }

    /** Runs the model until something is so. */
    void runUntil(String what, BooleanSupplier condition) {
        juju.runUntil(what, condition, CharmUnderTest.LIMIT);
    }

    /** The processes of the unit's worker: one that works, and for a moment one that finds that out and ends. */
    List<ProcessHandle> workers(String unit) {
        return juju.processes(unit).stream()
                .filter(process -> process.info().command().orElse("").endsWith("/java"))
                .filter(process -> process.info().commandLine().orElse("").contains(WORKER_MAIN))
                .toList();
    }

    /** Ends the unit's worker as {@code kill -9} does, and waits until another one has come up by itself. */
    void killWorker(String unit) {
        List<ProcessHandle> workers = workers(unit);
        assertThat(workers).isNotEmpty();
        long starts = starts(unit);
        workers.forEach(ProcessHandle::destroyForcibly);
        await("another worker of " + unit + " works", () -> starts(unit) > starts);
        assertThat(workers).noneMatch(ProcessHandle::isAlive);
    }

    /** How often a worker of the unit has begun its work. */
    long starts(String unit) {
        return workerLog(unit).stream()
                .filter(line -> line.contains(" started cluster="))
                .count();
    }

    /** The lines of the unit's worker. */
    List<String> workerLog(String unit) {
        return lines(files(unit).resolve("etcd_rollingops_worker.log.0"));
    }

    /** Those that were not known yet, after so many that were. */
    List<String> workerLog(String unit, int known) {
        List<String> all = workerLog(unit);
        return all.subList(Math.min(known, all.size()), all.size());
    }

    /** The unit's own folder, as it lies on the real machine. */
    Path files(String unit) {
        return juju.privateFolder(unit, FOLDER).resolve(unit.replace('/', '-'));
    }

    /** What a unit goes by in etcd. */
    static String owner(String unit) {
        return MODEL + "-" + unit.replace('/', '-');
    }

    /** Who has the lock; empty for nobody. */
    String holder() {
        return etcd.cluster().etcdctl("get", "--print-value-only", LOCK_KEY).strip();
    }

    /** Waits until nobody has the lock: a worker gives it back a moment after the hook that it waited for. */
    void awaitFreeLock() {
        await("nobody has the lock", () -> holder().isEmpty());
    }

    /** Waits until there is no key of a unit in etcd. */
    void awaitNoKeysOf(String unit) {
        await("no key of " + unit + " is in etcd", () -> keysOf(unit).isEmpty());
    }

    /** Has somebody else take the lock, as the original library does it. */
    void takeLock() {
        etcd.cluster().etcdctl("put", LOCK_KEY, "somebody-else");
    }

    /** Ends {@link #takeLock}. */
    void giveLockBack() {
        etcd.cluster().etcdctl("del", LOCK_KEY);
    }

    /** Lets the unit wait for the lock, which somebody else takes before. */
    void waitForLock(String unit) {
        int log = workerLog(unit).size();
        takeLock();
        ask(unit, "restart", Map.of());
        runUntil(
                unit + " waits for the lock",
                () -> workerLog(unit, log).stream().anyMatch(line -> line.contains("waits for the lock")));
        charm.settle();
    }

    /** Lets the unit get the lock while the model stands still, so that its hook is on its way and does not begin. */
    void grantAndHold(String unit) {
        waitForLock(unit);
        int log = workerLog(unit).size();
        giveLockBack();
        await(
                unit + " has the lock and dispatches",
                () -> holder().equals(owner(unit))
                        && workerLog(unit, log).stream().anyMatch(line -> line.contains(" dispatches ")));
    }

    /** All keys of a unit in etcd, the lock among them if it has it. */
    List<String> keysOf(String unit) {
        String owner = owner(unit);
        String[] lines = etcd.cluster().etcdctl("get", "--prefix", KEYS).split("\n", -1);
        List<String> found = new ArrayList<>();
        for (String line : lines) {
            if (line.contains(owner)) {
                found.add(line);
            }
        }
        return found;
    }

    /** What Juju and the workers know, for people. */
    String story() {
        StringBuilder story = new StringBuilder(juju.story());
        for (String app : List.of("app", "other")) {
            try {
                for (String unit : juju.units(app)) {
                    story.append("\n== worker of ").append(unit).append(' ').append(juju.databag("restart", unit));
                    workerLog(unit).forEach(line -> story.append('\n').append(line));
                }
                story.append("\n== ").append(app).append(' ').append(juju.appDatabag("restart", app));
            } catch (IllegalArgumentException e) {
                story.append("\n== no ").append(app);
            }
        }
        return story.append("\n== work ").append(charm.work()).toString();
    }

    /** The unit has a folder no more, no process and no key. */
    void assertNothingIsLeftOf(String unit, Path itsFiles, Stream<ProcessHandle> itsProcesses) {
        itsProcesses.forEach(process -> await(process.pid() + " of " + unit + " is gone", () -> !process.isAlive()));
        await(itsFiles + " of " + unit + " is gone", () -> !Files.exists(itsFiles));
        awaitNoKeysOf(unit);
    }

    private static List<String> lines(Path file) {
        try {
            return Files.exists(file) ? Files.readAllLines(file) : List.of();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        try {
            juju.close();
        } finally {
            etcd.close();
        }
    }
}
