// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent;

import io.rollingops.OperationId;
import io.rollingops.ProcessingBackend;
import io.rollingops.RollingOpsException;
import io.rollingops.UnitName;
import io.rollingops.agent.control.StatusReport;
import io.rollingops.agent.process.RunDirectories;
import io.rollingops.agent.upgrade.UpgradeAgent;
import io.rollingops.json.Json;
import io.rollingops.json.JsonException;
import io.rollingops.local.Conversation;
import io.rollingops.local.LocalServer;
import io.rollingops.manager.RollingOpsManager;
import io.rollingops.manager.SyncLock;
import io.rollingops.peer.Author;
import io.rollingops.peer.PeerSnapshot;
import io.rollingops.peer.UnitRecord;
import io.rollingops.raft.OperatorEnvelope;
import io.rollingops.raft.RaftMember;
import io.rollingops.raft.RaftNode;
import io.rollingops.spi.CatchUp;
import io.rollingops.spi.PeerStore;
import io.rollingops.upgrade.UpgradeAnswer;
import io.rollingops.upgrade.UpgradeCommand;
import io.rollingops.upgrade.UpgradeRequest;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Base64;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** Answers what the command line asks of an agent. Called by a thread per conversation. */
final class AgentControl implements LocalServer.Handler {
    private static final Duration RELAY_LIMIT = Duration.ofSeconds(10);

    private final RollingOpsManager manager;
    private final PeerStore store;
    private final CatchUp catchUp;
    private final RaftNode node;
    private final Optional<SharedLock> shared;
    private final UpgradeAgent upgrade;
    private final InstantSource calendar;
    private final ScheduledExecutorService timers;
    private final Duration stopWithin;

    AgentControl(
            RollingOpsManager manager,
            PeerStore store,
            RaftNode node,
            Optional<SharedLock> shared,
            UpgradeAgent upgrade,
            InstantSource calendar,
            ScheduledExecutorService timers,
            Duration stopWithin) {
        this.manager = manager;
        this.store = store;
        this.catchUp = new CatchUp(store, System::nanoTime);
        this.node = node;
        this.shared = shared;
        this.upgrade = upgrade;
        this.calendar = calendar;
        this.timers = timers;
        this.stopWithin = stopWithin;
    }

    @Override
    public void handle(Json.Obj request, Conversation connection) throws IOException, InterruptedException {
        try {
            String what = request.string("do");
            switch (what) {
                case "status" -> connection.send(status());
                case "watch" -> watch(connection);
                case "request" -> connection.send(request(request));
                case "withdraw" -> connection.send(withdraw(request));
                case "number" -> connection.send(number(request));
                case "relay" -> connection.send(relay(request));
                case "lock" -> lock(request, connection);
                case "member-add" -> connection.send(addMember(request));
                case "member-remove" -> connection.send(removeMember(request));
                case "upgrade-status" -> connection.send(upgrade.report());
                case "upgrade-rehearse" -> connection.send(rehearse(request));
                case "upgrade-answer" -> connection.send(answer(request));
                default ->
                    throw new RollingOpsException.InvalidRequest(
                            "this agent does not know the request '" + what + "'; use the command line of its version");
            }
        } catch (JsonException | IllegalArgumentException e) {
            throw new RollingOpsException.InvalidRequest(String.valueOf(e.getMessage()), e);
        }
    }

    private Json.Obj status() {
        PeerSnapshot seen = store.snapshot();
        ProcessingBackend backend =
                seen.record(store.self()).map(UnitRecord::backend).orElse(ProcessingBackend.PEER);
        return StatusReport.of(
                store.self(), seen, node.status(), shared.map(lock -> lock.report(backend)), calendar.instant());
    }

    /** A report now and after every change, until the caller goes away. */
    private void watch(Conversation connection) throws IOException, InterruptedException {
        Semaphore changed = new Semaphore(1);
        Runnable stop = store.onChange(changed::release);
        try {
            while (true) {
                changed.acquire();
                changed.drainPermits();
                connection.send(status());
            }
        } finally {
            stop.run();
        }
    }

    private Json.Obj request(Json.Obj request) {
        OptionalInt maxRetry = request.find("max_retry").isPresent()
                ? OptionalInt.of(Math.toIntExact(request.integer("max_retry")))
                : OptionalInt.empty();
        OperationId operation =
                manager.requestAsyncLock(request.string("callback"), request.object("arguments"), maxRetry);
        return Json.object()
                .put(
                        "operations",
                        Json.object()
                                .put(store.self().toString(), operation.value())
                                .build())
                .build();
    }

