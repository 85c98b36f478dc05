// SPDX-License-Identifier: Apache-2.0
package io.rollingops.peer;

import io.rollingops.EpochSeconds;
import io.rollingops.OperationCodec;
import io.rollingops.OperationId;
import io.rollingops.OperationQueue;
import io.rollingops.ProcessingBackend;
import io.rollingops.UnitName;
import io.rollingops.json.Json;
import io.rollingops.json.JsonException;
import io.rollingops.json.JsonText;
import io.rollingops.schedule.Intent;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * The wire form of databags: string keys and values, the original's keys with the original's texts, and keys of our own
 * beside them. In what is written an empty value means that the key is absent.
 *
 * <p>Reading never throws: a databag that cannot be understood becomes {@link UnitBag.Damaged} with the reason.
 */
public final class DatabagCodec {
    private static final String STATE = "state";
    private static final String OPERATIONS = "operations";
    private static final String EXECUTED_AT = "executed_at";
    private static final String PROCESSING_BACKEND = "processing_backend";
    private static final String ETCD_CLEANUP_NEEDED = "etcd_cleanup_needed";
    private static final String DONE_EPOCH = "done_epoch";
    private static final String READY = "ready";
    private static final String PROTOCOL = "protocol";
    private static final String LAST_REQUESTED_AT = "last_requested_at";
    private static final String INTERRUPTED = "interrupted";
    private static final String OUTCOMES = "outcomes";

    private static final String GRANTED_UNIT = "granted_unit";
    private static final String GRANTED_AT = "granted_at";
    private static final String GRANT_EPOCH = "grant_epoch";
    private static final String GRANT_PHASE = "grant_phase";
    private static final String GRANT_HOLD = "grant_hold";
    private static final String GRANT_HOLDER = "grant_holder";
    private static final String GRANT_RELEASED = "grant_released";

    /** The keys of a unit's databag that are ours. */
    public static final Set<String> UNIT_KEYS = Set.of(
            STATE,
            OPERATIONS,
            EXECUTED_AT,
            PROCESSING_BACKEND,
            ETCD_CLEANUP_NEEDED,
            DONE_EPOCH,
            READY,
            PROTOCOL,
            LAST_REQUESTED_AT,
            INTERRUPTED,
            OUTCOMES);

    /** The keys of the application's databag that are ours. */
    public static final Set<String> APPLICATION_KEYS =
            Set.of(GRANTED_UNIT, GRANTED_AT, GRANT_EPOCH, GRANT_PHASE, GRANT_HOLD, GRANT_HOLDER, GRANT_RELEASED);

    /** What the library before the original left in {@code state}: it knew no queue. */
    private static final Set<String> STATES_OF_VERSION_0 = Set.of("acquire", "release");

    private DatabagCodec() {}

    /** All our keys of a unit's databag, in the order of their names; absent ones with an empty value. */
    public static NavigableMap<String, String> write(UnitRecord record) {
        NavigableMap<String, String> bag = new TreeMap<>();
        bag.put(STATE, record.intent().wire());
        bag.put(OPERATIONS, OperationCodec.write(record.queue()));
        bag.put(LAST_REQUESTED_AT, instant(present(record.work().lastRequestedAt())));
        bag.put(INTERRUPTED, number(record.work().interrupted()));
        bag.put(DONE_EPOCH, number(record.doneEpoch()));
        bag.put(EXECUTED_AT, instant(record.answers().executedAt()));
        bag.put(OUTCOMES, outcomes(record.answers().outcomes()));
        bag.put(READY, record.isReady() ? "" : "false");
        bag.put(PROTOCOL, number(record.standing().protocol()));
        bag.put(PROCESSING_BACKEND, record.backend().wire());
        bag.put(ETCD_CLEANUP_NEEDED, Boolean.toString(record.standing().etcdCleanupNeeded()));
        return bag;
    }

    /** Reads a unit's databag. */
    public static UnitBag read(Map<String, String> bag) {
        try {
            return new UnitBag.Understood(record(bag), foreign(bag));
        } catch (JsonException | IllegalArgumentException e) {
            return new UnitBag.Damaged(String.valueOf(e.getMessage()), bag);
        }
    }

    /** Our keys of the application's databag; absent ones with an empty value. */
    public static NavigableMap<String, String> write(Grant grant) {
        NavigableMap<String, String> bag = new TreeMap<>();
        bag.put(GRANTED_UNIT, grant.unit().map(UnitName::toString).orElse(""));
        bag.put(GRANTED_AT, instant(grant.grantedAt()));
        bag.put(GRANT_EPOCH, number(grant.epoch()));
        bag.put(
                GRANT_PHASE,
                switch (grant.phase()) {
                    case FREE -> "";
                    case GRANTED -> "granted";
                    case RUNNING -> "running";
                });
        bag.put(GRANT_HOLD, grant.hold() ? "true" : "");
        return bag;
    }

