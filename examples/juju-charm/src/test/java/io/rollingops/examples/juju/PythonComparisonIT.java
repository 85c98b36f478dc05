// SPDX-License-Identifier: Apache-2.0
package io.rollingops.examples.juju;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.rollingops.json.Json;
import io.rollingops.testkit.etcd.RequiresEtcd;
import io.rollingops.testkit.juju.ActionResult;
import io.rollingops.testkit.juju.EtcdProvider;
import io.rollingops.testkit.juju.JujuEmulator;
import io.rollingops.testkit.juju.ProvidedEtcd;
import io.rollingops.testkit.juju.TraceEntry;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/**
 * The unchanged Python charm and the example charm go through the same scenario, and everything that others can see of them
 * is compared: action results, what was worked, custom hooks in their order, and all databags, with times, salts and ids
 * left out. What differs on purpose stands in the tests with its reason.
 */
@Order(1)
class PythonComparisonIT {
    private static final String MODEL = "cdac5656-2423-4388-8f30-41854b4cca7d";
    private static final Duration LIMIT = Duration.ofMinutes(3);
    private static final Pattern TIME = Pattern.compile("[0-9]{10}(\\.[0-9]{1,6})?");
    private static final Pattern SECRET = Pattern.compile("secret:[0-9a-v]{20}");
    private static final Pattern SALT = Pattern.compile("(\"salt\": ?\")[A-Za-z0-9]{16}");
    private static final Pattern REQUEST = Pattern.compile("\"[0-9a-f]{16}\"");

    /** What differs on both, as lines {@code key: Python's | ours}, and why. */
    private static final Map<String, String> ON_PURPOSE = Map.of(
            "[2-5] \\w+ restart app grant_epoch: - \\| [0-9]+",
            "grants have numbers that only grow, so that no clocks are compared (S5, L11)",
            "[2-5] \\w+ restart app/1 (done_epoch|outcomes): - \\| .+",
            "a unit answers the number of its grant in the commit of the result (L5, L11)",
            "[1-5] \\w+ restart app/[01] (protocol: - \\| 2|last_requested_at: - \\| TIME)",
            "a unit says which protocol it follows, and never stamps two requests alike (C4, C5)",
            "[1-5] \\w+ restart app/0 (operations: - \\| \\[]|state: - \\| idle|processing_backend: - \\| .+"
                    + "|etcd_cleanup_needed: - \\| false)",
            "a unit of ours shows that it is idle; the original writes nothing before its first request",
            "custom hooks app/0: \\[] \\| \\[rollingops_lock_granted.*",
            "a leader that has written for itself is woken by a hook, and a new worker asks how things stand; the"
                    + " original sleeps and looks");

    private static final Map<String, String> ON_PEERS = Map.of(
            "[1-5] \\w+ restart app/1 etcd_cleanup_needed: true \\| false",
            "without etcd nothing can have been left there; the original marks every request");

    private static final Map<String, String> ON_ETCD = Map.of(
            "[1-5] \\w+ etcd app/[01] data: .+ \\| -",
            "a unit remembers the provider's answer in its own folder; nobody else reads it",
            "[1-5] \\w+ restart app/1 etcd-rollingops-worker-pid: [0-9]+ \\| -",
            "a worker is known by a file that it has locked, since process numbers are used again (X7, O1)",
            "action app/. [a-z-]*restart: true idle etcd \\| true waiting etcd",
            "a unit whose operations wait is waiting (C11)",
            "custom hooks app/1: (\\[rollingops_lock_granted.*) \\| \\[rollingops_lock_granted, .*",
            "a new worker asks how things stand");

    @Test
    void on_the_peers_both_show_the_same_to_others() throws IOException, InterruptedException {
        List<String> differences = new ArrayList<>();
        try (JujuEmulator java = emulator();
                JujuEmulator python = emulator()) {
            CharmUnderTest ours = new CharmUnderTest(java);
            ours.deploy(2);
            CharmUnderTest theirs = new CharmUnderTest(python);
            theirs.deploy(PythonCharm.prepare(python.folder().resolve("python")), 2);
            assumeTrue(python.isolation("app/0").separate(), python.isolation("app/0")::reason);
            differences.addAll(differences(observe(python, theirs), observe(java, ours)));
        }
        assertExplained(differences, ON_PURPOSE, ON_PEERS);
    }

    @Test
    @RequiresEtcd
    void on_etcd_both_show_the_same_to_others() throws IOException, InterruptedException {
        List<String> differences = new ArrayList<>();
        try (ProvidedEtcd etcd = ProvidedEtcd.start(1);
                ProvidedEtcd another = ProvidedEtcd.start(1);
                JujuEmulator java = emulator();
                JujuEmulator python = emulator()) {
            java.deploy(new EtcdProvider(etcd), "etcd", 1);
            CharmUnderTest ours = new CharmUnderTest(java);
            ours.deployOnEtcd(2);
            python.deploy(new EtcdProvider(another), "etcd", 1);
            CharmUnderTest theirs = new CharmUnderTest(python);
            Path charm = PythonCharm.prepare(python.folder().resolve("python"));
            theirs.deployOnEtcd(charm, "app", 2);
            assumeTrue(python.isolation("app/0").separate(), python.isolation("app/0")::reason);
            theirs.settle();
            python.relate("app", "etcd");
            theirs.settle();
            differences.addAll(differences(observe(python, theirs), observe(java, ours)));
        }
        assertExplained(differences, ON_PURPOSE, ON_ETCD);
    }

