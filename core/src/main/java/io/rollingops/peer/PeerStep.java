// SPDX-License-Identifier: Apache-2.0
package io.rollingops.peer;

import io.rollingops.EpochSeconds;
import io.rollingops.Operation;
import io.rollingops.OperationId;
import io.rollingops.OperationResult;
import io.rollingops.UnitName;
import io.rollingops.schedule.Decision;
import io.rollingops.schedule.Scheduler;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiFunction;

/**
 * One command on its way through {@link PeerState#apply}: collects what changes, and either all of it happens or none.
 * Used once, by one thread.
 */
final class PeerStep {
    /** How many keys of their own users may keep in one databag. */
    static final int MAX_OTHER_KEYS = 64;
    /** How long one of them may be, name and value together. */
    static final int MAX_VALUE_CHARS = 64 << 10;

    private final PeerState before;
    private final Author author;
    private final Instant at;
    private final long revision;

    private int format;
    private Grant grant;
    private Optional<PeerState.Leadership> leadership;
    private final NavigableMap<UnitName, Member> members;
    private final NavigableSet<UnitName> departed;
    private final NavigableMap<String, NamedLock> locks;
    private final NavigableMap<String, String> shared;
    private final List<PeerEvent> events = new ArrayList<>();

    PeerStep(PeerState before, Author author, Instant at) {
        this.before = before;
        this.author = author;
        this.at = EpochSeconds.writable(at);
        this.revision = before.revision() + 1;
        this.format = before.format();
        this.grant = before.grant();
        this.leadership = before.leadership();
        this.members = new TreeMap<>(before.members());
        this.departed = new TreeSet<>(before.departed());
        this.locks = new TreeMap<>(before.locks());
        this.shared = new TreeMap<>(before.shared());
    }

    PeerState.Applied carryOut(PeerCommand command) {
        PeerReply reply = dispatch(command);
        if (reply instanceof PeerReply.Refused) {
            return new PeerState.Applied(before, reply, List.of());
        }
        grantNext();
        if (isUnchanged()) {
            return new PeerState.Applied(before, reply, events); // a repetition: nobody needs to look again
        }
        PeerState after = new PeerState(
                before.application(), format, revision, grant, leadership, members, departed, locks, shared);
        return new PeerState.Applied(after, reply, events);
    }

    private boolean isUnchanged() {
        return events.isEmpty()
                && format == before.format()
                && grant.equals(before.grant())
                && leadership.equals(before.leadership())
                && members.equals(before.members())
                && departed.equals(before.departed())
                && locks.equals(before.locks())
                && shared.equals(before.shared());
    }

    /** Rules G1 and G2: when the slot is free, the next grant belongs to this very step. */
    private void grantNext() {
        PeerSnapshot now = new PeerSnapshot(
                PeerSnapshot.Kind.REPLICATED, revision, grant, Optional.empty(), members, locks, shared);
        if (!grant.isOpen() && Scheduler.decide(now.slot(), now.views()) instanceof Decision.Grant next) {
            grant = grant.next(next.unit(), at);
            events.add(new PeerEvent.Granted(next.unit(), grant.epoch()));
        }
    }

    private PeerReply dispatch(PeerCommand command) {
        if (command instanceof PeerCommand.ByOperator byOperator) {
            return author instanceof Author.Operator
                    ? operator(byOperator)
                    : notAllowed("only an operator may ask this; it was asked by " + author);
        }
        if (!(author instanceof Author.Unit unit)) {
            return notAllowed("only a unit may ask this; it was asked by " + author);
        }
        if (command instanceof PeerCommand.Join join) {
            return join(unit.name(), join.format());
        }
        Member member = members.get(unit.name());
        if (member == null) {
            return notAllowed(unit.name() + " is not a member of " + before.application());
        }
        if (command instanceof PeerCommand.ByLeader byLeader) {
            return leadership.map(PeerState.Leadership::unit).equals(Optional.of(unit.name()))
                    ? leader(byLeader)
                    : notAllowed(unit.name() + " does not lead "
                            + before.application()
                            + "; it may not write for the application");
        }
        return process(unit.name(), member, command);
    }

