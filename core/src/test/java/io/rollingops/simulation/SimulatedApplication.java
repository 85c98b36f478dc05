// SPDX-License-Identifier: Apache-2.0
package io.rollingops.simulation;

import io.rollingops.UnitName;
import io.rollingops.testing.Agenda;
import io.rollingops.upgrade.ApplicationUpgrade;
import io.rollingops.upgrade.OperatorOrder;
import io.rollingops.upgrade.Release;
import io.rollingops.upgrade.UnitUpgrade;
import io.rollingops.upgrade.UpgradeDecision.Write;
import io.rollingops.upgrade.UpgradeState;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** What is true: the databags, who exists, who leads, what runs where. It judges each begin and each partition. */
final class SimulatedApplication {
    /** No view is older, and no notice later, than that. */
    static final long LAG_MAX = 6_000 * UpgradeSimulation.MILLI;

    private final Agenda agenda;
    private final NavigableMap<UnitName, SimulatedMember> members = new TreeMap<>();
    private final Map<UnitName, Seen<UnitUpgrade>> units = new HashMap<>();
    private final Map<Long, List<UnitName>> openingStacks = new HashMap<>();
    private final Map<UnitName, Long> doneFor = new HashMap<>();
    private final Map<UnitName, Long> failedSince = new HashMap<>();
    private final List<String> violations = new ArrayList<>();
    private Seen<ApplicationUpgrade> application = new Seen<>(0, Map.of(), ApplicationUpgrade.read("app", Map.of()));
    private Optional<UnitName> leader = Optional.empty();
    private long pausedSince = Long.MAX_VALUE;
    private long versions;

    /**
     * A databag at one time.
     *
     * @param version grows with every write
     */
    record Seen<T>(long version, Map<String, String> keys, T read) {}

    SimulatedApplication(Agenda agenda) {
        this.agenda = agenda;
    }

    List<String> violations() {
        return violations;
    }

    void violated(String what) {
        agenda.note(() -> "VIOLATION " + what);
        violations.add(what);
    }

    NavigableMap<UnitName, SimulatedMember> members() {
        return members;
    }

    void add(SimulatedMember member) {
        members.put(member.name(), member);
    }

    void remove(UnitName unit) {
        members.remove(unit);
        units.remove(unit);
        failedSince.remove(unit);
        if (leader.equals(Optional.of(unit))) {
            leader = Optional.empty();
        }
        members.values().forEach(member -> member.notice(agenda.between(1, LAG_MAX)));
    }

    Optional<SimulatedMember> leader() {
        return leader.map(members::get);
    }

    void elect(UnitName unit) {
        leader = Optional.of(unit);
        agenda.note(() -> unit + " leads");
        leader().ifPresent(member -> member.notice(0));
    }

    void dismiss() {
        leader = Optional.empty();
    }

    boolean isLedBy(UnitName unit) {
        return leader.equals(Optional.of(unit));
    }

    Seen<ApplicationUpgrade> application() {
        return application;
    }

    Optional<Seen<UnitUpgrade>> unit(UnitName unit) {
        return Optional.ofNullable(units.get(unit));
    }

    boolean is(UnitName unit, UpgradeState state) {
        return unit(unit).filter(seen -> seen.read().is(state)).isPresent();
    }

    /** Writes, if nothing that was decided upon has changed; and lets the others know sooner or later. */
    boolean write(UnitName writer, Write write, Seen<ApplicationUpgrade> decidedOn) {
        if (write instanceof Write.OfUnit) {
            Map<String, String> keys = changed(unit(writer).map(Seen::keys).orElse(Map.of()), write.changes());
            units.put(writer, new Seen<>(++versions, keys, UnitUpgrade.read(keys)));
            noteFailure(writer);
            unit(writer).orElseThrow().read().done().ifPresent(round -> doneFor.merge(writer, round, Math::max));
        } else {
            if (!isLedBy(writer) || decidedOn.version() != application.version()) {
                return false;
            }
            Map<String, String> keys = changed(application.keys(), write.changes());
            application = new Seen<>(++versions, keys, ApplicationUpgrade.read("app", keys));
            ApplicationUpgrade now = application.read();
            openingStacks.putIfAbsent(now.round(), now.stack().units());
            pausedSince = !now.pause().isNow() ? Long.MAX_VALUE : Math.min(pausedSince, agenda.nowNanos());
        }
        agenda.note(() -> writer + " writes " + write);
        for (SimulatedMember member : members.values()) {
            if (!member.name().equals(writer)) {
                member.deliver(write instanceof Write.OfUnit ? Optional.of(writer) : Optional.empty());
            }
        }
        return true;
    }

