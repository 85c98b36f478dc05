// SPDX-License-Identifier: Apache-2.0
package io.rollingops.peer;

import static io.rollingops.peer.Replica.START;
import static io.rollingops.peer.Replica.unit;
import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.Operation;
import io.rollingops.OperationId;
import io.rollingops.OperationResult;
import io.rollingops.ProcessingBackend;
import io.rollingops.UnitName;
import io.rollingops.json.Json;
import io.rollingops.json.JsonText;
import io.rollingops.schedule.Decision;
import io.rollingops.schedule.Scheduler;
import io.rollingops.testing.HistoryChecker;
import io.rollingops.testing.HistoryEvent;
import io.rollingops.testing.HistoryEvent.Kind;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What holds for every state of the store, whoever sends whatever in whatever order: most commands here make sense at
 * their moment, many are late, repeated, wrong, or sent by somebody who may not send them.
 */
class PeerStatePropertiesTest {
    private static final int UNITS = 5;
    private static final int COMMANDS = 120;

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void whoever_sends_whatever_the_state_stays_sound(long seed) {
        new Run(seed).run();
    }

    static LongStream seeds() {
        return LongStream.range(0, 200);
    }

    /** One sequence of commands and what must hold after each. */
    private static final class Run {
        private final SplittableRandom random;
        private final HistoryChecker history = new HistoryChecker();
        private final Set<String> ids = new HashSet<>();
        private final List<String> story = new ArrayList<>();
        private PeerState state = PeerState.empty(Replica.APP);
        private long term;

        Run(long seed) {
            random = new SplittableRandom(seed);
        }

        void run() {
            int refused = 0;
            for (int i = 0; i < COMMANDS; i++) {
                Author author = author();
                PeerCommand command = command(author);
                PeerState before = state;
                PeerState.Applied applied = before.apply(author, clock(), command);
                state = applied.state();
                String what = author + " " + command + " -> " + applied.reply();
                story.add(what);

                roundTrips(command, applied.reply(), what);
                if (applied.reply() instanceof PeerReply.Refused) {
                    refused++;
                    assertThat(state).as(what).isSameAs(before);
                    assertThat(applied.events()).as(what).isEmpty();
                } else {
                    newRevisionIfAnythingChanged(before, applied.events(), what);
                    soundGrant(before, applied.events(), what);
                    soundQueues(applied.events(), what);
                    othersAreUntouched(before, author, command, what);
                    record(before, author, command, applied.events());
                    assertThat(history.violations())
                            .as(() -> String.join("\n", story))
                            .isEmpty();
                }
                if (random.nextInt(4) == 0) {
                    state = StateCodec.read(StateCodec.write(state));
                }
            }
            assertThat(refused)
                    .as("some commands are refused, and some are not")
                    .isBetween(1, COMMANDS - 1);
        }

        /** A repetition must not wake everybody, and a change must. */
        private void newRevisionIfAnythingChanged(PeerState before, List<PeerEvent> events, String what) {
            if (events.isEmpty() && at(state, before.revision()).equals(before)) {
                assertThat(state).as(what).isSameAs(before);
            } else {
                assertThat(state.revision()).as(what).isEqualTo(before.revision() + 1);
            }
        }

        private static PeerState at(PeerState state, long revision) {
            return new PeerState(
                    state.application(),
                    state.format(),
                    revision,
                    state.grant(),
                    state.leadership(),
                    state.members(),
                    state.departed(),
                    state.locks(),
                    state.shared());
        }

        /** What is written can be read back, and a replica that begins from a snapshot is the same as one that did not. */
        private void roundTrips(PeerCommand command, PeerReply reply, String what) {
            assertThat(CommandCodec.readCommand(reread(CommandCodec.write(command))))
                    .as(what)
                    .isEqualTo(command);
            assertThat(CommandCodec.readReply(reread(CommandCodec.write(reply))))
                    .as(what)
                    .isEqualTo(reply);
            PeerState restored = StateCodec.read(reread(StateCodec.write(state)));
            assertThat(restored).as(what).isEqualTo(state);
        }

        private static Json.Obj reread(Json.Obj value) {
            return JsonText.parseObject(JsonText.write(value));
        }

