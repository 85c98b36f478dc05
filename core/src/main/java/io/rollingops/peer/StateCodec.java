// SPDX-License-Identifier: Apache-2.0
package io.rollingops.peer;

import io.rollingops.Operation;
import io.rollingops.UnitName;
import io.rollingops.json.Json;
import io.rollingops.json.JsonException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The replicated store's whole state as one JSON object: what a snapshot on disk holds. Databags stand in it in their
 * wire form, so one that cannot be understood is carried along untouched.
 */
public final class StateCodec {
    /** The highest form that is known here; a state of a higher one is from a newer version and is refused. */
    public static final int FORMAT = 1;

    private StateCodec() {}

    public static Json.Obj write(PeerState state) {
        Json.ObjectBuilder members = Json.object();
        state.members().forEach((unit, member) -> members.put(unit.toString(), member(member)));
        Json.ObjectBuilder locks = Json.object();
        state.locks().forEach((name, lock) -> locks.put(name, lock(lock)));
        Json.ObjectBuilder fields = Json.object()
                .put("format", state.format())
                .put("application", state.application())
                .put("revision", state.revision())
                .put("grant", texts(DatabagCodec.write(state.grant())))
                .put("members", members.build())
                .put(
                        "departed",
                        new Json.Arr(state.departed().stream()
                                .map(unit -> Json.of(unit.toString()))
                                .toList()))
                .put("locks", locks.build())
                .put("shared", texts(state.shared()));
        state.leadership()
                .ifPresent(now -> fields.put("leader", now.unit().toString()).put("term", now.term()));
        return fields.build();
    }

    /**
     * Reads a state.
     *
     * @throws JsonException naming the field that is wrong, or the newer form
     */
    public static PeerState read(Json.Obj fields) {
        long format = fields.integer("format");
        if (format < 1 || format > FORMAT) {
            throw new JsonException(tooNew(format));
        }
        try {
            return new PeerState(
                    fields.string("application"),
                    Math.toIntExact(format),
                    fields.integer("revision"),
                    DatabagCodec.readGrant(texts(fields.object("grant"))),
                    fields.find("leader").isPresent()
                            ? Optional.of(new PeerState.Leadership(
                                    UnitName.parse(fields.string("leader")), fields.integer("term")))
                            : Optional.empty(),
                    members(fields.object("members")),
                    departed(fields.array("departed")),
                    locks(fields.object("locks")),
                    texts(fields.object("shared")));
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw new JsonException(String.valueOf(e.getMessage()), e);
        }
    }

    /** What to tell when a state has a form that is not known here. */
    public static String tooNew(long format) {
        return "the state has form " + format + ", this version of Rollingops knows forms up to " + FORMAT
                + "; use the version that wrote it, or a later one";
    }

    private static Json member(Member member) {
        NavigableMap<String, String> bag = new TreeMap<>();
        List<Json> requestedIn = new ArrayList<>();
        if (member.bag() instanceof UnitBag.Understood readable) {
            bag.putAll(readable.other());
            bag.putAll(DatabagCodec.write(readable.record()));
            for (Operation operation : readable.record().queue().operations()) {
                requestedIn.add(Json.of(member.requestedIn().getOrDefault(operation.requestedAt(), 0L)));
            }
        } else if (member.bag() instanceof UnitBag.Damaged unreadable) {
            bag.putAll(unreadable.raw());
        }
        Json.ObjectBuilder fields = Json.object()
                .put("bag", texts(bag))
                .put("requested_in", new Json.Arr(requestedIn))
                .put("leases", member.leases())
                .put("knows", member.knows());
        member.lease()
                .ifPresent(lease -> fields.put(
                        "lease",
                        Json.object()
                                .put("id", lease.id())
                                .put("ttl_ms", lease.ttl().toMillis())
                                .put("keep_alives", lease.keepAlives())
                                .build()));
        return fields.build();
    }

