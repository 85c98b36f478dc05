// SPDX-License-Identifier: Apache-2.0
package io.rollingops.peer;

import io.rollingops.OperationId;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a unit answered to its grants.
 *
 * @param doneEpoch the last grant that it answered, 0 for none
 * @param executedAt when it last answered, by its own clock; for people only, never compared
 * @param outcomes its last results, oldest first, at most {@link #MAX_OUTCOMES}
 */
public record Answers(long doneEpoch, Optional<Instant> executedAt, List<Outcome> outcomes) {
    /** How many results are remembered. */
    public static final int MAX_OUTCOMES = 16;

    static final Answers NONE = new Answers(0, Optional.empty(), List.of());

    public Answers {
        outcomes = List.copyOf(outcomes);
    }

    /** Whether the last grant was answered, in that epoch, with a result of that operation. */
    boolean isResult(long epoch, OperationId operation) {
        return result(epoch)
                .filter(outcome -> outcome.operation().equals(operation))
                .isPresent();
    }

    /** Whether the last grant was given back, in that epoch. */
    boolean isNotRun(long epoch) {
        return epoch > 0 && epoch == doneEpoch && result(epoch).isEmpty();
    }

    private Optional<Outcome> result(long epoch) {
        return outcomes.isEmpty() || epoch != doneEpoch
                ? Optional.empty()
                : Optional.of(outcomes.get(outcomes.size() - 1)).filter(outcome -> outcome.epoch() == epoch);
    }

    Answers plus(Outcome outcome) {
        List<Outcome> longer = new ArrayList<>(outcomes);
        longer.add(outcome);
        return new Answers(
                outcome.epoch(),
                Optional.of(outcome.at()),
                longer.size() <= MAX_OUTCOMES ? longer : longer.subList(1, longer.size()));
    }

    /** A grant was given back without running anything. */
    Answers notRun(long epoch, Instant at) {
        return new Answers(epoch, Optional.of(at), outcomes);
    }
}