    /** Commands about the unit's process, which need no readable databag. */
    private PeerReply process(UnitName unit, Member member, PeerCommand command) {
        if (command instanceof PeerCommand.OpenLease open) {
            return openLease(unit, member, open);
        } else if (command instanceof PeerCommand.KeepAlive keepAlive) {
            return keepAlive(unit, member, keepAlive.leaseId());
        } else if (command instanceof PeerCommand.CloseLease close) {
            return closeLease(unit, member, close.leaseId());
        } else if (command instanceof PeerCommand.Leave) {
            return remove(unit);
        } else if (command instanceof PeerCommand.TakeLock take) {
            return takeLock(unit, member, take);
        } else if (command instanceof PeerCommand.DropLock drop) {
            return dropLock(unit, drop);
        } else if (command instanceof PeerCommand.Lead lead) {
            return lead(unit, lead.term());
        }
        return member.bag() instanceof UnitBag.Understood readable
                ? operation(unit, readable, command)
                : new PeerReply.Refused(
                        PeerReply.Reason.INVALID, "the databag of " + unit + " cannot be read: " + unreadable(member));
    }

    /** Commands about the unit's record. */
    private PeerReply operation(UnitName unit, UnitBag.Understood bag, PeerCommand command) {
        UnitRecord record = bag.record();
        if (command instanceof PeerCommand.Request request) {
            return request(unit, record, request);
        } else if (command instanceof PeerCommand.Start start) {
            return start(unit, record, start);
        } else if (command instanceof PeerCommand.Finish finish) {
            return finish(unit, record, finish);
        } else if (command instanceof PeerCommand.Drop drop) {
            return drop(unit, record, drop);
        } else if (command instanceof PeerCommand.NotRun notRun) {
            return notRun(unit, record, notRun);
        } else if (command instanceof PeerCommand.SetReady set) {
            return change(unit, record.ready(set.ready()));
        } else if (command instanceof PeerCommand.SetBackend set) {
            return change(unit, record.processedBy(set.backend(), set.etcdCleanupNeeded()));
        } else if (command instanceof PeerCommand.Withdraw withdraw) {
            return withdraw(unit, record, withdraw.operation());
        } else if (command instanceof PeerCommand.WriteUnit write) {
            return writeUnit(unit, bag, write);
        }
        throw new AssertionError(command);
    }

    private PeerReply join(UnitName unit, int knows) {
        if (!unit.application().equals(before.application())) {
            return notAllowed(unit + " is not a unit of " + before.application());
        }
        if (departed.contains(unit)) {
            return notAllowed(unit + " has left " + before.application()
                    + " for good; a new unit needs a number that was never used");
        }
        if (knows < format) {
            return notAllowed("the store of " + before.application() + " has form " + format + ", the release of "
                    + unit + " knows forms up to " + knows + "; use a later release");
        }
        if (members.containsKey(unit)) {
            members.put(unit, member(unit).knowing(knows));
            riseToWhatAllKnow();
            return new PeerReply.Joined(member(unit).leases());
        }
        if (members.size() >= PeerState.MAX_MEMBERS) {
            return full(before.application() + " has " + PeerState.MAX_MEMBERS + " units, which is the limit");
        }
        members.put(unit, Member.NEW.knowing(knows));
        riseToWhatAllKnow();
        return new PeerReply.Joined(0);
    }

    /** A form is used from the step on in which the last unit's release is known to know it. */
    private void riseToWhatAllKnow() {
        members.values().stream().mapToInt(Member::knows).min().ifPresent(known -> format = Math.max(format, known));
    }

