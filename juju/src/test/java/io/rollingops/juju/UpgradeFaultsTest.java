// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.juju.UpgradingCharm.Scene;
import io.rollingops.testkit.juju.Departures;
import io.rollingops.testkit.juju.JujuEmulator;
import io.rollingops.upgrade.Substrate;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Upgrades with everything going wrong that can go wrong in a model. A workload that a killed or refused hook left half
 * replaced must stop all others, whether they would be upgraded or restarted, until its unit is well again or an operator
 * has said otherwise; and in the end every unit has the same release, by orders that an operator can give.
 */
class UpgradeFaultsTest {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final int UNITS_MAX = 5;
    private static final int ROUNDS = 40;
    private static final int MENDING_ROUNDS_MAX = 60;

    @TempDir
    private Path folder;

    static LongStream seeds() {
        return LongStream.range(0, 40);
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void whatever_fails_nobody_begins_beside_a_half_replaced_workload_and_all_come_to_one_release(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        Scene scene = new Scene(folder, Substrate.VM, seed % 2 == 0);
        try (JujuEmulator juju = JujuEmulator.builder()
                .seed(seed)
                .parallel(1)
                .leaderNotifiesItself(random.nextBoolean())
                .departures(random.nextBoolean() ? Departures.AT_ONCE : Departures.WHEN_REMOVED)
                .build()) {
            juju.deploy(scene.revision("1"), "app", 3);
            scene.settle(juju);
            for (int round = 0; round < ROUNDS; round++) {
                disturb(juju, scene, random);
                for (int steps = random.nextInt(4); steps > 0; steps--) {
                    juju.step();
                }
            }
            String last = mend(juju, scene);
            assertThat(overlaps(scene.notes))
                    .as(() -> scene.notes + juju.story())
                    .isEmpty();
            assertThat(scene.mixed).as(juju::story).isEmpty();
            for (String unit : juju.units("app")) {
                assertThat(juju.databag(UpgradingCharm.RELATION, unit))
                        .as(unit)
                        .containsEntry("state", "idle")
                        .containsEntry("upgrade-installed", last);
                assertThat(scene.installed).containsEntry(unit, last);
            }
        }
    }

    private void disturb(JujuEmulator juju, Scene scene, SplittableRandom random) {
        List<String> units = juju.units("app");
        String unit = units.get(random.nextInt(units.size()));
        switch (random.nextInt(18)) {
            case 0, 1 -> juju.upgrade("app", scene.revision(Integer.toString(1 + random.nextInt(2))));
            case 2, 3 -> juju.runAction(unit, "pre-upgrade-check", Map.of());
            case 4 -> juju.runAction(unit, "rollback-upgrade", UpgradingCharm.parameters("reason", "slow"));
            case 5 ->
                juju.runAction(
                        unit,
                        "retry-upgrade",
                        UpgradingCharm.parameters("unit", units.get(random.nextInt(units.size())), "reason", "again"));
            case 6 -> {
                if (!scene.broken.remove(unit + " 2")) {
                    scene.broken.add(unit + " 2");
                }
            }
            case 7 -> scene.dies.add(unit);
            case 8 -> juju.faults().killAtCommand(unit, 1 + random.nextInt(12));
            case 9 -> juju.faults().failCommit(unit);
            case 10 -> juju.faults().loseLeadershipBeforeCommit(unit, units.get(random.nextInt(units.size())));
            case 11 -> juju.setLeader(unit);
            case 12 -> juju.faults().alsoLeads(unit);
            case 13 -> juju.faults().holdBackUnitChanges(unit);
            case 14 -> juju.faults().repeatNextChange(unit);
            case 15 -> {
                if (scene.rolls) {
                    juju.runAction(unit, "restart", Map.of());
                }
            }
            case 16 -> {
                List<String> staying = units.stream()
                        .filter(other -> !juju.status(other).dying())
                        .toList();
                if (units.size() < UNITS_MAX && random.nextBoolean()) {
                    juju.addUnits("app", 1);
                } else if (staying.size() > 2 && staying.contains(unit)) {
                    juju.removeUnit(unit);
                }
            }
            default -> scene.queueWake(juju);
        }
        resolve(juju);
    }

    /** What an operator does who looks at the status: mends what broke, orders what is named, until all is well. */
    private String mend(JujuEmulator juju, Scene scene) {
        scene.broken.clear();
        scene.dies.clear();
        for (String unit : juju.units("app")) {
            juju.faults().deliver(unit);
            juju.faults().knowsItsLeader(unit);
        }
        juju.upgrade("app", scene.revision("2"));
        for (int round = 0; round < MENDING_ROUNDS_MAX; round++) {
            quieten(juju, scene);
            if (isWell(juju)) {
                return "2";
            }
            String leader = juju.leader("app").orElseThrow();
            List<String> failed = juju.units("app").stream()
                    .filter(unit -> List.of("failed", "recovery")
                            .contains(
                                    juju.databag(UpgradingCharm.RELATION, unit).getOrDefault("state", "")))
                    .toList();
            boolean isOrdered = failed.isEmpty()
                    ? order(juju, leader, "pre-upgrade-check")
                    : order(juju, leader, "retry-upgrade", "unit", failed.get(0), "reason", "mended");
            if (!isOrdered) {
                order(juju, leader, "abandon-upgrade", "reason", "begin anew");
            }
        }
        throw new AssertionError("no way out\n" + juju.story());
    }

    private static boolean order(JujuEmulator juju, String leader, String action, String... parameters) {
        return juju.runAction(leader, action, UpgradingCharm.parameters(parameters))
                .result()
                .completed();
    }

    private static boolean isWell(JujuEmulator juju) {
        return juju.units("app").stream()
                .map(unit -> juju.databag(UpgradingCharm.RELATION, unit))
                .allMatch(bag -> bag.getOrDefault("state", "").equals("idle")
                        && bag.getOrDefault("upgrade-installed", "").equals("2"));
    }

    private static void quieten(JujuEmulator juju, Scene scene) {
        for (int again = 0; again < 3; again++) {
            juju.settleWithErrors(LIMIT);
            resolve(juju);
            juju.units("app").forEach(juju::updateStatus);
            juju.settleWithErrors(LIMIT);
            while (scene.queueWake(juju)) {
                juju.settleWithErrors(LIMIT);
            }
        }
    }

    /** Begins of work on a unit while the workload of another one may be half replaced. */
    private static List<String> overlaps(List<String> notes) {
        List<String> found = new ArrayList<>();
        String half = "";
        for (String note : notes) {
            String unit = note.substring(0, note.indexOf(' '));
            if (unit.equals("order")) {
                half = "";
            } else if (note.endsWith(" is gone") || note.endsWith(" fails") || note.contains(" has ")) {
                half = half.equals(unit) ? "" : half;
            } else if (!half.isEmpty() && !half.equals(unit)) {
                found.add(note + " while " + half + " is half replaced");
            } else if (note.contains(" begins ")) {
                half = unit;
            }
        }
        return found;
    }

    private static void resolve(JujuEmulator juju) {
        juju.units("app").stream().filter(unit -> juju.status(unit).inError()).forEach(juju::resolve);
    }
}
