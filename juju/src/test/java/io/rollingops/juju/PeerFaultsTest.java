// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.json.Json;
import io.rollingops.testkit.juju.Departures;
import io.rollingops.testkit.juju.JujuEmulator;
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
 * Random rolls with everything going wrong that can go wrong in a model: killed hooks, refused commits, leaders that come
 * and go or only believe that they lead, units that come and go, changes that arrive late or twice, lost wake-ups. After
 * the faults everybody gets their turn, and the whole history keeps the invariants of the safety protocol.
 */
class PeerFaultsTest {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final List<String> ACTIONS = List.of("restart", "failed-restart", "deferred-restart");
    private static final int UNITS_MAX = 6;
    private static final int ROUNDS = 40;

    @TempDir
    private Path folder;

    static LongStream seeds() {
        return LongStream.range(0, 60);
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void whatever_fails_one_unit_works_at_a_time_and_all_get_their_turn(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        RollingCharm charm = new RollingCharm(folder);
        try (JujuEmulator juju = JujuEmulator.builder()
                .seed(seed)
                .parallel(1)
                .leaderNotifiesItself(random.nextBoolean())
                .departures(random.nextBoolean() ? Departures.AT_ONCE : Departures.WHEN_REMOVED)
                .build()) {
            juju.deploy(charm, "app", 3);
            charm.settle(juju);
            for (int round = 0; round < ROUNDS; round++) {
                disturb(juju, charm, random);
                for (int steps = random.nextInt(4); steps > 0; steps--) {
                    juju.step();
                }
            }
            heal(juju, charm);
            assertThat(charm.violations(juju)).as(() -> juju.story()).isEmpty();
            assertThat(charm.notes()).isNotEmpty();
            for (String unit : juju.units("app")) {
                assertThat(juju.databag("restart", unit).getOrDefault("operations", "[]"))
                        .as(unit)
                        .isEqualTo("[]");
            }
        }
    }

    private void disturb(JujuEmulator juju, RollingCharm charm, SplittableRandom random) {
        List<String> units = juju.units("app");
        String unit = units.get(random.nextInt(units.size()));
        switch (random.nextInt(14)) {
            case 0, 1, 2, 3 -> {
                String action = ACTIONS.get(random.nextInt(ACTIONS.size()));
                juju.runAction(unit, action, Map.of("max-retry", Json.of(random.nextInt(3))));
            }
            case 4 -> juju.faults().killAtCommand(unit, 1 + random.nextInt(8));
            case 5 -> juju.faults().failCommit(unit);
            case 6 -> juju.faults().loseLeadershipBeforeCommit(unit, units.get(random.nextInt(units.size())));
            case 7 -> juju.setLeader(unit);
            case 8 -> juju.faults().alsoLeads(unit);
            case 9 -> {
                if (random.nextBoolean()) {
                    juju.faults().holdBackUnitChanges(unit);
                } else {
                    juju.faults().holdBackAppChanges(unit);
                }
            }
            case 10 -> juju.faults().repeatNextChange(unit);
            case 11 -> {
                if (units.size() < UNITS_MAX) {
                    juju.addUnits("app", 1);
                }
            }
            case 12 -> {
                List<String> staying = units.stream()
                        .filter(other -> !juju.status(other).dying())
                        .toList();
                if (staying.size() > 2 && staying.contains(unit)) {
                    juju.removeUnit(unit);
                }
            }
            default -> {
                if (!charm.queueWake(juju)) {
                    charm.failAfterCallback(unit, 1);
                }
            }
        }
        resolve(juju);
    }

    private void heal(JujuEmulator juju, RollingCharm charm) {
        for (String unit : juju.units("app")) {
            juju.faults().deliver(unit);
            juju.faults().knowsItsLeader(unit);
        }
        charm.forgetWakes();
        List<Object> before = List.of();
        List<Object> now = stateOf(juju, charm);
        while (!now.equals(before) || isAnythingLeft(juju)) {
            before = now;
            juju.settleWithErrors(LIMIT);
            resolve(juju);
            juju.units("app").forEach(juju::updateStatus);
            juju.settleWithErrors(LIMIT);
            while (charm.queueWake(juju)) {
                juju.settleWithErrors(LIMIT);
            }
            now = stateOf(juju, charm);
        }
    }

    private static List<Object> stateOf(JujuEmulator juju, RollingCharm charm) {
        List<Object> state = new ArrayList<>(charm.notes());
        state.add(juju.appDatabag("restart", "app"));
        juju.units("app").forEach(unit -> state.add(juju.databag("restart", unit)));
        return state;
    }

    private static boolean isAnythingLeft(JujuEmulator juju) {
        return juju.units("app").stream()
                .anyMatch(
                        unit -> juju.status(unit).inError() || juju.status(unit).dying());
    }

    private static void resolve(JujuEmulator juju) {
        juju.units("app").stream().filter(unit -> juju.status(unit).inError()).forEach(juju::resolve);
    }
}
