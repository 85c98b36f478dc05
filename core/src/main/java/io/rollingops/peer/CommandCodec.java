// SPDX-License-Identifier: Apache-2.0
package io.rollingops.peer;

import io.rollingops.OperationCodec;
import io.rollingops.OperationId;
import io.rollingops.OperationResult;
import io.rollingops.ProcessingBackend;
import io.rollingops.UnitName;
import io.rollingops.json.Json;
import io.rollingops.json.JsonException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Commands and replies of the replicated store as JSON objects. The member {@code do} or {@code reply} names the kind.
 *
 * <p>A command written by any released version can be read for ever: it may stand in a log on disk.
 */
public final class CommandCodec {
    private CommandCodec() {}

    public static Json.Obj write(PeerCommand command) {
        if (command instanceof PeerCommand.Join join) {
            return named("join").put("format", join.format()).build();
        } else if (command instanceof PeerCommand.Leave) {
            return named("leave").build();
        } else if (command instanceof PeerCommand.OpenLease open) {
            Json.ObjectBuilder fields = named("open-lease")
                    .put("lease", open.leaseId())
                    .put("number", open.number())
                    .put("ttl_ms", open.ttl().toMillis());
            open.stillRunning().ifPresent(epoch -> fields.put("still_running", epoch));
            return fields.build();
        } else if (command instanceof PeerCommand.KeepAlive keepAlive) {
            return named("keep-alive").put("lease", keepAlive.leaseId()).build();
        } else if (command instanceof PeerCommand.CloseLease close) {
            return named("close-lease").put("lease", close.leaseId()).build();
        } else if (command instanceof PeerCommand.Request request) {
            return request(named("request"), request.callbackId(), request.arguments(), request.maxRetry());
        } else if (command instanceof PeerCommand.Start start) {
            return named("start")
                    .put("epoch", start.epoch())
                    .put("holds", start.holds())
                    .build();
        } else if (command instanceof PeerCommand.Finish finish) {
            return named("finish")
                    .put("epoch", finish.epoch())
                    .put("op_id", finish.operation().value())
                    .put("result", finish.result().wire())
                    .put("note", finish.note())
                    .put("rests", finish.rests())
                    .build();
        } else if (command instanceof PeerCommand.NotRun notRun) {
            return named("not-run")
                    .put("epoch", notRun.epoch())
                    .put("give_way", notRun.giveWay())
                    .put("rests", notRun.rests())
                    .build();
        } else if (command instanceof PeerCommand.Drop drop) {
            return named("drop")
                    .put("epoch", drop.epoch())
                    .put("op_id", drop.operation().value())
                    .put("note", drop.note())
                    .build();
        } else if (command instanceof PeerCommand.SetReady set) {
            return named("set-ready").put("ready", set.ready()).build();
        } else if (command instanceof PeerCommand.SetBackend set) {
            return named("set-backend")
                    .put("backend", set.backend().wire())
                    .put("etcd_cleanup_needed", set.etcdCleanupNeeded())
                    .build();
        } else if (command instanceof PeerCommand.Withdraw withdraw) {
            return named("withdraw").put("op_id", withdraw.operation().value()).build();
        } else if (command instanceof PeerCommand.TakeLock take) {
            return named("take-lock")
                    .put("name", take.name())
                    .put("ticket", take.ticket())
                    .build();
        } else if (command instanceof PeerCommand.DropLock drop) {
            return named("drop-lock")
                    .put("name", drop.name())
                    .put("ticket", drop.ticket())
                    .build();
        } else if (command instanceof PeerCommand.WriteUnit write) {
            return write(named("write-unit"), write.expected(), write.changes());
        } else if (command instanceof PeerCommand.WriteApplication write) {
            return write(named("write-application"), write.expected(), write.changes());
        } else if (command instanceof PeerCommand.Lead lead) {
            return named("lead").put("term", lead.term()).build();
        } else if (command instanceof PeerCommand.Expire expire) {
            return named("expire")
                    .put("unit", expire.unit().toString())
                    .put("lease", expire.leaseId())
                    .put("keep_alives", expire.keepAlives())
                    .build();
        } else if (command instanceof PeerCommand.RequestFor request) {
            return request(
                    named("request-for").put("units", names(request.units())),
                    request.callbackId(),
                    request.arguments(),
                    request.maxRetry());
        } else if (command instanceof PeerCommand.WithdrawFor withdraw) {
            return named("withdraw-for")
                    .put("unit", withdraw.unit().toString())
                    .put("op_id", withdraw.operation().value())
                    .build();
        } else if (command instanceof PeerCommand.ForceRelease force) {
            return named("force-release")
                    .put("unit", force.unit().toString())
                    .put("epoch", force.epoch())
                    .build();
        } else if (command instanceof PeerCommand.Remove remove) {
            return named("remove").put("unit", remove.unit().toString()).build();
        } else if (command instanceof PeerCommand.Repair repair) {
            return named("repair").put("unit", repair.unit().toString()).build();
        } else if (command instanceof PeerCommand.WriteOrder write) {
            return write(named("write-order"), write.expected(), write.changes());
        }
        throw new AssertionError(command);
    }

