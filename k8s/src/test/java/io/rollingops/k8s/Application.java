// SPDX-License-Identifier: Apache-2.0
package io.rollingops.k8s;

import io.rollingops.UnitName;
import io.rollingops.upgrade.ApplicationUpgrade;
import io.rollingops.upgrade.DependencyDocument;
import io.rollingops.upgrade.OwnFacts;
import io.rollingops.upgrade.Problem;
import io.rollingops.upgrade.Release;
import io.rollingops.upgrade.RollingUpgrade;
import io.rollingops.upgrade.Substrate;
import io.rollingops.upgrade.UpgradeAnswer;
import io.rollingops.upgrade.UpgradeDecision;
import io.rollingops.upgrade.UpgradeDriver;
import io.rollingops.upgrade.UpgradeEvent;
import io.rollingops.upgrade.UpgradeHost;
import io.rollingops.upgrade.UpgradeState;
import io.rollingops.upgrade.UpgradeStatus;
import io.rollingops.upgrade.UpgradeView;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The units of an application in the pods of a {@link Cluster}, with their databags in memory. Unit 0 leads. */
final class Application {
    private final Cluster cluster;
    private final StatefulSetPartition partition;
    private final List<Unit> units = new ArrayList<>();
    private final Map<UnitName, Map<String, String>> bags = new TreeMap<>();
    private final Map<String, String> applicationBag = new HashMap<>();

    Application(Cluster cluster, int count) {
        this.cluster = cluster;
        this.partition = new StatefulSetPartition(cluster.client(), Cluster.NAMESPACE, Cluster.NAME);
        for (int i = 0; i < count; i++) {
            units.add(new Unit(new UnitName(Cluster.NAME, i)));
        }
        units.forEach(unit -> unit.driver.handle(new UpgradeEvent.Joined()));
    }

    /** An operator asks the leader. */
    UpgradeAnswer ask(UpgradeEvent command) {
        UpgradeAnswer answer = units.get(0).driver.handle(command).orElseThrow();
        settle();
        return answer;
    }

    /** Every unit looks again, until nothing changes any more. */
    void settle() {
        String before = "";
        while (!before.equals(bags + "" + applicationBag)) {
            before = bags + "" + applicationBag;
            units.forEach(unit -> unit.driver.handle(new UpgradeEvent.Changed()));
        }
    }

    /**
     * Lets the controller replace pods as long as it does; each program starts, and its workload is well or not.
     *
     * @param broken the image that no workload is well with, on that unit
     * @return the numbers of the pods that were replaced, in order
     */
    List<Integer> roll(Optional<String> broken, int brokenOn) {
        List<Integer> replaced = new ArrayList<>();
        settle();
        for (Optional<Integer> next = cluster.reconcile(); next.isPresent(); next = cluster.reconcile()) {
            int number = next.get();
            replaced.add(number);
            Unit unit = units.get(number);
            unit.driver.handle(new UpgradeEvent.Refreshed());
            settle();
            boolean isWell = number != brokenOn || !broken.equals(Optional.of(cluster.image(number)));
            if (isWell) {
                cluster.ready(number);
                unit.driver.handle(new UpgradeEvent.Completed());
            } else {
                unit.driver.handle(new UpgradeEvent.Failed(new Problem("it does not come up", "", "")));
            }
            settle();
        }
        return replaced;
    }

    List<Integer> roll() {
        return roll(Optional.empty(), -1);
    }

    List<Optional<UpgradeState>> states() {
        return units.stream().map(unit -> unit.view().own().state()).toList();
    }

    String shownBy(int unit) {
        return units.get(unit).shown;
    }

    boolean hasStack() {
        return applicationBag.containsKey(ApplicationUpgrade.STACK)
                && !ApplicationUpgrade.read(Cluster.NAME, applicationBag)
                        .stack()
                        .isEmpty();
    }

    private final class Unit implements UpgradeHost {
        private final UnitName name;
        private final UpgradeDriver driver;
        private String shown = "";

        Unit(UnitName name) {
            this.name = name;
            this.driver = new UpgradeDriver(this, new Program(), partition);
        }

        @Override
        public UpgradeView view() {
            OwnFacts facts = new OwnFacts(
                    Substrate.K8S,
                    new DependencyDocument(Map.of()),
                    new Release(cluster.image(name.number())),
                    Optional.empty(),
                    Map.of(),
                    false);
            List<UnitName> all = units.stream().map(unit -> unit.name).toList();
            return UpgradeView.read(name, name.number() == 0, facts, all, bags, applicationBag, partition.current());
        }

        @Override
        public boolean write(UpgradeDecision.Write write, UpgradeView seen) {
            Map<String, String> bag = write instanceof UpgradeDecision.Write.OfApplication
                    ? applicationBag
                    : bags.computeIfAbsent(name, none -> new HashMap<>());
            write.changes().forEach((key, value) -> {
                bag.put(key, value);
                bag.values().removeIf(String::isEmpty);
            });
            return true;
        }

        @Override
        public boolean takeTurn() {
            throw new IllegalStateException("on Kubernetes nobody asks for a turn");
        }

        @Override
        public void show(UpgradeStatus status) {
            shown = status.text();
        }

        @Override
        public void showNothing() {
            shown = "";
        }
    }

    private static final class Program implements RollingUpgrade {
        @Override
        public void preUpgradeCheck() {
            // all units are always fit
        }

        @Override
        public Turn onUpgradeGranted() {
            throw new IllegalStateException("Kubernetes replaces the pod");
        }

        @Override
        public void logRollbackInstructions() {
            // nobody reads them here
        }
    }
}