    private Json.Obj withdraw(Json.Obj request) {
        OperationId operation = new OperationId(request.string("operation"));
        manager.withdraw(operation);
        return Json.object().put("withdrawn", operation.value()).build();
    }

    private Json.Obj number(Json.Obj request) {
        return Json.object()
                .put("number", node.lastNumber(new Author.Operator(request.string("operator"))))
                .put("application", store.self().application())
                .build();
    }

    /** When the caller has the receipt, this agent's reports show what it tells of. */
    private Json.Obj relay(Json.Obj request) throws InterruptedException {
        byte[] sealed = Base64.getDecoder().decode(request.string("envelope"));
        String receipt = node.relay(sealed, RELAY_LIMIT);
        catchUp.await(OperatorEnvelope.Answer.read(receipt).revision(), RELAY_LIMIT);
        return Json.object().put("receipt", receipt).build();
    }

    /**
     * Takes a synchronous lock for the caller and keeps it until the caller says that its command has ended. When the lock
     * is lost, or the caller is gone without a word, the command is ended from here if the caller does not do it. That the
     * lock which applications share is lost, while the application's own one is kept, is told and ends nothing.
     */
    private void lock(Json.Obj request, Conversation connection) throws IOException, InterruptedException {
        Duration timeout = Duration.ofMillis(request.integer("timeout_ms"));
        Path run = Path.of(request.string("run"));
        Optional<String> name =
                request.find("name").isPresent() ? Optional.of(request.string("name")) : Optional.empty();
        try (SyncLock lock = name.isPresent()
                ? manager.acquireNamedLock(name.get(), timeout)
                : manager.acquireSyncLock(RollingOpsManager.NATIVE_SYNC_LOCK, timeout)) {
            lock.signal().onLost(reason -> tell(connection, "lost", reason));
            lock.signal().onLost(reason -> killLater(run));
            Json.ObjectBuilder held = Json.object().put("held", true);
            lock.token().ifPresent(token -> {
                held.put("token", token.epoch());
                token.cluster().ifPresent(cluster -> held.put("cluster_token", cluster));
            });
            connection.send(held.build());
            lock.clusterSignal().onLost(reason -> tell(connection, "cluster_lost", reason));
            if (!saysGoodbye(connection)) {
                RunDirectories.kill(run);
            }
        }
    }

    private static boolean saysGoodbye(Conversation connection) {
        try {
            return connection.receive().isPresent();
        } catch (IOException e) {
            return false; // it went away without a word
        }
    }

    private void killLater(Path run) {
        Future<?> unused = timers.schedule(
                () -> {
                    RunDirectories.kill(run);
                    return null;
                },
                stopWithin.toMillis() / 2,
                TimeUnit.MILLISECONDS);
    }

    private static void tell(Conversation connection, String what, String reason) {
        try {
            connection.send(Json.object().put(what, reason).build());
        } catch (IOException e) {
            // The caller is gone, so nobody needs to be told.
        }
    }

    /** Changes nothing. */
    private Json.Obj rehearse(Json.Obj request) throws InterruptedException {
        UpgradeCommand command = UpgradeRequest.read(request.string("request")).command();
        if (command instanceof UpgradeCommand.Check check) {
            return answer(upgrade.rehearse(check, request.bool("ask")));
        }
        throw new RollingOpsException.InvalidRequest("only the beginning of an upgrade can be rehearsed");
    }

    private Json.Obj answer(Json.Obj request) throws InterruptedException {
        Duration limit = Duration.ofMillis(request.integer("timeout_ms"));
        return upgrade.awaitAnswer(request.string("id"), limit)
                .map(AgentControl::answer)
                .orElse(Json.Obj.EMPTY);
    }

    private static Json.Obj answer(UpgradeAnswer answer) {
        Json.ObjectBuilder fields = Json.object().put("message", answer.message());
        if (answer instanceof UpgradeAnswer.Refused refused) {
            fields.put("remedy", refused.remedy());
        }
        return fields.build();
    }

    private Json.Obj addMember(Json.Obj request) {
        RaftMember member = new RaftMember(
                UnitName.parse(request.string("unit")),
                request.string("host"),
                Math.toIntExact(request.integer("port")),
                request.bool("voter"));
        node.add(member);
        return Json.object().put("added", member.unit().toString()).build();
    }

    private Json.Obj removeMember(Json.Obj request) {
        UnitName unit = UnitName.parse(request.string("unit"));
        node.remove(unit);
        return Json.object().put("removed", unit.toString()).build();
    }
}