    /**
     * Reads a command. A state of form {@link StateCodec#FORMAT} never meets one that is not known here: a later release
     * sends it only to a state of its own form.
     *
     * @throws JsonException naming the field that is wrong
     */
    public static PeerCommand readCommand(Json.Obj fields) {
        try {
            return command(fields);
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw new JsonException(String.valueOf(e.getMessage()), e);
        }
    }

    public static Json.Obj write(PeerReply reply) {
        if (reply instanceof PeerReply.Done) {
            return replied("done").build();
        } else if (reply instanceof PeerReply.Joined joined) {
            return replied("joined").put("leases", joined.leases()).build();
        } else if (reply instanceof PeerReply.Queued queued) {
            Json.ObjectBuilder operations = Json.object();
            queued.operations().forEach((unit, operation) -> operations.put(unit.toString(), operation.value()));
            return replied("queued").put("operations", operations.build()).build();
        } else if (reply instanceof PeerReply.Started started) {
            Json.ObjectBuilder fields = replied("started").put("ready", started.ready());
            started.head().ifPresent(head -> fields.put("head", OperationCodec.toJson(head)));
            return fields.build();
        } else if (reply instanceof PeerReply.LockState lock) {
            Json.ObjectBuilder fields = replied("lock");
            lock.token().ifPresent(token -> fields.put("token", token));
            return fields.build();
        } else if (reply instanceof PeerReply.Refused refused) {
            return replied("refused")
                    .put("reason", refused.reason().name())
                    .put("message", refused.message())
                    .build();
        }
        throw new AssertionError(reply);
    }

    /**
     * Reads a reply.
     *
     * @throws JsonException naming the field that is wrong
     */
    public static PeerReply readReply(Json.Obj fields) {
        try {
            return reply(fields);
        } catch (IllegalArgumentException e) {
            throw new JsonException(String.valueOf(e.getMessage()), e);
        }
    }

    private static PeerReply reply(Json.Obj fields) {
        String kind = fields.string("reply");
        return switch (kind) {
            case "done" -> new PeerReply.Done();
            case "joined" -> new PeerReply.Joined(fields.integer("leases"));
            case "queued" -> {
                NavigableMap<UnitName, OperationId> operations = new TreeMap<>();
                Json.Obj byUnit = fields.object("operations");
                byUnit.members()
                        .keySet()
                        .forEach(unit -> operations.put(UnitName.parse(unit), new OperationId(byUnit.string(unit))));
                yield new PeerReply.Queued(operations);
            }
            case "started" ->
                new PeerReply.Started(fields.find("head").map(OperationCodec::toOperation), fields.bool("ready"));
            case "lock" -> new PeerReply.LockState(optionalInteger(fields, "token"));
            case "refused" ->
                new PeerReply.Refused(PeerReply.Reason.valueOf(fields.string("reason")), fields.string("message"));
            default -> throw new JsonException("unknown reply '" + kind + "'");
        };
    }