    private PeerReply openLease(UnitName unit, Member member, PeerCommand.OpenLease open) {
        Optional<String> mistake = UnitLease.mistake(open.leaseId(), open.ttl());
        if (mistake.isPresent()) {
            return invalid(mistake.get());
        }
        if (member.lease().map(UnitLease::id).equals(Optional.of(open.leaseId()))) {
            return keepAlive(unit, member, open.leaseId()); // its time counts anew, as the sender will count it
        }
        if (open.number() <= member.leases()) {
            return stale("lease " + open.number() + " of " + unit + " is not new, it has had " + member.leases());
        }
        boolean keepsSlot = open.stillRunning().isPresent()
                && grant.hold()
                && grant.isOpenFor(unit, open.stillRunning().get());
        endLease(unit, !keepsSlot);
        members.put(unit, member(unit).with(new UnitLease(open.leaseId(), open.ttl(), 0), open.number()));
        return new PeerReply.Done();
    }

    private PeerReply keepAlive(UnitName unit, Member member, String leaseId) {
        Optional<UnitLease> lease = member.lease().filter(own -> own.id().equals(leaseId));
        if (lease.isEmpty()) {
            return stale("this lease of " + unit + " has ended");
        }
        members.put(unit, member.with(lease.get().keptAlive(), member.leases()));
        return new PeerReply.Done();
    }

    private PeerReply closeLease(UnitName unit, Member member, String leaseId) {
        if (member.lease().filter(own -> own.id().equals(leaseId)).isPresent()) {
            endLease(unit, true);
        }
        return new PeerReply.Done();
    }

    /** Rules C1 and C2: what the process held is freed, its operation stays at the head. */
    private void endLease(UnitName unit, boolean alsoHeld) {
        Member member = member(unit);
        boolean freed = grant.isOpenFor(unit) && (alsoHeld || !grant.hold());
        boolean wasRunning = freed && grant.phase() == Grant.Phase.RUNNING;
        if (freed) {
            grant = grant.withdrawn();
        }
        if (freed || member.lease().isPresent()) {
            events.add(new PeerEvent.LeaseEnded(unit));
        }
        member.record().ifPresent(record -> change(unit, record.leaseEnded(wasRunning)));
        members.put(unit, member(unit).withoutLease());
        changeLocks((name, lock) -> lock.without(unit, revision));
    }

    private PeerReply request(UnitName unit, UnitRecord record, PeerCommand.Request request) {
        Optional<PeerReply> refusal =
                RequestRules.refusal(request.callbackId(), request.arguments(), request.maxRetry());
        if (refusal.isPresent()) {
            return refusal.get();
        }
        Operation operation = Operation.requested(request.callbackId(), request.arguments(), request.maxRetry(), at);
        Optional<PeerReply> noRoom = RequestRules.noRoom(unit, record, operation, headBegun(unit));
        if (noRoom.isPresent()) {
            return noRoom.get();
        }
        OperationId id = enqueue(unit, record, operation);
        return fullStore().orElseGet(() -> new PeerReply.Queued(new TreeMap<>(Map.of(unit, id))));
    }

    /** Why what this step added does not fit, if so. What makes the state smaller is never asked. */
    private Optional<PeerReply> fullStore() {
        long chars = StateSize.chars(members.values(), shared);
        return chars <= PeerState.MAX_CHARS
                ? Optional.empty()
                : Optional.of(full("the queues and databags of " + before.application() + " would have " + chars
                        + " characters in all, over the limit of " + PeerState.MAX_CHARS
                        + "; wait until some have run, or withdraw some"));
    }

    private boolean headBegun(UnitName unit) {
        return grant.isOpenFor(unit) && grant.phase() == Grant.Phase.RUNNING;
    }

    private OperationId enqueue(UnitName unit, UnitRecord record, Operation operation) {
        UnitRecord next = record.requested(operation, headBegun(unit));
        OperationId id = next.queue().last().orElseThrow().id();
        if (!next.equals(record)) {
            change(unit, next);
            events.add(new PeerEvent.Requested(unit, id));
        }
        return id;
    }

