// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import io.rollingops.Operation;
import io.rollingops.RollingOpsException;
import io.rollingops.json.JsonException;
import io.rollingops.json.JsonText;
import io.rollingops.manager.Explanation;
import io.rollingops.manager.FencingToken;
import io.rollingops.manager.SyncLock;
import io.rollingops.spi.ClusterLock;
import io.rollingops.spi.ClusterLock.Cleanliness;
import io.rollingops.spi.ClusterLock.Hold;
import io.rollingops.spi.ClusterLock.Reach;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * The unit's worker, as one hook deals with it: talks to it, starts one where none answers, ends it where none is needed.
 * For the thread of the hook.
 */
final class UnitWorker implements AutoCloseable {
    /** A worker that was started so long ago and does not answer is taken for one that cannot work. */
    private static final Duration STARTS_WITHIN = Duration.ofSeconds(20);

    private static final String STARTED = "worker-started";

    private final UnitFolder folder;
    private final Optional<WorkerConfig> config;
    private final WorkerProgram program;
    private final OptionalLong dispatch;
    private final LongSupplier bootClock;
    private final Consumer<String> warnings;

    private Optional<ClusterLock> lock = Optional.empty();
    private Optional<WorkerLink> link = Optional.empty();
    private boolean isMissing;

    /**
     * The worker of a unit. Nothing happens yet.
     *
     * @param config what it should be; empty when the unit needs none
     * @param program how it is started
     * @param dispatch the number under which the worker has dispatched this hook, if it has
     * @param warnings what a person should read
     */
    UnitWorker(
            UnitFolder folder,
            Optional<WorkerConfig> config,
            WorkerProgram program,
            OptionalLong dispatch,
            LongSupplier bootClock,
            Consumer<String> warnings) {
        this.folder = folder;
        this.config = config;
        this.program = program;
        this.dispatch = dispatch;
        this.bootClock = bootClock;
        this.warnings = warnings;
    }

    /**
     * The worker that a unit needs, as its folder tells: none while it has no access to etcd.
     */
    static UnitWorker of(HookRuntime runtime, EtcdSettings settings, UnitFolder folder, Consumer<String> warnings) {
        JujuContext context = runtime.context();
        WorkerProgram program = new WorkerProgram(
                settings.programs(context.charmFolder()),
                Path.of(System.getProperty("java.home")),
                context.charmFolder());
        Optional<WorkerConfig> config = EtcdAnswer.Known.read(new EtcdFiles(folder.path()))
                .map(EtcdAnswer.Known::clusterId)
                .filter(id -> !id.isEmpty() && EtcdFiles.read(folder.path()).isPresent())
                .map(id -> new WorkerConfig(
                        context.unit(),
                        context.modelUuid(),
                        id,
                        context.charmFolder().resolve("dispatch"),
                        settings.onLoss(),
                        settings.lease(),
                        program.name()));
        return new UnitWorker(
                folder, config, program, context.dispatch(), runtime.clock().boot(), warnings);
    }

    /** Whether the unit needs a worker. */
    boolean isNeeded() {
        return config.isPresent();
    }

    /** Whether the worker answers, and will be told what this hook leaves behind. */
    boolean isHeard() {
        lock();
        return link.isPresent();
    }

    /** Whether this unit has the lock in etcd, as far as its worker has told, whichever hook this is. */
    boolean holdsLock() {
        lock();
        return link.filter(WorkerLink::isHeld).isPresent();
    }

    /**
     * The lock in etcd as this hook sees it. While a worker starts nothing is known of it; when one does not come up, etcd
     * counts as away, so that the unit goes on as its policy says.
     */
    ClusterLock lock() {
        if (lock.isEmpty()) {
            lock = Optional.of(config.map(this::connect).orElseGet(ClusterLock::none));
        }
        return lock.get();
    }

    private ClusterLock connect(WorkerConfig wanted) {
        try {
            WorkerLink opened = WorkerLink.open(socket(), wanted, dispatch, bootClock);
            link = Optional.of(opened);
            Files.deleteIfExists(folder.path().resolve(STARTED));
            return opened;
        } catch (IOException e) {
            isMissing = true;
            boolean isTooLate = startedBefore()
                    .filter(age -> age.compareTo(STARTS_WITHIN) > 0)
                    .isPresent();
            if (isTooLate) {
                warnings.accept("the worker that talks to etcd does not come up, see "
                        + folder.path().resolve(WorkerConfig.LOG) + ".0 and worker.out beside it: " + e.getMessage());
            }
            return new Unheard(isTooLate ? Reach.AWAY : Reach.UNKNOWN);
        }
    }

