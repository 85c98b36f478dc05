// SPDX-License-Identifier: Apache-2.0
package io.rollingops.raft;

import io.rollingops.json.Json;
import io.rollingops.json.JsonException;
import io.rollingops.json.JsonText;
import io.rollingops.peer.PeerEvent;
import io.rollingops.peer.StateCodec;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.apache.ratis.io.MD5Hash;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftGroupMemberId;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.server.storage.FileInfo;
import org.apache.ratis.server.storage.RaftStorage;
import org.apache.ratis.statemachine.TransactionContext;
import org.apache.ratis.statemachine.impl.BaseStateMachine;
import org.apache.ratis.statemachine.impl.SimpleStateMachineStorage;
import org.apache.ratis.statemachine.impl.SingleFileSnapshotInfo;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.apache.ratis.util.LifeCycle;
import org.apache.ratis.util.MD5FileUtil;

/**
 * The shell around {@link ReplicatedState} that Ratis calls: applies envelopes in the order of the log, keeps snapshots on
 * disk, and tells what changed. Applying happens on one thread of Ratis; listeners are called on it and must return at
 * once.
 */
final class PeerStateMachine extends BaseStateMachine {
    /** A snapshot is our own and may be long: all queues of all units. */
    private static final int SNAPSHOT_CHARS_MAX = 512 << 20;

    private final String application;
    private final Optional<String> authority;
    private final SimpleStateMachineStorage storage = new SimpleStateMachineStorage();
    private final Keys keys = new Keys();
    private final List<Runnable> changeListeners = new CopyOnWriteArrayList<>();
    private final List<Consumer<PeerEvent>> eventListeners = new CopyOnWriteArrayList<>();
    private final List<Runnable> leaderListeners = new CopyOnWriteArrayList<>();
    private final Consumer<String> fatal;

    private volatile ReplicatedState state;

    /**
     * A state machine that has not read its disk yet.
     *
     * @param application whose store it is
     * @param authority the authority that this member trusts, base64 of DER
     * @param fatal called with what is wrong when this member must not go on
     */
    PeerStateMachine(String application, String authority, Consumer<String> fatal) {
        this.application = application;
        this.authority = Optional.of(authority);
        this.fatal = fatal;
        this.state = ReplicatedState.empty(application);
    }

    ReplicatedState state() {
        return state;
    }

    Runnable onChange(Runnable listener) {
        changeListeners.add(listener);
        return () -> changeListeners.remove(listener);
    }

    void onEvent(Consumer<PeerEvent> listener) {
        eventListeners.add(listener);
    }

    /** Tells that this member may have begun or ceased to lead, or sees another leader. */
    void onLeader(Runnable listener) {
        leaderListeners.add(listener);
    }

    @Override
    public void initialize(RaftServer server, RaftGroupId groupId, RaftStorage raftStorage) throws IOException {
        super.initialize(server, groupId, raftStorage);
        storage.init(raftStorage);
        load();
        getLifeCycle().startAndTransition(() -> {});
    }

    @Override
    public void pause() {
        getLifeCycle().transition(LifeCycle.State.PAUSING);
        getLifeCycle().transition(LifeCycle.State.PAUSED);
    }

    /** After a snapshot from the leader was put into the storage. */
    @Override
    public void reinitialize() throws IOException {
        load();
        if (getLifeCycleState() == LifeCycle.State.PAUSED) {
            getLifeCycle().transition(LifeCycle.State.STARTING);
            getLifeCycle().transition(LifeCycle.State.RUNNING);
        }
    }

    @Override
    public SimpleStateMachineStorage getStateMachineStorage() {
        return storage;
    }

    @Override
    public CompletableFuture<Message> applyTransaction(TransactionContext transaction) {
        LogEntryProto entry = transaction.getLogEntry();
        ReplicatedState.Taken taken =
                state.take(entry.getStateMachineLogEntry().getLogData().toByteArray(), entry.getTerm(), keys);
        boolean changed = taken.state().peers().revision() != state.peers().revision();
        state = taken.state();
        updateLastAppliedTermIndex(entry.getTerm(), entry.getIndex());
        taken.events().forEach(event -> eventListeners.forEach(listener -> listener.accept(event)));
        if (changed) {
            changeListeners.forEach(Runnable::run);
        }
        checkAuthority();
        if (state.peers().format() > StateCodec.FORMAT) {
            // The next command may be one that is not known here; a guess would part this copy from the others.
            fatal.accept(StateCodec.tooNew(state.peers().format()));
        }
        return CompletableFuture.completedFuture(
                Message.valueOf(ByteString.copyFromUtf8(taken.receipt().write())));
    }

    /** Writes the whole state beside the log, durable before it is named a snapshot. */
    @Override
    public long takeSnapshot() throws IOException {
        TermIndex applied;
        ReplicatedState snapshot;
        synchronized (this) {
            applied = getLastAppliedTermIndex();
            snapshot = state;
        }
        Path file =
                storage.getSnapshotFile(applied.getTerm(), applied.getIndex()).toPath();
        Path unfinished = file.resolveSibling(file.getFileName() + ".tmp");
        try (FileOutputStream out = new FileOutputStream(unfinished.toFile())) {
            out.write(JsonText.write(snapshot.write()).getBytes(StandardCharsets.UTF_8));
            out.getFD().sync();
        }
        Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        MD5Hash digest = MD5FileUtil.computeAndSaveMd5ForFile(file.toFile());
        storage.updateLatestSnapshot(new SingleFileSnapshotInfo(new FileInfo(file, digest), applied));
        return applied.getIndex();
    }

    /** The disk is full or broken. What was confirmed is on the disks of a majority; this member cannot go on. */
    @Override
    public void notifyLogFailed(Throwable cause, LogEntryProto failedEntry) {
        fatal.accept("the log of the store cannot be written any more (" + cause.getMessage()
                + "); see that the disk of the data directory has room and works, and start this agent again: nothing"
                + " that was confirmed is lost");
    }

    @Override
    public void notifyLeaderChanged(RaftGroupMemberId self, RaftPeerId leader) {
        leaderListeners.forEach(Runnable::run);
    }

    @Override
    public void notifyLeaderReady() {
        leaderListeners.forEach(Runnable::run);
    }

    private void load() throws IOException {
        SingleFileSnapshotInfo snapshot = storage.loadLatestSnapshot();
        if (snapshot == null) {
            return;
        }
        Path file = snapshot.getFile().getPath();
        try {
            if (!(JsonText.parse(Files.readString(file), SNAPSHOT_CHARS_MAX) instanceof Json.Obj fields)) {
                throw new JsonException("it is not an object");
            }
            state = ReplicatedState.read(fields);
        } catch (JsonException e) {
            throw new IOException("the snapshot " + file + " cannot be read: " + e.getMessage(), e);
        }
        if (!state.peers().application().equals(application)) {
            throw new IOException("the snapshot " + file + " is of "
                    + state.peers().application() + ", this is an agent of " + application);
        }
        setLastAppliedTermIndex(snapshot.getTermIndex());
        changeListeners.forEach(Runnable::run);
        checkAuthority();
    }

    private void checkAuthority() {
        if (state.authority().isPresent() && !state.authority().equals(authority)) {
            fatal.accept(
                    "the store of " + application + " was founded with another certificate authority than this agent's;"
                            + " give this agent the files that the other members have");
        }
    }
}