    private PeerReply start(UnitName unit, UnitRecord record, PeerCommand.Start start) {
        if (!grant.isOpenFor(unit, start.epoch())) {
            return notTheSlot(unit, start.epoch());
        }
        if (grant.phase() == Grant.Phase.GRANTED) {
            grant = grant.started(start.holds());
        }
        return new PeerReply.Started(record.queue().head(), record.isReady());
    }

    private PeerReply finish(UnitName unit, UnitRecord record, PeerCommand.Finish finish) {
        Optional<PeerReply> settled = settled(unit, record, finish.epoch(), finish.operation());
        if (settled.isPresent()) {
            return settled.get();
        }
        UnitRecord next = record.answered(finish.epoch(), counted(unit, record, finish), finish.note(), at);
        return answer(unit, finish.rests() ? next.ready(false) : next);
    }

    private PeerReply drop(UnitName unit, UnitRecord record, PeerCommand.Drop drop) {
        return settled(unit, record, drop.epoch(), drop.operation())
                .orElseGet(() -> answer(unit, record.dropped(drop.epoch(), drop.note(), at)));
    }

    /** What is answered without looking at a result: it is there already, or it does not count any more. */
    private Optional<PeerReply> settled(UnitName unit, UnitRecord record, long epoch, OperationId operation) {
        if (record.answers().isResult(epoch, operation)) {
            return Optional.of(new PeerReply.Done());
        }
        if (!grant.isOpenFor(unit, epoch) || grant.phase() != Grant.Phase.RUNNING) {
            return Optional.of(notTheSlot(unit, epoch));
        }
        if (!record.queue().head().map(Operation::id).equals(Optional.of(operation))) {
            return Optional.of(stale("operation " + operation + " is not the head of the queue of " + unit));
        }
        return Optional.empty();
    }

    private PeerReply answer(UnitName unit, UnitRecord next) {
        change(unit, next);
        grant = grant.answered();
        List<Outcome> outcomes = next.answers().outcomes();
        events.add(new PeerEvent.Answered(unit, outcomes.get(outcomes.size() - 1)));
        return new PeerReply.Done();
    }

    /**
     * A unit that will be passed over cannot hold on for a retry: its lease ended while its callback ran on, or it wants
     * no grants, and nobody knows until when.
     */
    private OperationResult counted(UnitName unit, UnitRecord record, PeerCommand.Finish finish) {
        boolean passedOver = member(unit).lease().isEmpty() || !record.isReady() || finish.rests();
        return passedOver && finish.result() == OperationResult.RETRY_HOLD
                ? OperationResult.RETRY_RELEASE
                : finish.result();
    }

    private PeerReply notRun(UnitName unit, UnitRecord record, PeerCommand.NotRun notRun) {
        if (record.answers().isNotRun(notRun.epoch())) {
            return new PeerReply.Done();
        }
        if (!grant.isOpenFor(unit, notRun.epoch())) {
            return notTheSlot(unit, notRun.epoch());
        }
        UnitRecord answered = record.notRun(notRun.epoch(), notRun.giveWay(), at);
        boolean mayHaveBegun = notRun.giveWay() && grant.phase() == Grant.Phase.RUNNING;
        UnitRecord next = mayHaveBegun ? answered.interrupted() : answered;
        change(unit, notRun.rests() ? next.ready(false) : next);
        grant = grant.answered();
        events.add(new PeerEvent.GivenBack(unit, record.queue().head().map(Operation::id), notRun.epoch()));
        return new PeerReply.Done();
    }

    private PeerReply withdraw(UnitName unit, UnitRecord record, OperationId operation) {
        List<Operation> queued = record.queue().operations();
        int index = 0;
        while (index < queued.size() && !queued.get(index).id().equals(operation)) {
            index++;
        }
        if (index == queued.size()) {
            return stale(operation + " is not in the queue of " + unit);
        }
        if (index == 0 && grant.isOpenFor(unit) && grant.phase() == Grant.Phase.RUNNING) {
            return stale(operation + " is running and cannot be withdrawn");
        }
        change(unit, record.withdrawn(index));
        events.add(new PeerEvent.Withdrawn(unit, operation));
        return new PeerReply.Done();
    }