        private void soundGrant(PeerState before, List<PeerEvent> events, String what) {
            Grant grant = state.grant();
            List<PeerEvent> granted =
                    events.stream().filter(PeerEvent.Granted.class::isInstance).toList();
            assertThat(grant.epoch()).as(what).isEqualTo(before.grant().epoch() + granted.size());
            assertThat(granted.size()).as(what).isLessThanOrEqualTo(1);
            if (!granted.isEmpty()) {
                assertThat(granted)
                        .as(what)
                        .containsExactly(new PeerEvent.Granted(grant.unit().orElseThrow(), grant.epoch()));
                assertThat(grant.phase()).as(what).isEqualTo(Grant.Phase.GRANTED);
            }
            if (grant.isOpen()) {
                Optional<Member> grantee = grant.unit().map(state.members()::get);
                assertThat(grantee.flatMap(Member::record).map(UnitRecord::doneEpoch))
                        .as(what)
                        .hasValueSatisfying(done -> assertThat(done).isLessThan(grant.epoch()));
                assertThat(grantee.flatMap(Member::lease).isPresent() || grant.hold())
                        .as(what)
                        .isTrue();
            } else {
                PeerSnapshot now = state.snapshot();
                assertThat(Scheduler.decide(now.slot(), now.views()))
                        .as("nobody waits for a slot that is free: " + what)
                        .isEqualTo(new Decision.Idle());
            }
        }

        private void soundQueues(List<PeerEvent> events, String what) {
            state.members().forEach((unit, member) -> {
                Work work = member.record().orElseThrow().work();
                Instant last = Instant.EPOCH;
                for (Operation operation : work.queue().operations()) {
                    assertThat(operation.requestedAt()).as(what).isAfter(last);
                    assertThat(member.requestedIn()).as(what).containsKey(operation.requestedAt());
                    last = operation.requestedAt();
                }
                assertThat(work.lastRequestedAt()).as(what).isAfterOrEqualTo(last);
                assertThat(member.requestedIn()).as(what).hasSize(work.queue().size());
            });
            for (PeerEvent event : events) {
                if (event instanceof PeerEvent.Requested requested) {
                    assertThat(ids.add(name(requested.unit(), requested.operation())))
                            .as("an id is used once: " + what)
                            .isTrue();
                }
            }
        }

        /** What a unit asks for itself touches no other unit's databag, lease or number of leases. */
        private void othersAreUntouched(PeerState before, Author author, PeerCommand command, String what) {
            if (command instanceof PeerCommand.ByUnit && author instanceof Author.Unit sender) {
                before.members().forEach((unit, member) -> {
                    if (!unit.equals(sender.name())) {
                        assertThat(state.members().get(unit)).as(what).isEqualTo(member);
                    }
                });
            }
        }

        /** The events as a history. A callback begins with the first start that finds work, and ends with its slot. */
        private void record(PeerState before, Author author, PeerCommand command, List<PeerEvent> events) {
            Grant was = before.grant();
            Grant now = state.grant();
            boolean ran = was.phase() == Grant.Phase.RUNNING && hasWork(before, was);
            if (ran && !(now.phase() == Grant.Phase.RUNNING && now.epoch() == was.epoch())) {
                tell(HistoryEvent.of(
                        Kind.END, Replica.APP, was.unit().orElseThrow().toString()));
            }
            events.forEach(this::tell);
            boolean begins = was.phase() == Grant.Phase.GRANTED && now.phase() == Grant.Phase.RUNNING;
            if (begins && hasWork(state, now)) {
                UnitName unit = now.unit().orElseThrow();
                OperationId head = state.snapshot()
                        .record(unit)
                        .orElseThrow()
                        .queue()
                        .head()
                        .orElseThrow()
                        .id();
                tell(HistoryEvent.begin(Replica.APP, unit.toString(), name(unit, head), now.epoch(), Optional.empty()));
            }
            if (author instanceof Author.Unit sender && command instanceof PeerCommand.SetReady set && !set.ready()) {
                // A unit that wants no grant holds on no longer; no event says so.
                tell(HistoryEvent.of(Kind.EXPIRE, Replica.APP, sender.name().toString()));
            }
        }

        private static boolean hasWork(PeerState of, Grant grant) {
            return of.snapshot()
                    .record(grant.unit().orElseThrow())
                    .filter(record -> !record.queue().isEmpty())
                    .isPresent();
        }

        private void tell(HistoryEvent event) {
            story.add(event.write());
            history.accept(event);
        }