    /**
     * Reads the grant as the replicated store writes it.
     *
     * @throws JsonException naming the key that is wrong
     */
    public static Grant readGrant(Map<String, String> bag) {
        long epoch = count(bag, GRANT_EPOCH, Long.MAX_VALUE);
        boolean hold = flag(bag, GRANT_HOLD, false);
        Optional<Instant> at = text(bag, GRANTED_AT).flatMap(EpochSeconds::read);
        Optional<UnitName> unit = unit(bag, GRANTED_UNIT);
        try {
            return new Grant(unit, epoch, phase(bag), hold, at);
        } catch (IllegalArgumentException e) {
            throw new JsonException("key 'grant_phase': " + e.getMessage(), e);
        }
    }

    /**
     * Our keys of the application's databag as a leader writes them. Beside the original's {@code granted_unit} stands
     * {@code grant_holder}: a leader that still runs the original changes only the former, so a grant of its is not
     * taken for one of ours under an old epoch.
     */
    static NavigableMap<String, String> writeByLeader(Grant grant) {
        NavigableMap<String, String> bag = new TreeMap<>();
        String unit = grant.unit().map(UnitName::toString).orElse("");
        bag.put(GRANTED_UNIT, unit);
        bag.put(GRANTED_AT, instant(grant.grantedAt()));
        bag.put(GRANT_EPOCH, number(grant.epoch()));
        bag.put(GRANT_HOLDER, unit);
        return bag;
    }

    /**
     * Reads the grant as a leader writes it. One of the original's leader is none of ours; see {@link #foreignGrantee}.
     *
     * @throws JsonException naming the key that is wrong
     */
    static Grant readByLeader(Map<String, String> bag) {
        long epoch = count(bag, GRANT_EPOCH, Long.MAX_VALUE);
        Optional<UnitName> unit = unit(bag, GRANT_HOLDER);
        if (epoch < 1 || unit.isEmpty() || !unit.equals(unit(bag, GRANTED_UNIT))) {
            return new Grant(Optional.empty(), epoch, Grant.Phase.FREE, false, Optional.empty());
        }
        return new Grant(
                unit, epoch, Grant.Phase.GRANTED, false, text(bag, GRANTED_AT).flatMap(EpochSeconds::read));
    }

    /**
     * Whom a leader that runs the original has granted.
     *
     * @throws JsonException naming the key that is wrong
     */
    static Optional<UnitName> foreignGrantee(Map<String, String> bag) {
        Optional<UnitName> unit = unit(bag, GRANTED_UNIT);
        return unit.equals(unit(bag, GRANT_HOLDER)) ? Optional.empty() : unit;
    }

    /** The units that an operator took a grant from, each with its epoch, as a key for the application's databag. */
    static Map.Entry<String, String> writeReleased(NavigableMap<UnitName, Long> released) {
        Json.ObjectBuilder epochs = Json.object();
        released.forEach((unit, epoch) -> epochs.put(unit.toString(), epoch));
        return Map.entry(GRANT_RELEASED, released.isEmpty() ? "" : JsonText.write(epochs.build()));
    }

    /**
     * The units that an operator took a grant from, each with its epoch.
     *
     * @throws JsonException when the key is wrong
     */
    static NavigableMap<UnitName, Long> readReleased(Map<String, String> bag) {
        NavigableMap<UnitName, Long> released = new TreeMap<>();
        Optional<String> text = text(bag, GRANT_RELEASED);
        if (text.isPresent()) {
            try {
                Json.Obj epochs = JsonText.parseObject(text.get());
                epochs.members().keySet().forEach(unit -> released.put(UnitName.parse(unit), epochs.integer(unit)));
            } catch (JsonException | IllegalArgumentException e) {
                throw new JsonException("key 'grant_released': " + e.getMessage(), e);
            }
        }
        return released;
    }

    private static Optional<UnitName> unit(Map<String, String> bag, String key) {
        try {
            return text(bag, key).map(UnitName::parse);
        } catch (IllegalArgumentException e) {
            throw new JsonException("key '" + key + "': " + e.getMessage(), e);
        }
    }

    private static Grant.Phase phase(Map<String, String> bag) {
        String wire = bag.getOrDefault(GRANT_PHASE, "");
        return switch (wire) {
            case "" -> Grant.Phase.FREE;
            case "granted" -> Grant.Phase.GRANTED;
            case "running" -> Grant.Phase.RUNNING;
            default -> throw unknown(GRANT_PHASE, wire);
        };
    }

    /** The keys of a unit's databag that are not ours. */
    static NavigableMap<String, String> foreign(Map<String, String> bag) {
        NavigableMap<String, String> other = new TreeMap<>(bag);
        other.keySet().removeAll(UNIT_KEYS);
        return other;
    }