    private PeerReply takeLock(UnitName unit, Member member, PeerCommand.TakeLock take) {
        if (member.lease().isEmpty()) {
            return stale(unit + " has no live lease, so it cannot hold a lock");
        }
        if (take.name().isBlank()
                || take.name().length() > NamedLock.MAX_NAME_CHARS
                || take.ticket().isBlank()
                || take.ticket().length() > NamedLock.MAX_NAME_CHARS) {
            return invalid("a lock's name has 1 to " + NamedLock.MAX_NAME_CHARS + " characters");
        }
        NamedLock lock = locks.getOrDefault(take.name(), NamedLock.FREE);
        NamedLock.Ticket ticket = new NamedLock.Ticket(unit, take.ticket());
        NamedLock asked = lock.asked(ticket, revision);
        if (lock.isUnused() && locks.size() >= NamedLock.MAX_LOCKS) {
            return full(NamedLock.MAX_LOCKS + " named locks are in use, which is the limit");
        }
        if (asked.waiting().size() > NamedLock.MAX_WAITING) {
            return full(NamedLock.MAX_WAITING + " wait for the lock '" + take.name() + "', which is the limit");
        }
        locks.put(take.name(), asked);
        boolean had = asked.holder().equals(Optional.of(ticket));
        return new PeerReply.LockState(had ? Optional.of(asked.token()) : Optional.empty());
    }

    private PeerReply dropLock(UnitName unit, PeerCommand.DropLock drop) {
        NamedLock.Ticket ticket = new NamedLock.Ticket(unit, drop.ticket());
        changeLocks((name, lock) -> name.equals(drop.name()) ? lock.without(ticket, revision) : lock);
        return new PeerReply.Done();
    }

    private void changeLocks(BiFunction<String, NamedLock, NamedLock> change) {
        locks.replaceAll(change);
        locks.values().removeIf(NamedLock::isUnused);
    }

    private PeerReply writeUnit(UnitName unit, UnitBag.Understood bag, PeerCommand.WriteUnit write) {
        Optional<PeerReply> refusal =
                refusal(bag.other(), write.expected(), write.changes(), DatabagCodec.UNIT_KEYS, "databag of " + unit);
        if (refusal.isPresent()) {
            return refusal.get();
        }
        NavigableMap<String, String> other = new TreeMap<>(bag.other());
        merge(other, write.changes());
        members.put(unit, member(unit).with(new UnitBag.Understood(bag.record(), other)));
        return doneIfItFits();
    }

    private PeerReply lead(UnitName unit, long term) {
        if (leadership.filter(now -> now.term() >= term).isPresent()) {
            PeerState.Leadership now = leadership.get();
            return now.unit().equals(unit) && now.term() == term
                    ? new PeerReply.Done()
                    : stale(now.unit() + " leads since term " + now.term());
        }
        leadership = Optional.of(new PeerState.Leadership(unit, term));
        return new PeerReply.Done();
    }

    private PeerReply leader(PeerCommand.ByLeader command) {
        if (command instanceof PeerCommand.Expire expire) {
            return expire(expire);
        } else if (command instanceof PeerCommand.WriteApplication write) {
            return writeApplication(write.expected(), write.changes());
        }
        throw new AssertionError(command);
    }

    private PeerReply writeApplication(Map<String, String> expected, Map<String, String> changes) {
        Optional<PeerReply> refusal =
                refusal(shared, expected, changes, DatabagCodec.APPLICATION_KEYS, "application databag");
        if (refusal.isPresent()) {
            return refusal.get();
        }
        merge(shared, changes);
        return doneIfItFits();
    }

    private PeerReply doneIfItFits() {
        return fullStore().orElseGet(PeerReply.Done::new);
    }