        private void tell(PeerEvent event) {
            String app = Replica.APP;
            if (event instanceof PeerEvent.Requested requested) {
                tell(of(Kind.REQUEST, requested.unit(), requested.operation()));
            } else if (event instanceof PeerEvent.Granted granted) {
                tell(HistoryEvent.grant(app, granted.unit().toString(), granted.epoch()));
            } else if (event instanceof PeerEvent.Answered answered) {
                Outcome outcome = answered.outcome();
                Optional<String> operation = Optional.of(name(answered.unit(), outcome.operation()));
                tell(HistoryEvent.done(
                        app,
                        answered.unit().toString(),
                        operation,
                        outcome.epoch(),
                        outcome.kind().wire()));
            } else if (event instanceof PeerEvent.GivenBack back) {
                Optional<String> operation = back.head().map(head -> name(back.unit(), head));
                tell(HistoryEvent.done(app, back.unit().toString(), operation, back.epoch(), "not-run"));
            } else if (event instanceof PeerEvent.LeaseEnded ended) {
                tell(HistoryEvent.of(Kind.EXPIRE, app, ended.unit().toString()));
            } else if (event instanceof PeerEvent.Withdrawn withdrawn) {
                tell(of(Kind.WITHDRAW, withdrawn.unit(), withdrawn.operation()));
            } else if (event instanceof PeerEvent.Removed removed) {
                tell(HistoryEvent.of(Kind.REMOVE, app, removed.unit().toString()));
            } else {
                throw new AssertionError(event);
            }
        }

        private static HistoryEvent of(Kind kind, UnitName unit, OperationId operation) {
            return HistoryEvent.of(kind, Replica.APP, unit.toString(), name(unit, operation));
        }

        private static String name(UnitName unit, OperationId operation) {
            return unit + " " + operation;
        }

        private Author author() {
            return switch (random.nextInt(12)) {
                case 0 -> new Author.Operator("ada");
                case 1 -> new Author.Unit(new UnitName(random.nextBoolean() ? "other" : Replica.APP, 9));
                case 2, 3, 4, 5, 6 -> new Author.Unit(state.grant().unit().orElse(unit(0)));
                default -> new Author.Unit(unit(random.nextInt(UNITS)));
            };
        }

        /** Clocks run, step back, are precise to the nanosecond, and sometimes wildly wrong. */
        private Instant clock() {
            return switch (random.nextInt(20)) {
                case 0 -> Instant.MIN;
                case 1 -> Instant.MAX;
                case 2 -> START;
                default -> START.plusNanos(random.nextLong(1_000_000_000_000L));
            };
        }

        private PeerCommand command(Author author) {
            if (author instanceof Author.Operator) {
                return byOperator();
            }
            UnitName self = author instanceof Author.Unit sender ? sender.name() : unit(0);
            return switch (random.nextInt(24)) {
                case 0, 1 -> new PeerCommand.Join();
                case 2, 3 -> openLease(self);
                case 4 -> new PeerCommand.KeepAlive(leaseId(self));
                case 5 -> random.nextInt(4) == 0 ? new PeerCommand.CloseLease(leaseId(self)) : start();
                case 6, 7, 8, 9 -> request();
                case 10, 11, 12 -> start();
                case 13, 14, 15, 16 -> finish(self);
                case 17 -> new PeerCommand.NotRun(epoch(), random.nextBoolean(), random.nextBoolean());
                case 18 -> new PeerCommand.SetReady(random.nextInt(3) > 0);
                case 19 -> new PeerCommand.Withdraw(operation(self));
                case 20 -> lock();
                case 21 -> write();
                case 22 -> byLeader();
                default -> odd();
            };
        }

        private PeerCommand odd() {
            return switch (random.nextInt(8)) {
                case 0 -> new PeerCommand.Leave();
                case 1 ->
                    new PeerCommand.SetBackend(
                            random.nextBoolean() ? ProcessingBackend.ETCD : ProcessingBackend.PEER,
                            random.nextBoolean());
                case 2 -> new PeerCommand.Request(" ", Json.Obj.EMPTY, OptionalInt.empty());
                case 3 -> new PeerCommand.Request("x", Json.Obj.EMPTY, OptionalInt.of(-1));
                case 4 -> new PeerCommand.OpenLease("", Long.MAX_VALUE, Duration.ZERO, Optional.empty());
                case 5 -> byOperator();
                default -> new PeerCommand.Lead(random.nextInt(3) == 0 ? ++term : term);
            };
        }

