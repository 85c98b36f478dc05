// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.demo;

import io.rollingops.UnitName;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/**
 * What a roll looked like from outside, and the verdict on it.
 *
 * @param log what the callbacks wrote
 * @param services what was seen of each of them
 * @param before which process each service was
 * @param after which process it is now
 * @param wanted how many turns each unit was asked for
 */
record Measured(
        RollLog log,
        List<Prober.Seen> services,
        Map<UnitName, String> before,
        Map<UnitName, String> after,
        Map<UnitName, Integer> wanted) {

    /** All outages, in the order in which they began. */
    List<Prober.Outage> outages() {
        return services.stream()
                .flatMap(service -> service.outages().stream())
                .sorted(Comparator.comparingLong(Prober.Outage::firstDownNanos))
                .toList();
    }

    long probes() {
        return services.stream().mapToLong(Prober.Seen::probes).sum();
    }

    /** How many services were surely down at one moment, at most. */
    int mostDownAtOnce() {
        List<Prober.Outage> outages = outages();
        int most = 0;
        for (Prober.Outage outage : outages) {
            int at = (int) outages.stream()
                    .filter(other -> other.equals(outage) || other.overlaps(outage))
                    .map(Prober.Outage::unit)
                    .distinct()
                    .count();
            most = Math.max(most, at);
        }
        return most;
    }

    /** Everything that was not as it must be; nothing when all was well. */
    List<String> problems() {
        List<String> problems = new ArrayList<>(log.overlaps());
        if (mostDownAtOnce() > 1) {
            problems.add(mostDownAtOnce() + " services were down at once");
        }
        for (Prober.Seen service : services) {
            String name = service.unit().toString();
            long turns = log.turns().stream()
                    .filter(turn -> turn.unit().equals(name))
                    .count();
            int asked = wanted.getOrDefault(service.unit(), 1);
            if (turns != asked) {
                problems.add(name + " ran " + turns + " times instead of " + asked);
            }
            if (String.valueOf(before.get(service.unit())).equals(after.get(service.unit()))) {
                problems.add(name + " is still the same process");
            }
        }
        return problems;
    }
}