    private PeerReply expire(PeerCommand.Expire expire) {
        Optional<UnitLease> lease = Optional.ofNullable(members.get(expire.unit()))
                .flatMap(Member::lease)
                .filter(own -> own.id().equals(expire.leaseId()) && own.keepAlives() == expire.keepAlives());
        if (lease.isEmpty()) {
            return stale("that lease of " + expire.unit() + " was kept alive since, or has ended");
        }
        endLease(expire.unit(), false);
        return new PeerReply.Done();
    }

    private PeerReply operator(PeerCommand.ByOperator command) {
        if (command instanceof PeerCommand.RequestFor request) {
            return requestFor(request);
        } else if (command instanceof PeerCommand.WithdrawFor withdraw) {
            return withdrawFor(withdraw);
        } else if (command instanceof PeerCommand.ForceRelease force) {
            return forceRelease(force);
        } else if (command instanceof PeerCommand.Remove gone) {
            return operatorRemoves(gone.unit());
        } else if (command instanceof PeerCommand.Repair repair) {
            return repair(repair.unit());
        } else if (command instanceof PeerCommand.WriteOrder write) {
            return writeApplication(write.expected(), write.changes());
        }
        throw new AssertionError(command);
    }

    private PeerReply requestFor(PeerCommand.RequestFor request) {
        Optional<PeerReply> refusal =
                RequestRules.refusal(request.callbackId(), request.arguments(), request.maxRetry());
        if (refusal.isPresent()) {
            return refusal.get();
        }
        if (request.units().isEmpty()) {
            return invalid("the request names no unit");
        }
        Operation operation = Operation.requested(request.callbackId(), request.arguments(), request.maxRetry(), at);
        for (UnitName unit : new TreeSet<>(request.units())) {
            Member member = members.get(unit);
            if (member == null) {
                return invalid(
                        unit + " is not a member of " + before.application() + "; members are " + members.keySet());
            }
            Optional<UnitRecord> record = member.record();
            if (record.isEmpty()) {
                return invalid("the databag of " + unit + " cannot be read: " + unreadable(member)
                        + "; 'rollingops why " + unit + "' says what to do; name the others with --unit");
            }
            Optional<PeerReply> noRoom = RequestRules.noRoom(unit, record.get(), operation, headBegun(unit));
            if (noRoom.isPresent()) {
                return noRoom.get();
            }
        }
        NavigableMap<UnitName, OperationId> queued = new TreeMap<>();
        for (UnitName unit : new TreeSet<>(request.units())) {
            queued.put(unit, enqueue(unit, member(unit).record().orElseThrow(), operation));
        }
        return fullStore().orElseGet(() -> new PeerReply.Queued(queued));
    }

    private PeerReply withdrawFor(PeerCommand.WithdrawFor command) {
        Member member = members.get(command.unit());
        if (member == null) {
            return invalid(command.unit() + " is not a member of " + before.application() + "; members are "
                    + members.keySet());
        }
        return member.record()
                .map(record -> withdraw(command.unit(), record, command.operation()))
                .orElseGet(() -> invalid("the databag of " + command.unit() + " cannot be read: " + unreadable(member)
                        + "; 'rollingops why " + command.unit() + "' says what to do"));
    }

    private PeerReply forceRelease(PeerCommand.ForceRelease force) {
        if (!grant.isOpenFor(force.unit(), force.epoch())) {
            return stale(force.unit() + " does not hold grant " + force.epoch() + "; look at the status again");
        }
        // Its lease ends as well: a process that only hangs stops what it runs and has to come back before it is
        // granted
        // anything again, instead of getting the same operation at once.
        endLease(force.unit(), true);
        return new PeerReply.Done();
    }

    /** The unit keeps its lease, what users wrote in its databag, and that it has answered what it was granted. */
    private PeerReply repair(UnitName unit) {
        Member member = members.get(unit);
        if (member == null) {
            return stale(unit + " is not a member of " + before.application() + "; members are " + members.keySet());
        }
        if (!(member.bag() instanceof UnitBag.Damaged damaged)) {
            return stale("the databag of " + unit + " can be read; there is nothing to repair");
        }
        if (grant.isOpenFor(unit)) {
            return stale(unit + " holds grant " + grant.epoch() + "; release that first");
        }
        members.put(unit, member.with(new UnitBag.Understood(UnitRecord.NEW, DatabagCodec.foreign(damaged.raw()))));
        return new PeerReply.Done();
    }

