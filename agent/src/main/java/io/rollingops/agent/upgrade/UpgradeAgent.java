// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.upgrade;

import io.rollingops.OperationResult;
import io.rollingops.RollingOpsException;
import io.rollingops.UnitName;
import io.rollingops.agent.config.UpgradeConfig;
import io.rollingops.agent.process.RunDirectories;
import io.rollingops.json.Json;
import io.rollingops.json.JsonException;
import io.rollingops.manager.CallbackContext;
import io.rollingops.peer.PeerSnapshot;
import io.rollingops.spi.CatchUp;
import io.rollingops.spi.PeerStore;
import io.rollingops.upgrade.DependencyCheck;
import io.rollingops.upgrade.DependencyDocument;
import io.rollingops.upgrade.OwnFacts;
import io.rollingops.upgrade.Problem;
import io.rollingops.upgrade.Release;
import io.rollingops.upgrade.RollingUpgrade;
import io.rollingops.upgrade.RolloutPartition;
import io.rollingops.upgrade.Substrate;
import io.rollingops.upgrade.UpgradeAnswer;
import io.rollingops.upgrade.UpgradeCommand;
import io.rollingops.upgrade.UpgradeCoordinator;
import io.rollingops.upgrade.UpgradeDecision;
import io.rollingops.upgrade.UpgradeDriver;
import io.rollingops.upgrade.UpgradeError;
import io.rollingops.upgrade.UpgradeEvent;
import io.rollingops.upgrade.UpgradeReply;
import io.rollingops.upgrade.UpgradeRequest;
import io.rollingops.upgrade.UpgradeView;
import io.rollingops.upgrade.VersionCheck;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The upgrade of one unit on a host: looks again after every change of the store and from time to time, carries out what
 * operators order while its unit leads, and replaces the workload when the unit has its turn. A unit whose configuration
 * says nothing of upgrades takes no part, and tells so to whoever orders something while it leads.
 *
 * <p>All decisions are taken on one thread, which never waits for a workload to be replaced: that is done by the callback
 * {@value #CALLBACK}, under the application's lock, so an upgrade is never beside a restart.
 */
public final class UpgradeAgent implements AutoCloseable {
    /** The callback's id without what is put before all of Rollingops' own. */
    public static final String NAME = "upgrade";
    /** The id of the operation that is a unit's turn. */
    public static final String CALLBACK = "rollingops." + NAME;

    private static final Duration AGAIN = Duration.ofSeconds(1);

    private final PeerStore store;
    private final Optional<Workload> workload;
    private final StoreHost host;
    private final UpgradeDriver driver;
    private final ScheduledExecutorService serial;
    private final Story story;
    private final AtomicBoolean isPosted = new AtomicBoolean();
    private final Runnable stopListening;

    // Of the serial thread.
    private Optional<Release> found = Optional.empty();
    private boolean isWorking;
    private Optional<Workload.Job> job = Optional.empty();
    private Optional<Release> asked = Optional.empty();
    private String toldOf = "";

    /** Where what happens is told, in the words of the log. */
    public interface Story {
        /**
         * One event.
         *
         * @param bad whether a person should look at it
         */
        void tell(boolean bad, String what, String... fields);
    }

    private UpgradeAgent(
            PeerStore store,
            Optional<Workload> workload,
            Duration lookEvery,
            ScheduledExecutorService serial,
            Story story) {
        this.store = store;
        this.workload = workload;
        this.serial = serial;
        this.story = story;
        this.host = new StoreHost(
                store,
                new CatchUp(store, System::nanoTime),
                this::facts,
                (bad, text) -> story.tell(bad, "upgrade-status", "text", text));
        this.driver = new UpgradeDriver(host, new HostUpgrade(), new NoPartition());
        this.stopListening = store.onChange(this::post);
        long every = lookEvery.toMillis();
        Future<?> unused = serial.scheduleWithFixedDelay(this::lookAndStep, 0, every, TimeUnit.MILLISECONDS);
    }

    /**
     * Starts it.
     *
     * @param config nothing when this unit takes no part in upgrades
     * @param data where it may keep what its commands wrote
     * @param runs where commands under the lock run
     * @param stopWithin how long after the lock is lost everything must have ended
     * @param serial one thread, which the caller closes
     */
    public static UpgradeAgent start(
            PeerStore store,
            Optional<UpgradeConfig> config,
            Path data,
            RunDirectories runs,
            Duration stopWithin,
            InstantSource calendar,
            ScheduledExecutorService serial,
            Story story)
            throws IOException, InterruptedException {
        RunDirectories errands = new RunDirectories(data.resolve("errands"));
        errands.killLeftovers();
        return new UpgradeAgent(
                store,
                config.map(how -> new Workload(store.self(), how, errands, runs, stopWithin, calendar)),
                config.map(UpgradeConfig::lookEvery).orElse(Duration.ofHours(1)),
                serial,
                story);
    }

    /** The callback {@value #CALLBACK}: the unit has its turn. */
    public OperationResult turn(CallbackContext context) throws InterruptedException {
        boolean isWrittenDown = false;
        try {
            Optional<Workload.Job> work = call(this::begin);
            if (work.isEmpty()) {
                context.notes().accept("there was nothing to upgrade any more");
                return OperationResult.RELEASE;
            }
            Optional<Problem> problem = replace(context, work.get());
            isWrittenDown = true;
            call(() -> ended(problem));
            context.notes()
                    .accept(problem.map(Problem::message)
                            .orElse("has " + work.get().target()));
            return OperationResult.RELEASE;
        } finally {
            if (!isWrittenDown) {
                execute(this::brokenOff);
            }
        }
    }

    private Optional<Problem> replace(CallbackContext context, Workload.Job work) throws InterruptedException {
        try {
            workload.orElseThrow().replace(context, work);
            return Optional.empty();
        } catch (UpgradeError | IOException e) {
            return Optional.of(Problem.of(e));
        }
    }

    /**
     * What an order to upgrade would meet, without ordering it.
     *
     * @param asks whether the workload's own check is run as well, here
     */
    public UpgradeAnswer rehearse(UpgradeCommand.Check command, boolean asks) throws InterruptedException {
        return call(() -> rehearsed(command, asks));
    }

    /** What the store holds of the upgrade, for a display. */
    public Json.Obj report() {
        return UpgradeReport.of(store.self(), store.snapshot());
    }

    /** The answer to an order, once there is one; waits for it, at most for the given time. */
    public Optional<UpgradeAnswer> awaitAnswer(String id, Duration limit) throws InterruptedException {
        long endNanos = System.nanoTime() + limit.toNanos();
        Semaphore changed = new Semaphore(0);
        Runnable stop = store.onChange(changed::release);
        try {
            while (true) {
                Optional<UpgradeAnswer> answer = answers().stream()
                        .filter(reply -> reply.id().equals(id))
                        .map(UpgradeReply::answer)
                        .findFirst();
                if (answer.isPresent() || !changed.tryAcquire(endNanos - System.nanoTime(), TimeUnit.NANOSECONDS)) {
                    return answer;
                }
                changed.drainPermits();
            }
        } finally {
            stop.run();
        }
    }

    private List<UpgradeReply> answers() {
        try {
            return UpgradeReply.read(store.snapshot().shared().getOrDefault(UpgradeReply.KEY, ""));
        } catch (JsonException e) {
            return List.of(); // the next answer replaces it
        }
    }

    /** Nothing is begun any more; what runs under the lock is ended by whoever ends the lock. */
    @Override
    public void close() {
        stopListening.run();
    }

    // Everything below is on the serial thread, but for post, call and execute.

    private void post() {
        if (isPosted.compareAndSet(false, true)) {
            execute(() -> {
                isPosted.set(false);
                step();
            });
        }
    }

    private void lookAndStep() {
        guarded(() -> {
            look();
            carryOn();
        });
    }

    private void step() {
        guarded(this::carryOn);
    }

    /** Whatever goes wrong is told once, and tried again: by the next change, or by the clock. */
    private void guarded(Step work) {
        try {
            work.run();
            toldOf = "";
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            String text = String.valueOf(e.getMessage());
            if (!text.equals(toldOf)) {
                toldOf = text;
                story.tell(!(e instanceof RollingOpsException.Unavailable), "upgrade-waits", "text", text);
            }
            if (e instanceof RollingOpsException) {
                schedule(this::post);
            }
        }
    }

    private interface Step {
        void run() throws InterruptedException;
    }

    private void look() throws InterruptedException {
        if (workload.isEmpty() || isWorking) {
            return;
        }
        found = Optional.empty();
        found = Optional.of(workload.get().installed());
    }

    private void carryOn() {
        PeerSnapshot now = store.snapshot();
        if (!now.members().containsKey(store.self())) {
            return; // it has not joined yet, or was removed
        }
        Optional<String> request =
                now.shared().containsKey(UpgradeRequest.KEY) && now.leader().equals(Optional.of(store.self()))
                        ? host.waitingRequest()
                        : Optional.empty();
        request.ifPresent(this::carryOut);
        if (workload.isEmpty()) {
            return;
        }
        boolean isNew = host.view().own().isUnset();
        if (!isNew) {
            driver.handle(new UpgradeEvent.Changed());
        } else if (found.isPresent()) {
            driver.handle(new UpgradeEvent.Joined());
        }
    }

    private void carryOut(String text) {
        host.carriesOut(text);
        Optional<UpgradeReply> reply = Optional.empty();
        try {
            UpgradeRequest request = UpgradeRequest.read(text);
            reply = Optional.of(new UpgradeReply(request.id(), answer(request.command())));
        } catch (JsonException e) {
            story.tell(true, "upgrade-order-unreadable", "text", String.valueOf(e.getMessage()));
        }
        host.answer(reply);
        reply.ifPresent(done -> story.tell(
                done.answer() instanceof UpgradeAnswer.Refused,
                "upgrade-order",
                "answer",
                done.answer().message()));
    }

    private UpgradeAnswer answer(UpgradeCommand command) {
        if (workload.isEmpty()) {
            return new UpgradeAnswer.Refused(
                    store.self() + " leads, and its configuration has no section 'upgrade'",
                    "add the section to the configuration of every unit and start the agents again");
        }
        if (command instanceof UpgradeCommand.Check check && check.target().isEmpty()) {
            return new UpgradeAnswer.Refused("no release is named", "on hosts an upgrade needs one: --to RELEASE");
        }
        asked = command instanceof UpgradeCommand.Check check ? check.target() : Optional.empty();
        return driver.handle(command)
                .orElse(new UpgradeAnswer.Refused("nothing was decided", "see the status of the upgrade"));
    }

    private Optional<Workload.Job> begin() {
        job = Optional.empty();
        driver.handle(new UpgradeEvent.TurnTaken());
        return job;
    }

    private Optional<Problem> ended(Optional<Problem> problem) throws InterruptedException {
        isWorking = false;
        Optional<Problem> outcome = problem;
        try {
            look();
        } catch (UpgradeError e) {
            outcome = outcome.or(() -> Optional.of(Problem.of(e)));
        }
        driver.handle(outcome.<UpgradeEvent>map(UpgradeEvent.Failed::new).orElseGet(UpgradeEvent.Completed::new));
        return outcome;
    }

    /** The lock was lost, or the agent stops: the unit has not ended its turn, and asks for it again. */
    private void brokenOff() {
        isWorking = false;
        job = Optional.empty();
        lookAndStep();
    }

    private UpgradeAnswer rehearsed(UpgradeCommand.Check command, boolean asks) throws InterruptedException {
        PeerSnapshot now = store.snapshot();
        if (workload.isEmpty()) {
            return new UpgradeAnswer.Refused(
                    "the configuration of " + store.self() + " has no section 'upgrade'", "ask another unit's agent");
        }
        if (now.leader().isEmpty()) {
            return new UpgradeAnswer.Refused("nobody leads now", "try again when the group has a leader");
        }
        UnitName leader = now.leader().get();
        UpgradeView view = StoreHost.view(now, leader, true, this::facts);
        UpgradeDecision first = UpgradeCoordinator.decide(view, command);
        if (first.answer().isPresent()) {
            return first.answer().get();
        }
        HostUpgrade upgrade = new HostUpgrade();
        asked = command.target();
        try {
            upgrade.compare(view);
            if (asks) {
                workload.get().check(command.target());
            }
        } catch (UpgradeError e) {
            Problem problem = Problem.of(e);
            return UpgradeCoordinator.decide(view, new UpgradeEvent.CheckFailed(command, problem))
                    .answer()
                    .orElseThrow();
        }
        List<UnitName> order = upgrade.buildUpgradeStack(List.copyOf(view.existing()), leader);
        return UpgradeCoordinator.decide(view, new UpgradeEvent.Checked(command, order))
                .answer()
                .orElseThrow();
    }

    /** What only this unit knows, given the release that the application wants. */
    private OwnFacts facts(Release wanted) {
        return new OwnFacts(Substrate.VM, declared(wanted), found.orElse(wanted), found, reported(), isWorking);
    }

    /** One that cannot be read is found by the check and by the turn, which fail for it. */
    private DependencyDocument declared(Release release) {
        try {
            return workload.map(own -> own.declared(release)).orElse(new DependencyDocument(Map.of()));
        } catch (UpgradeError e) {
            return new DependencyDocument(Map.of());
        }
    }

    private Map<String, String> reported() {
        try {
            return workload.map(Workload::reported).orElse(Map.of());
        } catch (UpgradeError e) {
            return Map.of();
        }
    }

    private <T> T call(Callable<T> work) throws InterruptedException {
        Future<T> result;
        try {
            result = serial.submit(work);
        } catch (RejectedExecutionException e) {
            throw new RollingOpsException.Unavailable("the agent is stopping");
        }
        try {
            return result.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException known) {
                throw known;
            }
            throw new IllegalStateException(e.getCause());
        }
    }

    private void execute(Runnable work) {
        try {
            serial.execute(work);
        } catch (RejectedExecutionException e) {
            // The agent is stopping; what is written is enough for the next process.
        }
    }

    private void schedule(Runnable work) {
        try {
            Future<?> unused = serial.schedule(work, AGAIN.toMillis(), TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            // The same.
        }
    }

    /** The user's part, as the configuration says it. */
    private final class HostUpgrade implements RollingUpgrade {
        @Override
        public void preUpgradeCheck() {
            compare(host.view());
            try {
                workload.orElseThrow().check(asked);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new RollingOpsException.Unavailable("the agent is stopping");
            }
        }

        /** Compares what is installed, and what others report, with what the release asked for declares. */
        void compare(UpgradeView view) {
            if (asked.isEmpty()) {
                return;
            }
            DependencyDocument declared = workload.orElseThrow().declared(asked.get());
            VersionCheck.of(view.application().dependencies(), declared)
                    .refusal()
                    .ifPresent(refusal -> {
                        throw refusal;
                    });
            DependencyCheck.of(declared, workload.orElseThrow().reported())
                    .refusal()
                    .ifPresent(refusal -> {
                        throw refusal;
                    });
        }

        @Override
        public Turn onUpgradeGranted() {
            UpgradeView view = host.view();
            isWorking = true;
            job = Optional.of(new Workload.Job(view.release(), found, view.isReturning()));
            return Turn.LATER;
        }

        @Override
        public void logRollbackInstructions() {
            story.tell(
                    true,
                    "upgrade-failed",
                    "text",
                    "to go on: 'rollingops upgrade retry " + store.self()
                            + "'; to go back: 'rollingops upgrade rollback'",
                    "instructions",
                    workload.map(Workload::instructions).orElse(""));
        }
    }

    /** There is none on hosts. */
    private static final class NoPartition implements RolloutPartition {
        @Override
        public OptionalInt current() {
            return OptionalInt.empty();
        }

        @Override
        public void set(int number) {
            throw new IllegalStateException("there is no partition on hosts");
        }
    }
}