    private static JujuEmulator emulator() {
        return JujuEmulator.builder().model("testing", MODEL).seed(7).build();
    }

    /**
     * What a unit that does not lead shows when it restarts, fails and is tried again after the others and at once, and works
     * under the synchronous lock.
     */
    private static Map<String, String> observe(JujuEmulator juju, CharmUnderTest charm) {
        Map<String, String> seen = new TreeMap<>();
        ask(charm, seen, "app/1", "restart", Map.of());
        databags(juju, seen, "1 queued");
        finish(juju, charm, 2);
        databags(juju, seen, "2 done");
        ask(charm, seen, "app/1", "failed-restart", EtcdModel.retries(1));
        finish(juju, charm, 6);
        databags(juju, seen, "3 retried");
        ask(charm, seen, "app/1", "deferred-restart", EtcdModel.retries(1));
        finish(juju, charm, 10);
        databags(juju, seen, "4 deferred");
        ask(charm, seen, "app/1", "sync-restart", Map.of());
        finish(juju, charm, 12);
        databags(juju, seen, "5 sync");
        seen.put("work", charm.work().toString());
        for (String unit : juju.units("app")) {
            seen.put(
                    "custom hooks " + unit,
                    juju.trace(unit).stream()
                            .filter(entry -> entry.kind() == TraceEntry.Kind.COMMANDS)
                            .map(entry -> entry.name().replaceAll("JUJU_DISPATCH_PATH=hooks/(\\w+) .*", "$1"))
                            .toList()
                            .toString());
        }
        return seen;
    }

    private static void ask(
            CharmUnderTest charm, Map<String, String> seen, String unit, String action, Map<String, Json> parameters) {
        ActionResult result = charm.run(unit, action, parameters);
        seen.put(
                "action " + unit + " " + action,
                result.completed() + " " + result.get("status") + " " + result.get("backend"));
    }

    private static void finish(JujuEmulator juju, CharmUnderTest charm, int lines) {
        juju.runUntil(lines + " lines of work", () -> charm.work().size() >= lines, LIMIT);
        juju.runUntil(
                "all queues are empty",
                () -> juju.units("app").stream()
                        .allMatch(unit -> juju.databag("restart", unit)
                                .getOrDefault("operations", "[]")
                                .equals("[]")),
                LIMIT);
        charm.settle();
    }

    private static void databags(JujuEmulator juju, Map<String, String> seen, String when) {
        for (String endpoint : new String[] {"restart", "etcd"}) {
            try {
                put(seen, when + " " + endpoint + " app", juju.appDatabag(endpoint, "app"));
                for (String unit : juju.units("app")) {
                    put(seen, when + " " + endpoint + " " + unit, juju.databag(endpoint, unit));
                }
            } catch (IllegalArgumentException e) {
                seen.put(when + " " + endpoint, "no such relation");
            }
        }
    }

    private static void put(Map<String, String> seen, String where, Map<String, String> databag) {
        databag.forEach((key, value) -> seen.put(where + " " + key, normal(value)));
    }

    private static String normal(String value) {
        String text = REQUEST.matcher(value).replaceAll("REQUEST"); // before the times: it may have such digits
        text = SECRET.matcher(text).replaceAll("SECRET");
        text = TIME.matcher(text).replaceAll("TIME");
        return SALT.matcher(text).replaceAll("$1SALT");
    }

    private static List<String> differences(Map<String, String> python, Map<String, String> java) {
        List<String> differences = new ArrayList<>();
        TreeSet<String> keys = new TreeSet<>(python.keySet());
        keys.addAll(java.keySet());
        for (String key : keys) {
            String theirs = python.getOrDefault(key, "-");
            String ours = java.getOrDefault(key, "-");
            if (!theirs.equals(ours)) {
                differences.add(key + ": " + theirs + " | " + ours);
            }
        }
        return differences;
    }

    /** No difference without a reason, and no reason without a difference. */
    private static void assertExplained(
            List<String> differences, Map<String, String> reasons, Map<String, String> furtherReasons) {
        Map<String, String> all = new TreeMap<>(reasons);
        all.putAll(furtherReasons);
        List<String> unexplained = new ArrayList<>(differences);
        all.forEach((lines, reason) -> {
            assertThat(differences).as(reason).anyMatch(line -> line.matches(lines));
            unexplained.removeIf(line -> line.matches(lines));
        });
        assertThat(unexplained).isEmpty();
    }
}