    /** Also a unit that has not joined yet: a late message of it must not bring it in after its removal. */
    private PeerReply operatorRemoves(UnitName unit) {
        if (members.containsKey(unit)) {
            return remove(unit);
        }
        if (!unit.application().equals(before.application()) || departed.contains(unit)) {
            return stale(unit + " is not a member of " + before.application() + "; members are " + members.keySet());
        }
        if (departed.size() >= PeerState.MAX_DEPARTED) {
            return full(PeerState.MAX_DEPARTED + " units that have left are remembered, which is the limit");
        }
        departed.add(unit);
        return new PeerReply.Done();
    }

    private PeerReply remove(UnitName unit) {
        endLease(unit, true);
        members.remove(unit);
        departed.add(unit);
        leadership = leadership.filter(now -> !now.unit().equals(unit));
        events.add(new PeerEvent.Removed(unit));
        return new PeerReply.Done();
    }

    private PeerReply change(UnitName unit, UnitRecord next) {
        members.put(unit, member(unit).with(next, revision));
        return new PeerReply.Done();
    }

    private Member member(UnitName unit) {
        return Optional.ofNullable(members.get(unit)).orElseThrow();
    }

    private static Optional<PeerReply> refusal(
            Map<String, String> now,
            Map<String, String> expected,
            Map<String, String> changes,
            Set<String> reserved,
            String where) {
        // In the order of the names: every replica gives the same answer.
        for (Map.Entry<String, String> expectation : new TreeMap<>(expected).entrySet()) {
            if (!now.getOrDefault(expectation.getKey(), "").equals(expectation.getValue())) {
                return Optional.of(stale("key '" + expectation.getKey() + "' of the " + where + " has changed"));
            }
        }
        for (Map.Entry<String, String> change : new TreeMap<>(changes).entrySet()) {
            if (change.getKey().isBlank()) {
                return Optional.of(invalid("a key of the " + where + " is not blank"));
            }
            if (reserved.contains(change.getKey())) {
                return Optional.of(
                        notAllowed("key '" + change.getKey() + "' of the " + where + " belongs to Rollingops"));
            }
            if (change.getKey().length() + change.getValue().length() > MAX_VALUE_CHARS) {
                return Optional.of(invalid("key '" + change.getKey() + "' of the " + where + " is over the limit of "
                        + MAX_VALUE_CHARS + " characters"));
            }
        }
        NavigableMap<String, String> merged = new TreeMap<>(now);
        merge(merged, changes);
        if (merged.size() > Math.max(now.size(), MAX_OTHER_KEYS)) {
            return Optional.of(full("the " + where + " may have " + MAX_OTHER_KEYS + " keys of its users"));
        }
        return Optional.empty();
    }

    private static void merge(NavigableMap<String, String> bag, Map<String, String> changes) {
        changes.forEach((key, value) -> {
            if (value.isEmpty()) {
                bag.remove(key);
            } else {
                bag.put(key, value);
            }
        });
    }

    private static String unreadable(Member member) {
        return member.bag() instanceof UnitBag.Damaged bag ? bag.reason() : "";
    }

    private PeerReply notTheSlot(UnitName unit, long epoch) {
        return stale("grant " + epoch + " of " + unit + " is not open any more");
    }

    private static PeerReply stale(String message) {
        return new PeerReply.Refused(PeerReply.Reason.STALE, message);
    }

    private static PeerReply notAllowed(String message) {
        return new PeerReply.Refused(PeerReply.Reason.NOT_ALLOWED, message);
    }

    private static PeerReply invalid(String message) {
        return new PeerReply.Refused(PeerReply.Reason.INVALID, message);
    }

    private static PeerReply full(String message) {
        return new PeerReply.Refused(PeerReply.Reason.FULL, message);
    }
}