    /**
     * Takes the synchronous lock in etcd.
     *
     * @return nothing when etcd cannot be asked for it: not configured, away, or no worker yet
     * @throws RollingOpsException.LockTimeout when somebody else has it for all that time
     */
    Optional<SyncLock> sync(Duration timeout) {
        if (config.isEmpty()) {
            return Optional.empty();
        }
        try {
            return WorkerLink.openSync(socket(), timeout, bootClock).map(UnitWorker::held);
        } catch (IOException e) {
            warnings.accept("the synchronous lock is not asked for in etcd: " + e.getMessage());
            return Optional.empty();
        }
    }

    private static SyncLock held(WorkerLink link) {
        OptionalLong token = link.state().token();
        return SyncLock.watched(
                new FencingToken(0, token),
                lose -> link.onChange(() -> {
                    if (link.state().hold() == Hold.LOST) {
                        lose.accept("the lease of the lock in etcd cannot be relied upon any more");
                    }
                }),
                link::close);
    }

    /** What this unit, which has its application's grant, waits for in etcd; nothing when it waits for nothing there. */
    Optional<Explanation> explain() {
        if (config.isEmpty()) {
            return Optional.empty();
        }
        try {
            SharedLockReport report = SharedLockReport.of(WorkerLink.ask(socket(), "look", bootClock));
            return report.explain(config.get().unit(), config.get().owner(), config.get());
        } catch (IOException | JsonException e) {
            return Optional.of(new Explanation(
                    config.get().unit() + " was granted the lock of its application, and its worker, which talks to"
                            + " etcd, does not answer: " + e.getMessage(),
                    "the next hook starts it; " + folder.path().resolve(WorkerConfig.LOG) + ".0 tells what it did"));
        }
    }

    /** After the hook has handed everything to Juju: tells the worker what is left behind, or starts one. */
    void leave(HookTraces traces) {
        lock();
        if (link.isPresent()) {
            try {
                link.get().leave(traces);
            } catch (IOException e) {
                warnings.accept("the worker was not told what this hook has changed; it asks again: " + e.getMessage());
            }
        }
        boolean isStarting =
                startedBefore().filter(age -> age.compareTo(STARTS_WITHIN) <= 0).isPresent();
        if (isMissing && !isStarting) {
            start();
        }
    }

    private void start() {
        try {
            new WholeFile(folder.made().resolve(WorkerConfig.FILE), WholeFile.OWNER_ONLY)
                    .write(JsonText.write(config.orElseThrow().toJson()));
            new WholeFile(folder.path().resolve(STARTED), WholeFile.OWNER_ONLY)
                    .write(Long.toString(bootClock.getAsLong()));
            program.start(folder.path());
        } catch (IOException | IllegalStateException e) {
            warnings.accept("the worker that talks to etcd cannot be started: " + e.getMessage());
        }
    }

    /** How long ago a worker was started that has not answered since; nothing if there is none, or the machine has been down. */
    private Optional<Duration> startedBefore() {
        try {
            return new WholeFile(folder.path().resolve(STARTED), WholeFile.OWNER_ONLY)
                    .read()
                    .map(text -> Duration.ofNanos(bootClock.getAsLong() - Long.parseLong(text)))
                    .filter(age -> !age.isNegative());
        } catch (IOException | NumberFormatException e) {
            return Optional.empty();
        }
    }

    /** Ends a worker that is there: the unit is being removed, or has no etcd any more. */
    void stop() {
        try {
            if (Files.exists(socket())) {
                WorkerLink.ask(socket(), "stop", bootClock);
            }
        } catch (IOException e) {
            // There is none.
        }
    }

    /** The operation that ended under the lock in this hook. */
    Optional<Operation> finished() {
        return link.flatMap(WorkerLink::finished);
    }

    private Path socket() {
        return folder.path().resolve(WorkerConfig.SOCKET);
    }

    @Override
    public void close() {
        link.ifPresent(WorkerLink::close);
    }

    /** The lock while no worker tells of it. */
    private static final class Unheard implements ClusterLock {
        private final Reach reach;
        private Hold hold = Hold.NONE;
        private Cleanliness cleanliness = Cleanliness.UNKNOWN;

        Unheard(Reach reach) {
            this.reach = reach;
        }

        @Override
        public State state() {
            return new State(reach, hold, OptionalLong.empty(), cleanliness);
        }

        @Override
        public void want(Operation operation) {
            hold = Hold.WAITING;
        }

        @Override
        public void drop() {
            hold = Hold.NONE;
        }

        @Override
        public void clean() {
            cleanliness = Cleanliness.CLEANING;
        }

        @Override
        public Runnable onChange(Runnable listener) {
            return () -> {};
        }
    }
}