    private static UnitRecord record(Map<String, String> bag) {
        OperationQueue queue = queue(bag);
        Work work = new Work(
                intent(bag, queue),
                queue,
                lastRequestedAt(bag, queue),
                Math.toIntExact(count(bag, INTERRUPTED, Integer.MAX_VALUE)));
        Answers answers = new Answers(
                count(bag, DONE_EPOCH, Long.MAX_VALUE),
                text(bag, EXECUTED_AT).flatMap(EpochSeconds::read),
                readOutcomes(bag));
        Standing standing = new Standing(
                flag(bag, READY, true),
                Math.toIntExact(count(bag, PROTOCOL, Integer.MAX_VALUE)),
                text(bag, PROCESSING_BACKEND)
                        .map(wire ->
                                ProcessingBackend.ofWire(wire).orElseThrow(() -> unknown(PROCESSING_BACKEND, wire)))
                        .orElse(ProcessingBackend.PEER),
                flag(bag, ETCD_CLEANUP_NEEDED, false));
        return new UnitRecord(work, answers, standing);
    }

    private static OperationQueue queue(Map<String, String> bag) {
        try {
            return OperationCodec.readQueue(bag.getOrDefault(OPERATIONS, ""));
        } catch (JsonException e) {
            throw new JsonException("key 'operations': " + e.getMessage(), e);
        }
    }

    private static Intent intent(Map<String, String> bag, OperationQueue queue) {
        String wire = bag.getOrDefault(STATE, "");
        if (wire.isEmpty()) {
            return Intent.IDLE;
        }
        if (STATES_OF_VERSION_0.contains(wire)) {
            return queue.isEmpty() ? Intent.IDLE : Intent.REQUEST;
        }
        return Intent.ofWire(wire).orElseThrow(() -> unknown(STATE, wire));
    }

    /** A databag of the original has no such key: the last stamp in the queue stands in. */
    private static Instant lastRequestedAt(Map<String, String> bag, OperationQueue queue) {
        Instant known = text(bag, LAST_REQUESTED_AT).flatMap(EpochSeconds::read).orElse(Instant.EPOCH);
        Instant queued = queue.operations().stream()
                .map(operation -> operation.requestedAt())
                .max(Instant::compareTo)
                .orElse(Instant.EPOCH);
        return known.isAfter(queued) ? known : queued;
    }

    private static String outcomes(List<Outcome> outcomes) {
        if (outcomes.isEmpty()) {
            return "";
        }
        List<Json> items = new ArrayList<>();
        for (Outcome outcome : outcomes) {
            items.add(Json.object()
                    .put("op_id", outcome.operation().value())
                    .put("outcome", outcome.kind().wire())
                    .put("epoch", outcome.epoch())
                    .put("attempt", outcome.attempt())
                    .put("at", EpochSeconds.write(outcome.at()))
                    .put("note", outcome.note())
                    .build());
        }
        return JsonText.write(new Json.Arr(items));
    }

    private static List<Outcome> readOutcomes(Map<String, String> bag) {
        String text = bag.getOrDefault(OUTCOMES, "");
        if (text.isEmpty()) {
            return List.of();
        }
        try {
            if (!(JsonText.parse(text) instanceof Json.Arr array)) {
                throw new JsonException("must be an array");
            }
            return array.items().stream().map(DatabagCodec::readOutcome).toList();
        } catch (JsonException | IllegalArgumentException | ArithmeticException e) {
            throw new JsonException("key 'outcomes': " + e.getMessage(), e);
        }
    }

    private static Outcome readOutcome(Json item) {
        if (!(item instanceof Json.Obj fields)) {
            throw new JsonException("must hold objects, not " + item.kind());
        }
        String kind = fields.string("outcome");
        return new Outcome(
                new OperationId(fields.string("op_id")),
                Outcome.Kind.ofWire(kind)
                        .orElseThrow(() -> new JsonException("field 'outcome' has the unknown value '" + kind + "'")),
                fields.integer("epoch"),
                Math.toIntExact(fields.integer("attempt")),
                EpochSeconds.read(fields.string("at")).orElse(Instant.EPOCH),
                fields.string("note"));
    }

    private static Optional<String> text(Map<String, String> bag, String key) {
        return Optional.ofNullable(bag.get(key)).filter(value -> !value.isEmpty());
    }

    private static boolean flag(Map<String, String> bag, String key, boolean absent) {
        return text(bag, key)
                .map(value -> switch (value) {
                    case "true" -> true;
                    case "false" -> false;
                    default -> throw unknown(key, value);
                })
                .orElse(absent);
    }

    private static long count(Map<String, String> bag, String key, long max) {
        Optional<String> text = text(bag, key);
        if (text.isEmpty()) {
            return 0;
        }
        try {
            long value = Long.parseLong(text.get());
            if (value >= 0 && value <= max) {
                return value;
            }
        } catch (NumberFormatException e) {
            throw new JsonException("key '" + key + "' is not a whole number", e);
        }
        throw new JsonException("key '" + key + "' is out of range: " + text.get());
    }

    private static JsonException unknown(String key, String value) {
        return new JsonException("key '" + key + "' has the unknown value '" + value + "'");
    }

    private static Optional<Instant> present(Instant at) {
        return Optional.of(at).filter(known -> !known.equals(Instant.EPOCH));
    }

    private static String instant(Optional<Instant> at) {
        return at.map(EpochSeconds::write).orElse("");
    }

    private static String number(long value) {
        return value == 0 ? "" : Long.toString(value);
    }
}
