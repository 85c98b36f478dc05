// SPDX-License-Identifier: Apache-2.0
package io.rollingops.benchmarks;

import io.rollingops.json.Json;
import io.rollingops.testkit.juju.EtcdProvider;
import io.rollingops.testkit.juju.JujuEmulator;
import io.rollingops.testkit.juju.ProvidedEtcd;
import io.rollingops.testkit.juju.TraceEntry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * What a hook of the example charm costs beside one of the Python charm: same emulator, same events, in turns. The wall
 * time is that of the charm's process; processor time and memory count its child processes as well.
 */
public final class JujuHooks {
    private static final Duration LIMIT = Duration.ofMinutes(2);
    private static final List<String> APPS = List.of("java", "python");

    private JujuHooks() {}

    /** Arguments: the folder of the Java charm, that of the Python charm, and how many rounds. */
    public static void main(String[] arguments) {
        int rounds = arguments.length > 2 ? Integer.parseInt(arguments[2]) : 15;
        try (JujuEmulator juju = JujuEmulator.builder().parallel(1).build()) {
            juju.deploy(Path.of(arguments[0]), "java", 2);
            juju.deploy(Path.of(arguments[1]), "python", 2);
            juju.settle(LIMIT);
            compare("peer relation-changed on the leader", rounds, juju, JujuHooks::changed);
            compare("update-status on a follower", rounds, juju, JujuHooks::updateStatus);
            compare("a hook that nobody observes", rounds, juju, JujuHooks::unobserved);
        }
        try (ProvidedEtcd etcd = ProvidedEtcd.start(1);
                JujuEmulator juju = JujuEmulator.builder().parallel(1).build()) {
            juju.deploy(new EtcdProvider(etcd), "etcd", 1);
            for (int i = 0; i < APPS.size(); i++) {
                deployOnEtcd(juju, Path.of(arguments[i]), APPS.get(i));
            }
            compare("with etcd, peer relation-changed on the leader", rounds, juju, JujuHooks::changed);
            compare("with etcd, update-status on a follower", rounds, juju, JujuHooks::updateStatus);
            compare("with etcd, a hook that nobody observes", rounds, juju, JujuHooks::unobserved);
        }
        CharmHandOver.measure(Path.of(arguments[0]), rounds);
    }

    /** With a lock of its own, and a worker on each unit: the original starts it with the first request. */
    private static void deployOnEtcd(JujuEmulator juju, Path charm, String app) {
        Path transitions = juju.folder().resolve(app + ".transitions");
        juju.deploy(charm, app, 2, Map.of("cluster-id", Json.of(app), "transitions", Json.of(transitions.toString())));
        juju.settle(LIMIT);
        juju.relate(app, "etcd");
        juju.settle(LIMIT);
        for (String unit : juju.units(app)) {
            juju.runAction(unit, "restart", Map.of("delay", Json.of(0))).result();
            juju.runUntil(
                    unit + " has worked on etcd",
                    () -> "etcd".equals(juju.databag("restart", unit).get("processing_backend"))
                            && "[]".equals(juju.databag("restart", unit).get("operations")),
                    LIMIT);
        }
        juju.settle(LIMIT);
    }

    /** One event of one application, and what its hook cost. */
    private interface Event {
        TraceEntry happen(JujuEmulator juju, String app, int round);
    }

    private static TraceEntry changed(JujuEmulator juju, String app, int round) {
        juju.exec(app + "/1", "relation-set -r $(relation-ids restart) probe=" + round);
        juju.settle(LIMIT);
        return last(juju, app + "/0", "restart-relation-changed");
    }

    private static TraceEntry updateStatus(JujuEmulator juju, String app, int round) {
        juju.updateStatus(app + "/1");
        juju.settle(LIMIT);
        return last(juju, app + "/1", "update-status");
    }

    private static TraceEntry unobserved(JujuEmulator juju, String app, int round) {
        String commands = "JUJU_DISPATCH_PATH=hooks/secret-rotate JUJU_SECRET_ID=secret:none ./dispatch";
        juju.exec(app + "/1", commands);
        juju.settle(LIMIT);
        return last(juju, app + "/1", commands);
    }

    private static TraceEntry last(JujuEmulator juju, String unit, String name) {
        List<TraceEntry> entries = juju.trace(unit).stream()
                .filter(entry -> entry.name().equals(name))
                .toList();
        return entries.get(entries.size() - 1);
    }

    private static void compare(String what, int rounds, JujuEmulator juju, Event event) {
        List<List<TraceEntry>> entries = List.of(new ArrayList<>(), new ArrayList<>());
        for (int round = 0; round < rounds; round++) {
            for (int i = 0; i < APPS.size(); i++) {
                entries.get(i).add(event.happen(juju, APPS.get(i), round));
            }
        }
        System.out.println(what + ", " + rounds + " each, medians:");
        print("wall ms", entries, entry -> entry.wall().toNanos() / 1e6);
        print("processor ms", entries, entry -> entry.cpu().toNanos() / 1e6);
        print("largest process MiB", entries, entry -> entry.maxMemoryKib() / 1024.0);
        print("hook commands", entries, entry -> entry.commands().size());
    }

    private static void print(String unit, List<List<TraceEntry>> entries, ToDoubleFunction<TraceEntry> figure) {
        double java = median(entries.get(0), figure);
        double python = median(entries.get(1), figure);
        System.out.printf(
                Locale.ROOT, "  %-20s java %7.1f   python %7.1f   ratio %.2f%n", unit, java, python, java / python);
    }

    private static double median(List<TraceEntry> entries, ToDoubleFunction<TraceEntry> figure) {
        double[] sorted = entries.stream().mapToDouble(figure).sorted().toArray();
        return sorted[sorted.length / 2];
    }
}