    private static Map<String, String> changed(Map<String, String> before, Map<String, String> changes) {
        Map<String, String> after = new HashMap<>(before);
        changes.forEach((key, value) -> {
            if (value.isEmpty()) {
                after.remove(key);
            } else {
                after.put(key, value);
            }
        });
        return Map.copyOf(after);
    }

    private void noteFailure(UnitName unit) {
        if (is(unit, UpgradeState.FAILED)) {
            failedSince.putIfAbsent(unit, agenda.nowNanos());
        } else {
            failedSince.remove(unit);
        }
    }

    /** A unit begins to replace its workload. */
    void begins(SimulatedMember member, Release release, boolean nothingWasMissing) {
        UnitName unit = member.name();
        for (SimulatedMember other : members.values()) {
            if (other != member && other.isWorking()) {
                violated("I1 " + unit + " begins while " + other.name() + " is at work");
            }
        }
        long round = unit(unit).orElseThrow().read().round().orElse(0);
        List<UnitName> stack = openingStacks.getOrDefault(round, List.of());
        if (!stack.contains(unit)) {
            violated("I2 " + unit + " begins in round " + round + " without standing in its stack " + stack);
        }
        for (UnitName above : stack.subList(Math.max(0, stack.indexOf(unit)) + 1, Math.max(1, stack.size()))) {
            boolean isDone = !members.containsKey(above) || doneFor.getOrDefault(above, 0L) >= round;
            if (!isDone) {
                violated("I2 " + unit + " begins before " + above + " in round " + round);
            }
        }
        if (nothingWasMissing) {
            violated("I3 " + unit + " is to replace " + release + " by itself");
        }
        failedSince.forEach((failed, since) -> {
            boolean isSeen = agenda.nowNanos() - since > LAG_MAX;
            if (isSeen && !failed.equals(unit) && !isLeftOut(failed)) {
                violated("I4 " + unit + " begins although " + failed + " has failed");
            }
        });
        if (pausedSince != Long.MAX_VALUE && agenda.nowNanos() - pausedSince > LAG_MAX && !member.hasLostTurn()) {
            violated("I5 " + unit + " begins although the upgrade pauses");
        }
    }

    private boolean isLeftOut(UnitName unit) {
        return application.read().orders().stream()
                .anyMatch(order ->
                        order.unit().equals(Optional.of(unit)) && order.kind() == OperatorOrder.Kind.LEAVE_OUT);
    }

    /** The partition is moved. */
    void partitioned(int from, int to) {
        Optional<UnitName> top = application.read().stack().top().filter(members::containsKey);
        if (to < from && top.isPresent() && to < top.get().number()) {
            violated("I6 the partition goes to " + to + " while the next is " + top.get());
        }
        if (to > members.lastKey().number()) {
            violated("I6 the partition goes to " + to + ", above the highest unit");
        }
    }

    /** Kubernetes replaces a pod. */
    void replaces(UnitName unit) {
        Set<UnitName> busy = new HashSet<>();
        for (UnitName other : members.keySet()) {
            if (!other.equals(unit) && is(other, UpgradeState.UPGRADING)) {
                busy.add(other);
            }
        }
        if (!busy.isEmpty()) {
            violated("I7 " + unit + " is replaced while " + busy + " is upgrading");
        }
    }
}
