// SPDX-License-Identifier: Apache-2.0
package io.rollingops.upgrade;

import java.util.Map;
import java.util.Optional;

/**
 * What a unit does next, and why. Carried out in the order of the components: first the write, which is to one databag
 * only and all of it or nothing; when it is refused because the databag has changed, the rest is dropped and the
 * coordinator asked again. Then the partition; when that fails, {@link UpgradeEvent.PartitionFailed} is the next event
 * and the call is not made. Then the call, whose outcome is the next event.
 *
 * @param write what to write
 * @param partition what to set at Kubernetes
 * @param call what to call
 * @param status what the unit shows from now on; empty to leave it as it is
 * @param answer what the operator is told, to a command and nothing else
 * @param reason why, one line for the log; empty when nothing is done
 */
public record UpgradeDecision(
        Optional<Write> write,
        Optional<PartitionChange> partition,
        Optional<Call> call,
        Optional<UpgradeStatus> status,
        Optional<UpgradeAnswer> answer,
        String reason) {
    static final UpgradeDecision NOTHING = new UpgradeDecision(
            Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), "");

    /** A change of one databag; an empty value deletes its key, and no other key is touched. */
    public sealed interface Write {
        Map<String, String> changes();

        /** Of the unit's own. */
        record OfUnit(Map<String, String> changes) implements Write {
            public OfUnit {
                changes = Map.copyOf(changes);
            }
        }

        /** Of the application's. */
        record OfApplication(Map<String, String> changes) implements Write {
            public OfApplication {
                changes = Map.copyOf(changes);
            }
        }
    }

    /** What a host is to do. */
    public sealed interface Call {

        /**
         * Ask for the unit's turn: for the lock under which members work, where there is one. When it is had, {@link
         * UpgradeEvent.TurnTaken} is the next event. Asked again until the unit has begun.
         */
        record AskForTurn() implements Call {}

        /** Replace the workload: {@link RollingUpgrade#onUpgradeGranted}. */
        record Upgrade() implements Call {}

        /** Check the members and order them: {@link RollingUpgrade#preUpgradeCheck} and the stack. */
        record Check(UpgradeCommand.Check command) implements Call {}

        /** {@link RollingUpgrade#logRollbackInstructions}. */
        record TellWayBack() implements Call {}
    }

    /**
     * A change of the partition: pods with that number and higher may be replaced.
     *
     * @param to the partition
     * @param direction which way; a partition that is already there or beyond is left alone
     */
    public record PartitionChange(int to, Direction direction) {

        /** Which way a partition is moved. */
        public enum Direction {
            /** Lower: more pods may be replaced. */
            RELEASE,
            /** Higher: fewer may. */
            HOLD
        }

        /** Whether there is anything to change, from that partition. */
        public boolean changes(int partition) {
            return direction == Direction.RELEASE ? partition > to : partition < to;
        }
    }

    /** Whether there is nothing to do until something changes. */
    public boolean isQuiet() {
        return write.isEmpty() && partition.isEmpty() && call.isEmpty();
    }

    static UpgradeDecision writing(UnitUpgrade before, UnitUpgrade after, String reason) {
        return new UpgradeDecision(
                some(new Write.OfUnit(UnitUpgrade.changes(before, after))),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                reason);
    }

    static UpgradeDecision writing(ApplicationUpgrade before, ApplicationUpgrade after, String reason) {
        return new UpgradeDecision(
                some(new Write.OfApplication(ApplicationUpgrade.changes(before, after))),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                reason);
    }

    static UpgradeDecision done(String message) {
        return NOTHING.answering(new UpgradeAnswer.Done(message)).because(message);
    }

    static UpgradeDecision refused(String message, String remedy) {
        return NOTHING.answering(new UpgradeAnswer.Refused(message, remedy)).because(message);
    }

    UpgradeDecision moving(PartitionChange change) {
        return new UpgradeDecision(write, Optional.of(change), call, status, answer, reason);
    }

    UpgradeDecision calling(Call next) {
        return new UpgradeDecision(write, partition, Optional.of(next), status, answer, reason);
    }

    UpgradeDecision showing(UpgradeStatus next) {
        return new UpgradeDecision(write, partition, call, Optional.of(next), answer, reason);
    }

    UpgradeDecision answering(UpgradeAnswer next) {
        return new UpgradeDecision(write, partition, call, status, Optional.of(next), reason);
    }

    UpgradeDecision because(String why) {
        return new UpgradeDecision(write, partition, call, status, answer, why);
    }

    private static Optional<Write> some(Write write) {
        return write.changes().isEmpty() ? Optional.empty() : Optional.of(write);
    }
}
