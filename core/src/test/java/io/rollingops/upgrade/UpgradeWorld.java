// SPDX-License-Identifier: Apache-2.0
package io.rollingops.upgrade;

import io.rollingops.UnitName;
import io.rollingops.upgrade.UpgradeDecision.Write;
import io.rollingops.upgrade.UpgradeError.ClusterNotReadyError;
import io.rollingops.upgrade.UpgradeError.KubernetesClientError;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;

/** A small application in which everybody sees everything at once, for tests that tell a story step by step. */
final class UpgradeWorld {
    static final String DECLARED = "{\"charm\": {\"dependencies\": {\"zk\": \"^3.6\"}, \"name\": \"app\","
            + " \"upgrade_supported\": \">0\", \"version\": \"2\"}}";

    final NavigableMap<UnitName, Unit> units = new TreeMap<>();
    final Map<UnitName, Map<String, String>> unitBags = new HashMap<>();
    final Map<String, String> applicationBag = new HashMap<>();
    final List<String> begun = new ArrayList<>();
    final List<Integer> partitions = new ArrayList<>();
    Optional<String> notReady = Optional.empty();
    Map<String, String> reported = Map.of();
    String declared = DECLARED;
    UnitName leader;
    int partition;
    boolean forbidden;

    private final Substrate substrate;

    UpgradeWorld(Substrate substrate, int count, String release) {
        this.substrate = substrate;
        this.leader = unit(0);
        for (int i = 0; i < count; i++) {
            join(i, release);
        }
    }

    static UnitName unit(int number) {
        return new UnitName("app", number);
    }

    Unit join(int number, String release) {
        Unit unit = new Unit(unit(number), new Release(release));
        units.put(unit.name, unit);
        unit.handle(new UpgradeEvent.Joined());
        return unit;
    }

    void leave(int number) {
        units.remove(unit(number));
        unitBags.remove(unit(number));
    }

    Unit get(int number) {
        return Optional.ofNullable(units.get(unit(number))).orElseThrow();
    }

    UpgradeAnswer ask(UpgradeCommand command) {
        return get(leader.number()).handle(command).orElseThrow();
    }

    UpgradeAnswer check() {
        return ask(new UpgradeCommand.Check(Optional.empty(), new UpgradePause.BySubstrate(), Optional.empty()));
    }

    /** Every unit gets that program, as a refresh of a charm on machines. */
    void refresh(String release) {
        for (Unit unit : List.copyOf(units.values())) {
            unit.program = new Release(release);
            unit.handle(new UpgradeEvent.Refreshed());
        }
    }

    /** Kubernetes replaces one pod, and its program finds the workload well. */
    void replace(int number, String release) {
        get(number).program = new Release(release);
        get(number).handle(new UpgradeEvent.Refreshed());
        get(number).handle(new UpgradeEvent.Completed());
        settle();
    }

    /** Everybody looks again until nothing changes. */
    void settle() {
        String before;
        do {
            before = unitBags.toString() + applicationBag;
            List.copyOf(units.values()).forEach(unit -> unit.handle(new UpgradeEvent.Changed()));
        } while (!before.equals(unitBags.toString() + applicationBag));
    }

    List<String> states() {
        return units.keySet().stream().map(this::state).toList();
    }

    String state(UnitName unit) {
        return unitBags.getOrDefault(unit, Map.of()).getOrDefault(UnitUpgrade.STATE, "");
    }

    String stack() {
        return applicationBag.getOrDefault(ApplicationUpgrade.STACK, "[]");
    }

    Collection<String> shown() {
        return units.values().stream()
                .map(unit -> unit.shown.map(UpgradeStatus::text).orElse(""))
                .toList();
    }

    /** One unit; it upgrades at once, unless a test says that it fails or takes longer. */
    final class Unit implements UpgradeHost, RollingUpgrade, RolloutPartition {
        final UnitName name;
        Release program;
        Optional<UpgradeStatus> shown = Optional.empty();
        Optional<RuntimeException> failure = Optional.empty();
        boolean slow;
        boolean working;
        int instructions;

        Unit(UnitName name, Release program) {
            this.name = name;
            this.program = program;
        }

        Optional<UpgradeAnswer> handle(UpgradeEvent event) {
            return new UpgradeDriver(this, this, this).handle(event);
        }

        @Override
        public UpgradeView view() {
            return UpgradeView.read(
                    name,
                    name.equals(leader),
                    new OwnFacts(
                            substrate, DependencyDocument.read(declared), program, Optional.empty(), reported, working),
                    units.keySet(),
                    unitBags,
                    applicationBag,
                    OptionalInt.of(partition));
        }

        @Override
        public boolean write(Write write, UpgradeView seen) {
            Map<String, String> bag = write instanceof Write.OfUnit
                    ? unitBags.computeIfAbsent(name, unit -> new HashMap<>())
                    : applicationBag;
            bag.putAll(write.changes());
            bag.values().removeIf(String::isEmpty);
            return true;
        }

        @Override
        public boolean takeTurn() {
            return true;
        }

        @Override
        public void show(UpgradeStatus status) {
            shown = Optional.of(status);
        }

        @Override
        public void showNothing() {
            shown = Optional.empty();
        }

        @Override
        public void preUpgradeCheck() {
            notReady.ifPresent(why -> {
                throw new ClusterNotReadyError(why, "a backup is running", "wait for it");
            });
        }

        @Override
        public Turn onUpgradeGranted() {
            begun.add(name.number() + ":" + program);
            failure.ifPresent(thrown -> {
                throw thrown;
            });
            working = slow;
            return slow ? Turn.LATER : Turn.COMPLETED;
        }

        @Override
        public void logRollbackInstructions() {
            instructions++;
        }

        @Override
        public OptionalInt current() {
            return OptionalInt.of(partition);
        }

        @Override
        public void set(int number) {
            if (forbidden) {
                throw new KubernetesClientError("Kubernetes StatefulSet patch failed", "`juju trust` needed");
            }
            partition = number;
            partitions.add(number);
        }
    }
}
