// SPDX-License-Identifier: Apache-2.0
package io.rollingops.peer;

import io.rollingops.EpochSeconds;
import io.rollingops.Operation;
import io.rollingops.OperationId;
import io.rollingops.OperationResult;
import io.rollingops.RollingOpsException;
import io.rollingops.UnitName;
import io.rollingops.json.JsonException;
import io.rollingops.schedule.Intent;
import java.time.Instant;
import java.util.Collections;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The databags of a peer relation as one unit has read them, and what a command of that unit makes of its own. The rules
 * of the peer protocol for a store where every unit writes its own databag and the leader writes the grant; the
 * counterpart of {@link PeerState}, and a pure function like it.
 *
 * @param self whose view this is
 * @param application the application's databag
 * @param units the databags of the units that were read, with the own one among them; a unit is a member if it is here
 */
public record Databags(
        UnitName self, Map<String, String> application, NavigableMap<UnitName, Map<String, String>> units) {

    /**
     * What became of a command.
     *
     * @param bags the databags after it; the same object when nothing changed
     * @param reply the answer
     */
    public record Applied(Databags bags, PeerReply reply) {}

    public Databags {
        application = Map.copyOf(application);
        units = Collections.unmodifiableNavigableMap(new TreeMap<>(units));
        if (!units.containsKey(self)) {
            throw new IllegalArgumentException("the own databag of " + self + " is missing");
        }
    }

    /** The own databag. */
    public Map<String, String> own() {
        return Optional.ofNullable(units.get(self)).orElseThrow();
    }

    /**
     * What is seen of the store.
     *
     * @throws RollingOpsException.Corrupt when the application's databag cannot be understood
     */
    public PeerSnapshot snapshot() {
        NavigableMap<UnitName, Member> members = new TreeMap<>();
        units.forEach(
                (unit, bag) -> members.put(unit, new Member(DatabagCodec.read(bag), Optional.empty(), 0, Map.of(), 1)));
        NavigableMap<String, String> shared = new TreeMap<>(application);
        shared.keySet().removeAll(DatabagCodec.APPLICATION_KEYS);
        return new PeerSnapshot(
                PeerSnapshot.Kind.DATABAGS, 0, grant(), Optional.empty(), members, new TreeMap<>(), shared);
    }

    /**
     * The unit that a leader of either protocol has granted last; its databag must be here before the next grant is
     * decided, unless it is known to have left.
     */
    public Optional<UnitName> lastGrantee() {
        return grant().unit().or(this::foreignGrantee);
    }

    /** The grant that the application's databag shows. */
    Grant grant() {
        try {
            return DatabagCodec.readByLeader(application);
        } catch (JsonException e) {
            throw notUnderstood(e);
        }
    }

    /**
     * Whom a leader that runs the original has granted and who may still be working: one that follows this protocol or
     * is idle is not.
     */
    Optional<UnitName> foreignHolder() {
        return foreignGrantee().filter(units::containsKey).filter(unit -> {
            UnitBag bag = DatabagCodec.read(units.getOrDefault(unit, Map.of()));
            return !(bag instanceof UnitBag.Understood known)
                    || (!known.record().isOurs() && known.record().intent() != Intent.IDLE);
        });
    }

    private Optional<UnitName> foreignGrantee() {
        try {
            return DatabagCodec.foreignGrantee(application);
        } catch (JsonException e) {
            throw notUnderstood(e);
        }
    }

    private static RollingOpsException.Corrupt notUnderstood(JsonException e) {
        return new RollingOpsException.Corrupt(
                "the application's databag cannot be understood, so nobody is granted: " + e.getMessage(), e);
    }

    /**
     * The units that an operator took a grant from and that have not been heard of since, each with the grant's epoch. They
     * are passed over until they are there again, which they show by answering it.
     */
    NavigableMap<UnitName, Long> passedOver() {
        NavigableMap<UnitName, Long> released;
        try {
            released = DatabagCodec.readReleased(application);
        } catch (JsonException e) {
            throw notUnderstood(e);
        }
        released.keySet().retainAll(units.keySet());
        released.entrySet().removeIf(entry -> doneEpoch(entry.getKey()) >= entry.getValue());
        return released;
    }

    private long doneEpoch(UnitName unit) {
        return DatabagCodec.read(units.getOrDefault(unit, Map.of())) instanceof UnitBag.Understood bag
                ? bag.record().doneEpoch()
                : 0;
    }

    /**
     * These databags after this unit has shown that it is there and follows this protocol: an own databag of another
     * protocol is taken over, and a grant that an operator took is answered. This object if there is nothing to do.
     */
    public Databags adopted(Instant at) {
        if (!(DatabagCodec.read(own()) instanceof UnitBag.Understood bag)) {
            return this;
        }
        UnitRecord record = bag.record().isOurs() ? bag.record() : bag.record().adopted();
        Optional<Long> released = Optional.ofNullable(passedOver().get(self));
        UnitRecord next =
                released.isPresent() ? record.notRun(released.get(), false, EpochSeconds.writable(at)) : record;
        return next.equals(bag.record()) ? this : with(next);
    }

    /**
     * Carries out one command of this unit.
     *
     * @param command what to do
     * @param at the wall clock, for stamps
     * @param headBegun whether the head of the queue runs, or its result is known and not yet recorded
     */
    public Applied apply(PeerCommand.ByUnit command, Instant at, boolean headBegun) {
        if (command instanceof PeerCommand.Join) {
            return new Applied(this, new PeerReply.Joined(0));
        } else if (command instanceof PeerCommand.OpenLease
                || command instanceof PeerCommand.KeepAlive
                || command instanceof PeerCommand.CloseLease) {
            return new Applied(this, new PeerReply.Done()); // nobody expires here
        }
        UnitBag bag = DatabagCodec.read(own());
        if (bag instanceof UnitBag.Damaged damaged) {
            return refused(PeerReply.Reason.INVALID, "the databag of " + self + " cannot be read: " + damaged.reason());
        }
        return change(((UnitBag.Understood) bag).record(), command, EpochSeconds.writable(at), headBegun);
    }

    private Applied change(UnitRecord record, PeerCommand.ByUnit command, Instant at, boolean headBegun) {
        if (command instanceof PeerCommand.Request request) {
            return request(record, request, at, headBegun);
        } else if (command instanceof PeerCommand.Start start) {
            return isOpen(start.epoch())
                    ? new Applied(this, new PeerReply.Started(record.queue().head(), record.isReady()))
                    : notOpen(start.epoch());
        } else if (command instanceof PeerCommand.Finish finish) {
            return finish(record, finish, at);
        } else if (command instanceof PeerCommand.Drop drop) {
            return drop(record, drop, at);
        } else if (command instanceof PeerCommand.NotRun notRun) {
            if (!isOpen(notRun.epoch())) {
                return notOpen(notRun.epoch());
            }
            UnitRecord next = record.notRun(notRun.epoch(), notRun.giveWay(), at);
            return done(notRun.rests() ? next.ready(false) : next);
        } else if (command instanceof PeerCommand.SetReady set) {
            return done(record.ready(set.ready()));
        } else if (command instanceof PeerCommand.SetBackend set) {
            return done(record.processedBy(set.backend(), set.etcdCleanupNeeded()));
        } else if (command instanceof PeerCommand.Withdraw withdraw) {
            return withdraw(record, withdraw.operation(), headBegun);
        }
        return refused(PeerReply.Reason.NOT_ALLOWED, "databags have no answer to " + command);
    }

    private Applied request(UnitRecord record, PeerCommand.Request request, Instant at, boolean headBegun) {
        Optional<PeerReply> refusal =
                RequestRules.refusal(request.callbackId(), request.arguments(), request.maxRetry());
        if (refusal.isPresent()) {
            return new Applied(this, refusal.get());
        }
        Operation operation = Operation.requested(request.callbackId(), request.arguments(), request.maxRetry(), at);
        Optional<PeerReply> noRoom = RequestRules.noRoom(self, record, operation, headBegun);
        if (noRoom.isPresent()) {
            return new Applied(this, noRoom.get());
        }
        UnitRecord next = record.requested(operation, headBegun);
        OperationId id = next.queue().last().orElseThrow().id();
        return new Applied(
                next.equals(record) ? this : with(next), new PeerReply.Queued(new TreeMap<>(Map.of(self, id))));
    }

    private Applied drop(UnitRecord record, PeerCommand.Drop drop, Instant at) {
        return settled(record, drop.epoch(), drop.operation())
                .orElseGet(() -> done(record.dropped(drop.epoch(), drop.note(), at)));
    }

    /** What is answered without looking at a result: it is there already, or it does not count any more. */
    private Optional<Applied> settled(UnitRecord record, long epoch, OperationId operation) {
        if (record.answers().isResult(epoch, operation)) {
            return Optional.of(new Applied(this, new PeerReply.Done()));
        }
        if (!isOpen(epoch)) {
            return Optional.of(notOpen(epoch));
        }
        if (!record.queue().head().map(Operation::id).equals(Optional.of(operation))) {
            return Optional.of(refused(
                    PeerReply.Reason.STALE, "operation " + operation + " is not the head of the queue of " + self));
        }
        return Optional.empty();
    }

    private Applied finish(UnitRecord record, PeerCommand.Finish finish, Instant at) {
        Optional<Applied> settled = settled(record, finish.epoch(), finish.operation());
        if (settled.isPresent()) {
            return settled.get();
        }
        boolean passedOver = !record.isReady() || finish.rests();
        OperationResult counted = passedOver && finish.result() == OperationResult.RETRY_HOLD
                ? OperationResult.RETRY_RELEASE
                : finish.result();
        UnitRecord next = record.answered(finish.epoch(), counted, finish.note(), at);
        return done(finish.rests() ? next.ready(false) : next);
    }

    private Applied withdraw(UnitRecord record, OperationId operation, boolean headBegun) {
        int index = 0;
        while (index < record.queue().size()
                && !record.queue().operations().get(index).id().equals(operation)) {
            index++;
        }
        if (index == record.queue().size()) {
            return refused(PeerReply.Reason.STALE, operation + " is not in the queue of " + self);
        }
        return index == 0 && headBegun
                ? refused(PeerReply.Reason.STALE, operation + " has begun and cannot be withdrawn")
                : done(record.withdrawn(index));
    }

    private boolean isOpen(long epoch) {
        PeerSnapshot seen = snapshot();
        return seen.isGrantedTo(self) && seen.grant().epoch() == epoch;
    }

    private Applied notOpen(long epoch) {
        return refused(PeerReply.Reason.STALE, "grant " + epoch + " of " + self + " is not open any more");
    }

    private Applied refused(PeerReply.Reason reason, String message) {
        return new Applied(this, new PeerReply.Refused(reason, message));
    }

    private Applied done(UnitRecord next) {
        return new Applied(with(next), new PeerReply.Done());
    }

    private Databags with(UnitRecord next) {
        NavigableMap<UnitName, Map<String, String>> changed = new TreeMap<>(units);
        NavigableMap<String, String> bag = new TreeMap<>(own());
        DatabagCodec.write(next).forEach((key, value) -> {
            if (value.isEmpty()) {
                bag.remove(key);
            } else {
                bag.put(key, value);
            }
        });
        changed.put(self, bag);
        return new Databags(self, application, changed);
    }
}