    private static NavigableMap<UnitName, Member> members(Json.Obj byUnit) {
        NavigableMap<UnitName, Member> members = new TreeMap<>();
        for (String unit : byUnit.members().keySet()) {
            Json.Obj fields = byUnit.object(unit);
            UnitBag bag = DatabagCodec.read(texts(fields.object("bag")));
            Optional<UnitLease> lease =
                    fields.find("lease").isPresent() ? Optional.of(lease(fields.object("lease"))) : Optional.empty();
            members.put(
                    UnitName.parse(unit),
                    new Member(
                            bag,
                            lease,
                            fields.integer("leases"),
                            requestedIn(bag, fields.array("requested_in")),
                            Math.toIntExact(fields.integer("knows"))));
        }
        return members;
    }

    private static UnitLease lease(Json.Obj fields) {
        return new UnitLease(
                fields.string("id"), Duration.ofMillis(fields.integer("ttl_ms")), fields.integer("keep_alives"));
    }

    private static Map<Instant, Long> requestedIn(UnitBag bag, List<Json> revisions) {
        Map<Instant, Long> requestedIn = new HashMap<>();
        if (bag instanceof UnitBag.Understood readable) {
            List<Operation> queue = readable.record().queue().operations();
            for (int i = 0; i < Math.min(queue.size(), revisions.size()); i++) {
                if (!(revisions.get(i) instanceof Json.Int revision)) {
                    throw new JsonException("field 'requested_in' must hold whole numbers");
                }
                requestedIn.put(queue.get(i).requestedAt(), revision.value().longValueExact());
            }
        }
        return requestedIn;
    }

    private static NavigableSet<UnitName> departed(List<Json> names) {
        NavigableSet<UnitName> departed = new TreeSet<>();
        for (Json name : names) {
            if (!(name instanceof Json.Str text)) {
                throw new JsonException("field 'departed' must hold strings");
            }
            departed.add(UnitName.parse(text.value()));
        }
        return departed;
    }

    private static Json lock(NamedLock lock) {
        Json.ObjectBuilder fields = Json.object()
                .put("token", lock.token())
                .put(
                        "waiting",
                        new Json.Arr(
                                lock.waiting().stream().map(StateCodec::ticket).toList()));
        lock.holder().ifPresent(holder -> fields.put("holder", ticket(holder)));
        return fields.build();
    }

    private static Json ticket(NamedLock.Ticket ticket) {
        return Json.object()
                .put("unit", ticket.unit().toString())
                .put("ticket", ticket.id())
                .build();
    }

    private static NavigableMap<String, NamedLock> locks(Json.Obj byName) {
        NavigableMap<String, NamedLock> locks = new TreeMap<>();
        for (String name : byName.members().keySet()) {
            Json.Obj fields = byName.object(name);
            List<NamedLock.Ticket> waiting = new ArrayList<>();
            fields.array("waiting").forEach(item -> waiting.add(readTicket(item)));
            locks.put(
                    name,
                    new NamedLock(fields.find("holder").map(StateCodec::readTicket), fields.integer("token"), waiting));
        }
        return locks;
    }

    private static NamedLock.Ticket readTicket(Json value) {
        if (!(value instanceof Json.Obj fields)) {
            throw new JsonException("a ticket must be an object, not " + value.kind());
        }
        return new NamedLock.Ticket(UnitName.parse(fields.string("unit")), fields.string("ticket"));
    }

    private static Json.Obj texts(Map<String, String> bag) {
        Json.ObjectBuilder fields = Json.object();
        new TreeMap<>(bag).forEach((key, value) -> {
            if (!value.isEmpty()) {
                fields.put(key, value);
            }
        });
        return fields.build();
    }

    private static NavigableMap<String, String> texts(Json.Obj fields) {
        NavigableMap<String, String> bag = new TreeMap<>();
        fields.members().keySet().forEach(key -> bag.put(key, fields.string(key)));
        return bag;
    }
}
