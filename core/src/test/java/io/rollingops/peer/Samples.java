// SPDX-License-Identifier: Apache-2.0
package io.rollingops.peer;

import static io.rollingops.peer.Replica.START;
import static io.rollingops.peer.Replica.unit;

import io.rollingops.Operation;
import io.rollingops.OperationId;
import io.rollingops.OperationResult;
import io.rollingops.ProcessingBackend;
import io.rollingops.json.Json;
import io.rollingops.json.JsonText;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;

/** At least one of every kind of command and reply, in the order of the golden files; new ones are added at the end. */
final class Samples {
    private static final OperationId ID = new OperationId("1800000000.0-restart");
    private static final Json.Obj ARGUMENTS =
            JsonText.parseObject("{\"b\":[1,2.5,null,true],\"a\":{\"text\":\"\\u00e9 \\u2028 \\\"/\\\"\"}}");

    private Samples() {}

    static List<PeerCommand> commands() {
        return List.of(
                new PeerCommand.Join(),
                new PeerCommand.Leave(),
                new PeerCommand.OpenLease("p-1", 1, Duration.ofMillis(30_500), Optional.empty()),
                new PeerCommand.OpenLease("p-2", 2, Duration.ofSeconds(30), Optional.of(17L)),
                new PeerCommand.KeepAlive("p-1"),
                new PeerCommand.CloseLease("p-1"),
                new PeerCommand.Request("restart", ARGUMENTS, OptionalInt.of(0)),
                new PeerCommand.Request("restart", Json.Obj.EMPTY, OptionalInt.empty()),
                new PeerCommand.Start(17, false),
                new PeerCommand.Start(Long.MAX_VALUE, true),
                new PeerCommand.Finish(17, ID, OperationResult.RELEASE, "", false),
                new PeerCommand.Finish(17, ID, OperationResult.RETRY_RELEASE, "exit status 75", true),
                new PeerCommand.Finish(17, ID, OperationResult.RETRY_HOLD, "", false),
                new PeerCommand.NotRun(17, true, true),
                new PeerCommand.NotRun(17, false, false),
                new PeerCommand.SetReady(true),
                new PeerCommand.SetReady(false),
                new PeerCommand.SetBackend(ProcessingBackend.ETCD, false),
                new PeerCommand.SetBackend(ProcessingBackend.PEER, true),
                new PeerCommand.Withdraw(ID),
                new PeerCommand.TakeLock("db", "t-1"),
                new PeerCommand.DropLock("db", "t-1"),
                new PeerCommand.WriteUnit(Map.of("b", "", "a", "1"), Map.of("b", "2", "a", "")),
                new PeerCommand.WriteUnit(Map.of(), Map.of()),
                new PeerCommand.Lead(4),
                new PeerCommand.WriteApplication(Map.of("a", "1"), Map.of("a", "2")),
                new PeerCommand.Expire(unit(3), "p-1", 12),
                new PeerCommand.RequestFor(Set.of(unit(10), unit(2)), "restart", ARGUMENTS, OptionalInt.of(3)),
                new PeerCommand.RequestFor(Set.of(unit(0)), "restart", Json.Obj.EMPTY, OptionalInt.empty()),
                new PeerCommand.ForceRelease(unit(3), 17),
                new PeerCommand.Remove(unit(3)),
                new PeerCommand.Repair(unit(3)),
                new PeerCommand.WriteOrder(Map.of("a", ""), Map.of("a", "1")),
                new PeerCommand.Drop(17, ID, "not run"),
                new PeerCommand.WithdrawFor(unit(3), ID));
    }

    static List<PeerReply> replies() {
        Operation head = Operation.requested("restart", ARGUMENTS, OptionalInt.of(3), START)
                .attemptedAgain();
        return List.of(
                new PeerReply.Done(),
                new PeerReply.Joined(0),
                new PeerReply.Joined(7),
                new PeerReply.Queued(new TreeMap<>(Map.of(unit(10), ID, unit(2), new OperationId("1800000000.5-x")))),
                new PeerReply.Queued(new TreeMap<>()),
                new PeerReply.Started(Optional.of(head), true),
                new PeerReply.Started(Optional.empty(), false),
                new PeerReply.LockState(Optional.of(42L)),
                new PeerReply.LockState(Optional.empty()),
                new PeerReply.Refused(PeerReply.Reason.STALE, "too late"),
                new PeerReply.Refused(PeerReply.Reason.NOT_ALLOWED, "not yours"),
                new PeerReply.Refused(PeerReply.Reason.INVALID, "never"),
                new PeerReply.Refused(PeerReply.Reason.FULL, "later, \"perhaps\""));
    }
}
