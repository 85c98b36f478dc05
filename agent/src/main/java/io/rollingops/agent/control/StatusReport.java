// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.control;

import io.rollingops.EpochSeconds;
import io.rollingops.Operation;
import io.rollingops.UnitName;
import io.rollingops.json.Json;
import io.rollingops.manager.Explanation;
import io.rollingops.peer.Grant;
import io.rollingops.peer.Member;
import io.rollingops.peer.NamedLock;
import io.rollingops.peer.Outcome;
import io.rollingops.peer.PeerSnapshot;
import io.rollingops.peer.UnitBag;
import io.rollingops.peer.UnitRecord;
import io.rollingops.raft.RaftStatus;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The status as JSON: what {@code rollingops status -o json} prints, and what its table is made of. Members are only ever
 * added to this form.
 */
public final class StatusReport {
    private StatusReport() {}

    /**
     * A report of what an agent sees.
     *
     * @param etcd about the lock that it shares with other applications, if there is one
     */
    public static Json.Obj of(
            UnitName self, PeerSnapshot seen, RaftStatus group, Optional<Json.Obj> etcd, Instant now) {
        Json.ObjectBuilder report = Json.object()
                .put("application", self.application())
                .put("unit", self.toString())
                .put("now", EpochSeconds.write(now))
                .put("revision", seen.revision())
                .put("group", group(group))
                .put("grant", grant(seen.grant()))
                .put("units", units(seen));
        if (!seen.locks().isEmpty()) {
            Json.ObjectBuilder locks = Json.object();
            seen.locks().forEach((name, lock) -> locks.put(name, lock(lock)));
            report.put("locks", locks.build());
        }
        etcd.ifPresent(lock -> report.put("etcd", lock));
        return report.build();
    }

    private static Json group(RaftStatus group) {
        List<Json> members = new ArrayList<>();
        group.members()
                .forEach(member -> members.add(Json.object()
                        .put("unit", member.unit().toString())
                        .put("address", member.host() + ":" + member.port())
                        .put("voter", member.voter())
                        .build()));
        Json.ObjectBuilder fields = Json.object()
                .put("role", group.role())
                .put("term", group.term())
                .put("members", new Json.Arr(members));
        group.leader().ifPresent(leader -> fields.put("leader", leader.toString()));
        return fields.build();
    }

    private static Json grant(Grant grant) {
        Json.ObjectBuilder fields = Json.object()
                .put("epoch", grant.epoch())
                .put("phase", grant.phase().name().toLowerCase(java.util.Locale.ROOT));
        if (grant.isOpen()) {
            grant.unit().ifPresent(unit -> fields.put("unit", unit.toString()));
            grant.grantedAt().ifPresent(at -> fields.put("granted_at", EpochSeconds.write(at)));
            fields.put("hold", grant.hold());
        }
        return fields.build();
    }

    private static Json units(PeerSnapshot seen) {
        List<Json> units = new ArrayList<>();
        seen.members().forEach((unit, member) -> units.add(unit(seen, unit, member)));
        return new Json.Arr(units);
    }

    private static Json unit(PeerSnapshot seen, UnitName unit, Member member) {
        Explanation why = Explanation.of(seen, unit);
        Json.ObjectBuilder fields = Json.object()
                .put("unit", unit.toString())
                .put("state", state(seen, unit, member))
                .put("online", member.lease().isPresent())
                .put("why", why.reason())
                .put("remedy", why.remedy());
        if (member.bag() instanceof UnitBag.Understood understood) {
            UnitRecord record = understood.record();
            fields.put("ready", record.isReady())
                    .put("interrupted", record.work().interrupted())
                    .put("backend", record.backend().wire())
                    .put("queue", queue(record))
                    .put("outcomes", outcomes(record));
        }
        return fields.build();
    }

    private static String state(PeerSnapshot seen, UnitName unit, Member member) {
        Optional<UnitRecord> record = member.record();
        if (record.isEmpty()) {
            return "unreadable";
        } else if (seen.isGrantedTo(unit)) {
            return seen.grant().phase() == Grant.Phase.RUNNING ? "running" : "granted";
        }
        return record.get().queue().isEmpty() ? "idle" : "waiting";
    }

    private static Json queue(UnitRecord record) {
        List<Json> queue = new ArrayList<>();
        for (Operation operation : record.queue().operations()) {
            Json.ObjectBuilder fields = Json.object()
                    .put("operation", operation.id().value())
                    .put("callback", operation.callbackId())
                    .put("requested_at", EpochSeconds.write(operation.requestedAt()))
                    .put("attempt", operation.attempt())
                    .put("arguments", operation.arguments());
            operation.maxRetry().ifPresent(limit -> fields.put("max_retry", limit));
            queue.add(fields.build());
        }
        return new Json.Arr(queue);
    }

    private static Json outcomes(UnitRecord record) {
        List<Json> outcomes = new ArrayList<>();
        for (Outcome outcome : record.answers().outcomes()) {
            outcomes.add(Json.object()
                    .put("operation", outcome.operation().value())
                    .put("outcome", outcome.kind().wire())
                    .put("final", outcome.kind().isFinal())
                    .put("attempt", outcome.attempt())
                    .put("epoch", outcome.epoch())
                    .put("at", EpochSeconds.write(outcome.at()))
                    .put("note", outcome.note())
                    .build());
        }
        return new Json.Arr(outcomes);
    }

    private static Json lock(NamedLock lock) {
        Json.ObjectBuilder fields = Json.object()
                .put("token", lock.token())
                .put("waiting", lock.waiting().size());
        lock.holder().ifPresent(holder -> fields.put("holder", holder.unit().toString()));
        return fields.build();
    }
}