    private static PeerCommand command(Json.Obj fields) {
        String kind = fields.string("do");
        return switch (kind) {
            case "join" -> new PeerCommand.Join(Math.toIntExact(fields.integer("format")));
            case "leave" -> new PeerCommand.Leave();
            case "open-lease" ->
                new PeerCommand.OpenLease(
                        fields.string("lease"),
                        fields.integer("number"),
                        Duration.ofMillis(fields.integer("ttl_ms")),
                        optionalInteger(fields, "still_running"));
            case "keep-alive" -> new PeerCommand.KeepAlive(fields.string("lease"));
            case "close-lease" -> new PeerCommand.CloseLease(fields.string("lease"));
            case "request" ->
                new PeerCommand.Request(fields.string("callback_id"), fields.object("kwargs"), maxRetry(fields));
            case "start" -> new PeerCommand.Start(fields.integer("epoch"), fields.bool("holds"));
            case "finish" ->
                new PeerCommand.Finish(
                        fields.integer("epoch"),
                        new OperationId(fields.string("op_id")),
                        result(fields.string("result")),
                        fields.string("note"),
                        fields.bool("rests"));
            case "not-run" ->
                new PeerCommand.NotRun(fields.integer("epoch"), fields.bool("give_way"), fields.bool("rests"));
            case "drop" ->
                new PeerCommand.Drop(
                        fields.integer("epoch"), new OperationId(fields.string("op_id")), fields.string("note"));
            case "set-ready" -> new PeerCommand.SetReady(fields.bool("ready"));
            case "set-backend" ->
                new PeerCommand.SetBackend(backend(fields.string("backend")), fields.bool("etcd_cleanup_needed"));
            case "withdraw" -> new PeerCommand.Withdraw(new OperationId(fields.string("op_id")));
            case "take-lock" -> new PeerCommand.TakeLock(fields.string("name"), fields.string("ticket"));
            case "drop-lock" -> new PeerCommand.DropLock(fields.string("name"), fields.string("ticket"));
            case "write-unit" ->
                new PeerCommand.WriteUnit(texts(fields.object("expected")), texts(fields.object("changes")));
            case "write-application" ->
                new PeerCommand.WriteApplication(texts(fields.object("expected")), texts(fields.object("changes")));
            case "lead" -> new PeerCommand.Lead(fields.integer("term"));
            case "expire" ->
                new PeerCommand.Expire(
                        UnitName.parse(fields.string("unit")), fields.string("lease"), fields.integer("keep_alives"));
            case "request-for" ->
                new PeerCommand.RequestFor(
                        new TreeSet<>(units(fields.array("units"))),
                        fields.string("callback_id"),
                        fields.object("kwargs"),
                        maxRetry(fields));
            case "withdraw-for" ->
                new PeerCommand.WithdrawFor(
                        UnitName.parse(fields.string("unit")), new OperationId(fields.string("op_id")));
            case "force-release" ->
                new PeerCommand.ForceRelease(UnitName.parse(fields.string("unit")), fields.integer("epoch"));
            case "remove" -> new PeerCommand.Remove(UnitName.parse(fields.string("unit")));
            case "repair" -> new PeerCommand.Repair(UnitName.parse(fields.string("unit")));
            case "write-order" ->
                new PeerCommand.WriteOrder(texts(fields.object("expected")), texts(fields.object("changes")));
            default ->
                throw new JsonException(
                        "unknown command '" + kind + "'; it may come from a newer version of Rollingops");
        };
    }

    private static Json.ObjectBuilder named(String name) {
        return Json.object().put("do", name);
    }

    private static Json.ObjectBuilder replied(String name) {
        return Json.object().put("reply", name);
    }

    private static Json.Obj request(
            Json.ObjectBuilder fields, String callbackId, Json.Obj arguments, OptionalInt maxRetry) {
        fields.put("callback_id", callbackId).put("kwargs", arguments);
        maxRetry.ifPresent(limit -> fields.put("max_retry", limit));
        return fields.build();
    }

    private static Json.Obj write(
            Json.ObjectBuilder fields, Map<String, String> expected, Map<String, String> changes) {
        return fields.put("expected", texts(expected))
                .put("changes", texts(changes))
                .build();
    }

    private static Json.Obj texts(Map<String, String> texts) {
        Json.ObjectBuilder fields = Json.object();
        new TreeMap<>(texts).forEach(fields::put);
        return fields.build();
    }

    private static Map<String, String> texts(Json.Obj fields) {
        Map<String, String> texts = new LinkedHashMap<>();
        fields.members().keySet().forEach(key -> texts.put(key, fields.string(key)));
        return texts;
    }

    private static Json names(Collection<UnitName> units) {
        List<Json> names = new ArrayList<>();
        new TreeSet<>(units).forEach(unit -> names.add(Json.of(unit.toString())));
        return new Json.Arr(names);
    }

    private static List<UnitName> units(List<Json> names) {
        List<UnitName> units = new ArrayList<>();
        for (Json name : names) {
            if (!(name instanceof Json.Str text)) {
                throw new JsonException("field 'units' must hold strings, not " + name.kind());
            }
            units.add(UnitName.parse(text.value()));
        }
        return units;
    }

    private static OptionalInt maxRetry(Json.Obj fields) {
        if (fields.find("max_retry").isEmpty()) {
            return OptionalInt.empty();
        }
        long limit = fields.integer("max_retry");
        if (limit != (int) limit) {
            throw new JsonException("field 'max_retry' is out of range: " + limit);
        }
        return OptionalInt.of((int) limit);
    }

    private static Optional<Long> optionalInteger(Json.Obj fields, String name) {
        return fields.find(name).isPresent() ? Optional.of(fields.integer(name)) : Optional.empty();
    }

    private static OperationResult result(String wire) {
        return OperationResult.ofWire(wire).orElseThrow(() -> new JsonException("unknown result '" + wire + "'"));
    }

    private static ProcessingBackend backend(String wire) {
        return ProcessingBackend.ofWire(wire).orElseThrow(() -> new JsonException("unknown backend '" + wire + "'"));
    }
}