        private PeerCommand byLeader() {
            if (random.nextBoolean()) {
                return new PeerCommand.Lead(++term);
            }
            UnitName unit = unit(random.nextInt(UNITS));
            Optional<UnitLease> lease =
                    Optional.ofNullable(state.members().get(unit)).flatMap(Member::lease);
            long keepAlives = lease.map(UnitLease::keepAlives).orElse(0L);
            return random.nextInt(3) == 0
                    ? new PeerCommand.WriteApplication(Map.of(), Map.of("a", number()))
                    : new PeerCommand.Expire(
                            unit,
                            lease.map(UnitLease::id).orElse("none"),
                            random.nextInt(4) == 0 ? keepAlives + 1 : keepAlives);
        }

        private PeerCommand byOperator() {
            UnitName unit = unit(random.nextInt(UNITS + 1));
            return switch (random.nextInt(12)) {
                case 0 ->
                    switch (random.nextInt(3)) {
                        case 0 -> new PeerCommand.Remove(unit);
                        case 1 -> new PeerCommand.Repair(unit);
                        default -> new PeerCommand.WithdrawFor(unit, operation(unit));
                    };
                case 1, 2 -> new PeerCommand.ForceRelease(state.grant().unit().orElse(unit), epoch());
                default ->
                    new PeerCommand.RequestFor(
                            random.nextInt(3) == 0
                                    ? Set.copyOf(List.of(unit, unit(0)))
                                    : state.members().keySet(),
                            "restart",
                            Json.object().put("n", random.nextInt(2)).build(),
                            random.nextBoolean() ? OptionalInt.empty() : OptionalInt.of(random.nextInt(3)));
            };
        }

        private PeerCommand openLease(UnitName self) {
            long had = Optional.ofNullable(state.members().get(self))
                    .map(Member::leases)
                    .orElse(0L);
            long number = had + 1 - random.nextInt(3) / 2;
            Optional<Long> running = random.nextBoolean() ? Optional.empty() : Optional.of(epoch());
            return new PeerCommand.OpenLease("lease-" + number, number, Replica.TTL, running);
        }

        private String leaseId(UnitName self) {
            return Optional.ofNullable(state.members().get(self))
                    .flatMap(Member::lease)
                    .map(UnitLease::id)
                    .orElse("none");
        }

        private PeerCommand request() {
            Json.Obj arguments = JsonText.parseObject(
                    random.nextBoolean() ? "{}" : "{\"z\":{\"b\":[1.5,null],\"a\":\"\u2028\"},\"n\":" + number() + "}");
            return new PeerCommand.Request(
                    random.nextBoolean() ? "restart" : "reload",
                    arguments,
                    random.nextBoolean() ? OptionalInt.empty() : OptionalInt.of(random.nextInt(3)));
        }

        private PeerCommand start() {
            return new PeerCommand.Start(epoch(), random.nextInt(3) == 0);
        }

        private PeerCommand finish(UnitName self) {
            OperationResult result = List.of(OperationResult.values()).get(random.nextInt(3));
            return new PeerCommand.Finish(
                    epoch(), operation(self), result, "x".repeat(random.nextInt(300)), random.nextInt(6) == 0);
        }

        private OperationId operation(UnitName self) {
            List<Operation> queue = state.snapshot()
                    .record(self)
                    .map(record -> record.queue().operations())
                    .orElse(List.of());
            if (queue.isEmpty() || random.nextInt(8) == 0) {
                return new OperationId("1.0-none");
            }
            return queue.get(random.nextInt(4) > 0 ? 0 : random.nextInt(queue.size()))
                    .id();
        }

        private long epoch() {
            long epoch = state.grant().epoch();
            return random.nextInt(8) > 0 ? epoch : epoch - 1 + random.nextInt(3);
        }

        private PeerCommand lock() {
            String name = "lock " + random.nextInt(2);
            String ticket = "ticket " + random.nextInt(3);
            return random.nextInt(3) > 0
                    ? new PeerCommand.TakeLock(name, ticket)
                    : new PeerCommand.DropLock(name, ticket);
        }

        private PeerCommand write() {
            return random.nextInt(4) == 0
                    ? new PeerCommand.WriteUnit(Map.of(), Map.of("state", "idle"))
                    : new PeerCommand.WriteUnit(
                            random.nextBoolean() ? Map.of() : Map.of("a", number()), Map.of("a", number(), "b", ""));
        }

        private String number() {
            return Integer.toString(random.nextInt(3));
        }
    }
}
