// SPDX-License-Identifier: Apache-2.0
package io.rollingops.manager;

import io.rollingops.Operation;
import io.rollingops.ProcessingBackend;
import io.rollingops.UnitName;
import io.rollingops.peer.Grant;
import io.rollingops.peer.Member;
import io.rollingops.peer.Outcome;
import io.rollingops.peer.PeerSnapshot;
import io.rollingops.peer.UnitBag;
import io.rollingops.peer.UnitRecord;
import io.rollingops.schedule.Hindrance;
import io.rollingops.schedule.Intent;
import io.rollingops.schedule.UnitView;
import java.util.List;
import java.util.Optional;

/**
 * Why a unit does what it does, in words for a person, and what that person can do. A pure function of what is seen of
 * the store.
 *
 * @param reason what the unit waits for or does
 * @param remedy what to do; empty when there is nothing to be done
 */
public record Explanation(String reason, String remedy) {

    /** Explains one unit. */
    public static Explanation of(PeerSnapshot seen, UnitName unit) {
        Member member = seen.members().get(unit);
        if (member == null) {
            return new Explanation(
                    unit + " is not a member of the store",
                    "start its agent; if it should be one of this application, members are "
                            + seen.members().keySet());
        }
        if (member.bag() instanceof UnitBag.Damaged damaged) {
            return new Explanation(
                    "the databag of " + unit + " cannot be read: " + damaged.reason() + "; the other units go on",
                    "use the version that wrote the databag; or, if what was queued may be lost, type: rollingops repair "
                            + unit);
        }
        UnitRecord record = member.record().orElseThrow();
        Optional<Operation> head = record.queue().head();
        if (seen.isGrantedTo(unit)) {
            return holder(seen, unit, record, seen.grant());
        }
        return head.map(operation -> waiting(seen, unit, record, operation))
                .orElseGet(() -> new Explanation(unit + " has nothing to do", ""));
    }

    private static Explanation holder(PeerSnapshot seen, UnitName unit, UnitRecord record, Grant grant) {
        String what = record.queue().head().map(head -> head.callbackId()).orElse("nothing");
        boolean offline = isOffline(seen, unit);
        if (offline && grant.hold()) {
            return new Explanation(
                    unit + " has the lock for " + what + " under grant " + grant.epoch()
                            + ", which is held although its agent is gone; nobody else gets a turn",
                    "start its agent; or see that the callback is not running there, and type: rollingops force-release "
                            + unit + " " + grant.epoch());
        }
        if (offline) {
            return new Explanation(
                    unit + " has the lock for " + what + " under grant " + grant.epoch()
                            + ", and its agent does not answer; the lock is free again when its lease has run out",
                    "");
        }
        if (grant.phase() == Grant.Phase.RUNNING) {
            return new Explanation(unit + " runs " + what + " under grant " + grant.epoch(), "");
        }
        // In databags a grant does not tell that its operation has begun.
        return seen.kind() == PeerSnapshot.Kind.REPLICATED && record.backend() == ProcessingBackend.ETCD
                ? new Explanation(
                        unit + " was granted the lock of its application for " + what + " under grant " + grant.epoch()
                                + " and takes the one in etcd, which other applications may have",
                        "")
                : new Explanation(unit + " was granted the lock for " + what + " and is about to start", "");
    }

    private static Explanation waiting(PeerSnapshot seen, UnitName unit, UnitRecord record, Operation head) {
        UnitView view = seen.views().stream()
                .filter(candidate -> candidate.unit().equals(unit))
                .findFirst()
                .orElseThrow();
        if (view.hindrance().isPresent()) {
            return hindered(unit, record, head, view.hindrance().get());
        }
        if (seen.slot().open()) {
            UnitName holder = seen.grant().unit().orElseThrow();
            Explanation why = of(seen, holder);
            return new Explanation(
                    unit + " waits with " + head.callbackId() + rank(seen, view) + ": " + why.reason(), why.remedy());
        }
        return new Explanation(unit + " is next with " + head.callbackId(), "");
    }

    private static Explanation hindered(UnitName unit, UnitRecord record, Operation head, Hindrance hindrance) {
        String waits = unit + " has " + record.queue().size() + " queued, first " + head.callbackId() + ", ";
        return switch (hindrance) {
            case OFFLINE -> new Explanation(waits + "and its agent is not running", "start the agent of " + unit);
            case NOT_READY -> notReady(waits, record, head);
            case OTHER_PROTOCOL ->
                new Explanation(
                        waits + "and still runs the original library, which this protocol cannot protect",
                        "upgrade " + unit + "; its operations are kept until then");
            case UNREADABLE -> new Explanation(waits + "and its databag cannot be read", "");
        };
    }

    /** It pauses, or the lock that it must have cannot be had (rule B2); the store is not told which of the two. */
    private static Explanation notReady(String waits, UnitRecord record, Operation head) {
        Optional<String> failure =
                lastFailure(record, head).map(text -> "pauses after a failed attempt (" + text + ")");
        Optional<String> pauses = failure.or(() -> record.work().interrupted() > 0
                ? Optional.of("pauses after an attempt that was interrupted")
                : Optional.empty());
        if (record.backend() == ProcessingBackend.PEER) {
            return new Explanation(
                    waits + "and " + pauses.orElse("pauses after a failed attempt"),
                    "it tries again by itself; mend what made it fail");
        }
        return new Explanation(
                waits + "and " + pauses.map(text -> text + ", or ").orElse("")
                        + "waits until the lock in etcd can be had, without which it may not run",
                failure.map(text -> "mend what made it fail; ").orElse("")
                        + "'rollingops doctor' on its machine says whether etcd can be used from there");
    }

    /** What went wrong with the operation that is next, if its last attempt came to an end and failed. */
    private static Optional<String> lastFailure(UnitRecord record, Operation head) {
        List<Outcome> outcomes = record.answers().outcomes();
        return outcomes.stream()
                .skip(Math.max(0, outcomes.size() - 1))
                .filter(last -> !last.kind().isFinal() && last.operation().equals(head.id()))
                .map(last -> "attempt " + last.attempt() + (last.note().isEmpty() ? "" : ", " + last.note()))
                .findFirst();
    }

    private static String rank(PeerSnapshot seen, UnitView view) {
        long before = seen.views().stream()
                .filter(other -> other.hindrance().isEmpty() && other.intent() == Intent.REQUEST)
                .filter(other -> !seen.isGrantedTo(other.unit()))
                .filter(other -> view.intent() != Intent.REQUEST
                        || other.headOrder() < view.headOrder()
                        || (other.headOrder() == view.headOrder()
                                && other.unit().compareTo(view.unit()) < 0))
                .filter(other -> !other.unit().equals(view.unit()))
                .count();
        return before == 0 ? "" : ", behind " + before + (before == 1 ? " other" : " others");
    }

    private static boolean isOffline(PeerSnapshot seen, UnitName unit) {
        return seen.views().stream()
                .anyMatch(view -> view.unit().equals(unit) && view.hindrance().equals(Optional.of(Hindrance.OFFLINE)));
    }
}
