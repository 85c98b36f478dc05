// SPDX-License-Identifier: Apache-2.0
package io.rollingops.manager;

import io.rollingops.Operation;
import io.rollingops.OperationId;
import java.util.Optional;

/** What the unit's process is doing under a grant; one epoch is one attempt (rule X7). */
public sealed interface Attempt {

    /** The grant that it answers to. */
    long epoch();

    /**
     * The store knows that the unit starts; nothing runs yet.
     *
     * @param epoch the grant
     * @param head what to run, as the store had it when it agreed
     * @param ready whether the unit wanted to run, at that moment
     */
    record Started(long epoch, Optional<Operation> head, boolean ready) implements Attempt {}

    /** The callback runs. */
    record Running(long epoch, Operation operation) implements Attempt {}

    /**
     * The grant is being given back, nothing ran. Once decided it stays so: a store that gets this answer late must not
     * find the callback running meanwhile.
     *
     * @param epoch the grant
     * @param giveWay whether others shall go first next time
     * @param rests whether the unit is not ready from then on
     */
    record GivingBack(long epoch, boolean giveWay, boolean rests) implements Attempt {}

    /** The callback has ended, and the store may not know it yet. */
    record Ended(long epoch, OperationId operation, Ending ending) implements Attempt {}
}
