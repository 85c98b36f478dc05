// SPDX-License-Identifier: Apache-2.0
package io.rollingops.upgrade;

import java.util.Map;
import java.util.Optional;

/**
 * What only the unit's own process knows.
 *
 * @param substrate who replaces its workload
 * @param declared what its program declares of versions; without models where nothing is declared
 * @param release what its program would bring, unless the application has a target
 * @param found what was found installed just now, by looking at the workload; empty where nobody can look
 * @param reported the versions that related applications report, by the names that the document uses
 * @param working whether the unit's turn is under way in this moment, so that nothing else may be begun or agreed to
 */
public record OwnFacts(
        Substrate substrate,
        DependencyDocument declared,
        Release release,
        Optional<Release> found,
        Map<String, String> reported,
        boolean working) {
    public OwnFacts {
        reported = Map.copyOf(reported);
    }
}
