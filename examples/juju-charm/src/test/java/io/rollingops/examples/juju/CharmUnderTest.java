// SPDX-License-Identifier: Apache-2.0
package io.rollingops.examples.juju;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.json.Json;
import io.rollingops.testkit.juju.ActionResult;
import io.rollingops.testkit.juju.JujuEmulator;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The charm as real processes in the emulator. */
final class CharmUnderTest {
    static final Duration LIMIT = Duration.ofMinutes(3);

    static final String CLUSTER = "cluster1";

    private final JujuEmulator juju;
    private final Path charm;
    private final Path transitions;

    /** The charm as Maven leaves it, with the Java of this test as its runtime. */
    CharmUnderTest(JujuEmulator juju) throws IOException {
        this(juju, juju.folder().resolve("rolling-example"));
        PreparedCharm.copyTo(charm);
    }

    /** A charm folder that is complete. */
    CharmUnderTest(JujuEmulator juju, Path charm) throws IOException {
        this.juju = juju;
        this.charm = charm;
        this.transitions = juju.folder().resolve("transitions");
        Files.createFile(transitions);
    }

    Path folder() {
        return charm;
    }

    void deploy(int units) {
        deploy(charm, units);
    }

    /** Deploys it with a cluster id, related to etcd, and runs the model until the units are processed there. */
    void deployOnEtcd(int units) {
        deployOnEtcd("app", units, Map.of());
        settleOnEtcd("app");
    }

    /**
     * Deploys it with a cluster id, related to etcd, and does not run the model.
     *
     * @param variables for every unit of it
     * @return the number of the relation
     */
    int deployOnEtcd(String app, int units, Map<String, String> variables) {
        deployOnEtcd(charm, app, units);
        for (String unit : juju.units(app)) {
            keepFilesApart(unit);
            variables.forEach((name, value) -> juju.setVariable(unit, name, value));
        }
        return juju.relate(app, "etcd");
    }

    /** Deploys another charm in the same way, not yet related to etcd. */
    void deployOnEtcd(Path other, String app, int units) {
        juju.deploy(
                other,
                app,
                units,
                Map.of("transitions", Json.of(transitions.toString()), "cluster-id", Json.of(CLUSTER)));
    }

    /** Runs the model until all units of an application are processed by etcd and nobody has anything to do. */
    void settleOnEtcd(String app) {
        settleOn("etcd", app);
    }

    /** As {@link #settleOnEtcd}, for a backend by its name in databags. */
    void settleOn(String backend, String app) {
        juju.runUntil(
                "all units of " + app + " are processed by " + backend,
                () -> juju.units(app).stream()
                        .allMatch(unit ->
                                backend.equals(juju.databag("restart", unit).get("processing_backend"))),
                LIMIT);
        settle();
    }

    /** Deploys another charm with the same configuration. */
    void deploy(Path other, int units) {
        juju.deploy(other, "app", units, Map.of("transitions", Json.of(transitions.toString())));
        if (!juju.isolation("app/0").separate()) {
            for (String unit : juju.units("app")) {
                keepFilesApart(unit);
            }
        }
        settle();
    }

    /** Where all charms share the real machine, units must not use its usual folder. */
    void keepFilesApart(String unit) {
        if (!juju.isolation(unit).separate()) {
            juju.setVariable(
                    unit,
                    "ROLLINGOPS_FOLDER",
                    juju.folder().resolve("rollingops").toString());
        }
    }

    ActionResult run(String unit, String action, Map<String, Json> parameters) {
        return juju.runAction(unit, action, parameters).result();
    }

    /** Runs the model until that many lines are noted, and then until nobody has anything to do. */
    void settleAfter(int lines) {
        juju.runUntil(lines + " transitions", () -> transitions().size() >= lines, LIMIT);
        settle();
    }

    /** As {@link #settleAfter}, of the lines in {@link #work}. */
    void settleAfterWork(int lines) {
        juju.runUntil(lines + " lines of work", () -> work().size() >= lines, LIMIT);
        settle();
    }

    void settle() {
        juju.settle(LIMIT);
    }

    /** What was done, in order, without the times. */
    List<String> transitions() {
        try {
            return Files.readAllLines(transitions).stream()
                    .map(line -> line.substring(line.indexOf(' ') + 1))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What was worked, without the actions that asked for it. */
    List<String> work() {
        return transitions().stream().filter(line -> !line.contains(" action ")).toList();
    }

    /** Every unit worked once, and none began before the one before it had ended. */
    void assertOneAfterTheOther(List<String> units) {
        assertOneAfterTheOther(work(), units);
    }

    /** As {@link #assertOneAfterTheOther(List)}, of a part of the work. */
    static void assertOneAfterTheOther(List<String> work, List<String> units) {
        List<String> order = new ArrayList<>();
        for (int i = 0; i + 1 < work.size(); i += 2) {
            assertThat(work.get(i + 1)).isEqualTo(work.get(i).replace(" begin ", " end "));
            order.add(work.get(i).substring(0, work.get(i).indexOf(' ')));
        }
        assertThat(order).containsExactlyInAnyOrderElementsOf(units);
    }
}
