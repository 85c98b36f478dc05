// SPDX-License-Identifier: Apache-2.0
package io.rollingops.worker;

import io.rollingops.Operation;
import io.rollingops.OperationResult;
import io.rollingops.UnitName;
import io.rollingops.json.Json;
import io.rollingops.juju.HookTraces;
import io.rollingops.manager.Callback;
import io.rollingops.manager.ClusterLossPolicy;
import io.rollingops.manager.HookPass;
import io.rollingops.manager.RetryPause;
import io.rollingops.manager.UnitEvent;
import io.rollingops.peer.Databags;
import io.rollingops.peer.LeaderTurn;
import io.rollingops.peer.PeerCommand;
import io.rollingops.peer.PeerReply;
import io.rollingops.peer.PeerSnapshot;
import io.rollingops.spi.ClusterLock;
import io.rollingops.spi.Journal;
import io.rollingops.spi.PeerStore;
import io.rollingops.testing.HistoryChecker;
import io.rollingops.testing.HistoryEvent;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * Two applications of charms that share a lock: hooks that are committed or refused, or killed; workers that die; an etcd
 * that goes away and comes back; leaders that change. One seed, no time: what takes time is an action that may come late.
 * The decisions are the real ones: {@link HookPass}, {@link LeaderTurn}, {@link WorkerProtocol} and {@link Worker}.
 *
 * <p>What is not real: Juju delivers changes in any order, but each hook sees what is committed; callbacks begin and end
 * with their hook.
 */
final class WorkerSimulation {
    private static final Instant START = Instant.ofEpochSecond(1_800_000_000);
    private static final int ACTIONS = 400;
    private static final int QUIET_ACTIONS = 20_000;

    private final SplittableRandom random;
    private final ClusterLossPolicy policy;
    private final boolean trustsWhatIsLost;
    private final SimulatedLocks locks = new SimulatedLocks();
    private final HistoryChecker checker = new HistoryChecker();
    private final List<String> story = new ArrayList<>();
    private final Deque<Runnable> serial = new ArrayDeque<>();
    private final List<App> apps = new ArrayList<>();
    private final List<Runnable> timers = new ArrayList<>();
    private boolean etcdIsUp = true;
    private long now;
    private int begun;
    private int begunWithToken;

    /**
     * A model that has not begun.
     *
     * @param trustsWhatIsLost a mistake that must be found: a hook does not listen when the lock is lost
     */
    WorkerSimulation(long seed, ClusterLossPolicy policy, boolean trustsWhatIsLost) {
        this.random = new SplittableRandom(seed);
        this.policy = policy;
        this.trustsWhatIsLost = trustsWhatIsLost;
        apps.add(new App("a", 2));
        apps.add(new App("b", 1 + random.nextInt(2)));
    }

    /** Runs it to a quiet end, and gives what was violated, with what happened. */
    List<String> run() {
        apps.forEach(app -> app.units.values().forEach(unit -> unit.startWorker()));
        drain();
        for (int i = 0; i < ACTIONS && checker.isClean(); i++) {
            act(true);
            drain();
        }
        if (!etcdIsUp) {
            etcdIsUp = true;
            locks.rise();
        }
        apps.forEach(app -> app.units.values().forEach(unit -> {
            if (unit.worker.isEmpty()) {
                unit.startWorker();
            }
            unit.pending.add(new Pending("update-status", 0, done -> {}));
        }));
        drain();
        for (int i = 0; i < QUIET_ACTIONS && checker.isClean() && act(false); i++) {
            drain();
        }
        if (checker.isClean()) {
            checker.acceptQuietEnd();
        }
        return checker.isClean() ? List.of() : together();
    }

    int begun() {
        return begun;
    }

    int begunWithToken() {
        return begunWithToken;
    }

    private List<String> together() {
        List<String> all = new ArrayList<>(story);
        all.addAll(checker.violations());
        return all;
    }

    private void drain() {
        for (Runnable task = serial.poll(); task != null; task = serial.poll()) {
            task.run();
        }
    }

    private boolean act(boolean withFaults) {
        List<Runnable> possible = new ArrayList<>();
        for (App app : apps) {
            for (Unit unit : app.units.values()) {
                unit.hook.ifPresentOrElse(hook -> possible.add(() -> hook.end(withFaults)), () -> {
                    if (!unit.pending.isEmpty()) {
                        possible.add(unit::beginHook);
                    }
                });
            }
        }
        if (possible.isEmpty() || (withFaults && random.nextInt(4) == 0)) {
            if (!timers.isEmpty()) {
                possible.add(() -> timers.remove(random.nextInt(timers.size())).run());
            }
        }
        if (withFaults) {
            App app = apps.get(random.nextInt(apps.size()));
            List<Unit> units = List.copyOf(app.units.values());
            Unit unit = units.get(random.nextInt(units.size()));
            switch (random.nextInt(12)) {
                case 0, 1, 2 -> possible.add(unit::request);
                case 3 -> possible.add(() -> app.changeLeader(unit));
                case 4 -> possible.add(unit::killWorker);
                case 5 -> possible.add(this::toggleEtcd);
                case 6 -> possible.add(unit.lock::lose);
                case 7 -> unit.pending.add(new Pending("update-status", 0, done -> {}));
                default -> {}
            }
        }
        if (possible.isEmpty()) {
            return false;
        }
        possible.get(random.nextInt(possible.size())).run();
        return true;
    }

    private void toggleEtcd() {
        etcdIsUp = !etcdIsUp;
        story.add(etcdIsUp ? "etcd is back" : "etcd is away");
        if (etcdIsUp) {
            locks.rise();
        } else {
            locks.fall();
        }
    }

    private void tell(HistoryEvent event) {
        story.add(event.write());
        checker.accept(event);
    }

    private Instant tick() {
        return START.plusMillis(++now);
    }

    /** A hook that is to be dispatched. */
    private record Pending(String name, long number, Consumer<Boolean> ended) {}

    private final class App {
        final String name;
        final NavigableMap<UnitName, Unit> units = new TreeMap<>();
        Map<String, String> bag = Map.of();
        Unit leader;
        int terms;

        App(String name, int size) {
            this.name = name;
            for (int i = 0; i < size; i++) {
                UnitName unit = UnitName.parse(name + "/" + i);
                units.put(unit, new Unit(this, unit));
            }
            leader = units.firstEntry().getValue();
        }

        void changeLeader(Unit next) {
            leader = next;
            terms++;
            next.pending.add(new Pending("leader-elected", 0, done -> {}));
        }

        Databags seenBy(UnitName self) {
            NavigableMap<UnitName, Map<String, String>> bags = new TreeMap<>();
            units.forEach((unit, state) -> bags.put(unit, state.bag));
            return new Databags(self, bag, bags);
        }
    }

    private final class Unit {
        final App app;
        final UnitName name;
        final List<Pending> pending = new ArrayList<>();
        final DiskJournal journal = new DiskJournal();
        Map<String, String> bag = Map.of("protocol", "2");
        SimulatedLocks.Lock lock = locks.make();
        Optional<Worker> worker = Optional.empty();
        int processes;
        Optional<Hook> hook = Optional.empty();

        Unit(App app, UnitName name) {
            this.app = app;
            this.name = name;
        }

        void startWorker() {
            lock = locks.make();
            int process = ++processes;
            Worker started = new Worker(
                    lock,
                    new WorkerProtocol(name, policy),
                    (hookName, number, ended) -> pending.add(new Pending(hookName, number, ended)),
                    task -> serial.add(() -> {
                        if (process == processes) {
                            task.run(); // a process that was killed does nothing any more
                        }
                    }),
                    (delay, task) -> timers.add(task),
                    text -> story.add(name + ": " + text));
            worker = Optional.of(started);
            started.start();
        }

        /** It is started again by its keeper; its lease ends at some time, and it removes what that has left. */
        void killWorker() {
            story.add(name + ": its worker is killed");
            hook.ifPresent(Hook::workerIsGone);
            lock.end();
            startWorker();
        }

        void request() {
            if (hook.isPresent()) {
                return;
            }
            Databags.Applied applied = app.seenBy(name)
                    .apply(
                            new PeerCommand.Request(
                                    "work" + random.nextInt(1000), Json.Obj.EMPTY, OptionalInt.of(random.nextInt(3))),
                            tick(),
                            journal.read().isPresent());
            boolean isNew = !applied.bags().own().equals(bag); // else it was merged into the last one
            if (isNew && applied.reply() instanceof PeerReply.Queued queued) {
                bag = applied.bags().own();
                tell(HistoryEvent.of(
                        HistoryEvent.Kind.REQUEST,
                        app.name,
                        name.toString(),
                        name + " " + queued.operations().get(name)));
                app.leader.pending.add(new Pending("changed", 0, done -> {}));
            }
        }

        void beginHook() {
            Pending next = pending.remove(random.nextInt(pending.size()));
            hook = Optional.of(new Hook(this, next));
            hook.get().begin();
        }
    }

    /** One hook: what it has read and will write, if it is committed. */
    private final class Hook {
        private final Unit unit;
        private final Pending pending;
        private final Databags read;
        private final boolean led;
        private final int term;
        private final Optional<Journal.Entry> journalBefore;
        private final List<HistoryEvent> answers = new ArrayList<>();

        private Databags bags;
        private Optional<HookLock> link = Optional.empty();
        private Optional<HistoryEvent> running = Optional.empty();
        private boolean halted;

        Hook(Unit unit, Pending pending) {
            this.unit = unit;
            this.pending = pending;
            this.read = unit.app.seenBy(unit.name);
            this.bags = read.adopted(tick());
            this.led = unit.app.leader == unit;
            this.term = unit.app.terms;
            this.journalBefore = unit.journal.read();
        }

        void begin() {
            story.add(unit.name + ": begins " + pending.name() + " " + pending.number());
            HookLock opened = new HookLock(unit.lock);
            unit.worker.ifPresent(worker -> {
                worker.began(pending.number(), isForRun -> opened.isForRun = isForRun);
                drain();
                link = Optional.of(opened);
            });
            Map<String, Callback> callbacks = new HashMap<>();
            for (int i = 0; i < 1000; i++) {
                callbacks.put("work" + i, context -> {
                    begun++;
                    context.token().cluster().ifPresent(token -> begunWithToken++);
                    HistoryEvent event = HistoryEvent.begin(
                            unit.app.name,
                            unit.name.toString(),
                            unit.name + " " + context.operation().value(),
                            context.token().epoch(),
                            context.token().cluster().isPresent()
                                    ? Optional.of(context.token().cluster().getAsLong())
                                    : Optional.empty());
                    running = Optional.of(event);
                    tell(event);
                    OperationResult[] results = OperationResult.values();
                    return results[random.nextInt(results.length)];
                });
            }
            new HookPass(
                            new Store(),
                            link.<ClusterLock>map(found -> found).orElseGet(() -> new HookLock(unit.lock)),
                            callbacks,
                            unit.journal,
                            new HookPass.Rules(policy, RetryPause.NONE, false, run -> {}),
                            this::hear)
                    .run();
            link.ifPresent(opened2 -> unit.lock.onChange(() -> lostMeanwhile(opened2)));
        }

        private void hear(UnitEvent event) {
            if (event instanceof UnitEvent.Recorded recorded) {
                String outcome = bags.snapshot().record(unit.name).orElseThrow().answers().outcomes().stream()
                        .filter(answer -> answer.epoch() == recorded.epoch())
                        .findFirst()
                        .orElseThrow()
                        .kind()
                        .wire();
                answers.add(HistoryEvent.done(
                        unit.app.name,
                        unit.name.toString(),
                        Optional.of(unit.name + " " + recorded.operation().value()),
                        recorded.epoch(),
                        outcome));
            } else if (event instanceof UnitEvent.GaveBack back) {
                answers.add(HistoryEvent.done(
                        unit.app.name, unit.name.toString(), Optional.empty(), back.epoch(), "not-run"));
            }
        }

        /** The lock is lost while the callback, which has not ended yet, runs under it. */
        private void lostMeanwhile(HookLock lock) {
            boolean runsUnderIt =
                    running.filter(event -> event.token().isPresent()).isPresent();
            if (trustsWhatIsLost || !runsUnderIt || lock.raw() == ClusterLock.Hold.HELD) {
                return;
            }
            loseToken();
        }

        private void loseToken() {
            HistoryEvent event = running.orElseThrow();
            if (policy == ClusterLossPolicy.DEGRADE) {
                tell(HistoryEvent.of(
                        HistoryEvent.Kind.UNTOKEN,
                        event.app(),
                        event.unit(),
                        event.op().orElseThrow()));
                running = Optional.of(HistoryEvent.begin(
                        event.app(), event.unit(), event.op().orElseThrow(), event.epoch(), Optional.empty()));
            } else {
                halt();
            }
        }

        /** As after a kill: nothing that it did after the begin of its callback counts. */
        private void halt() {
            running.ifPresent(event -> tell(HistoryEvent.of(
                    HistoryEvent.Kind.END, event.app(), event.unit(), event.op().orElseThrow())));
            running = Optional.empty();
            unit.journal.entry = journalBefore;
            halted = true;
        }

        void workerIsGone() {
            link = Optional.empty();
            if (running.filter(event -> event.token().isPresent()).isPresent() && !trustsWhatIsLost) {
                loseToken();
            }
        }

        void end(boolean withFaults) {
            if (withFaults && !halted && random.nextInt(12) == 0) {
                halt();
            }
            running.ifPresent(event -> tell(HistoryEvent.of(
                    HistoryEvent.Kind.END, event.app(), event.unit(), event.op().orElseThrow())));
            running = Optional.empty();
            unit.hook = Optional.empty();
            boolean commits = !halted && !(withFaults && random.nextInt(10) == 0);
            Optional<LeaderTurn.Turn> turn =
                    !halted && led && bags.own().equals(read.own()) ? LeaderTurn.next(read, tick()) : Optional.empty();
            Map<String, String> application = new HashMap<>(read.application());
            turn.ifPresent(next -> next.changes().forEach((key, value) -> {
                if (value.isEmpty()) {
                    application.remove(key);
                } else {
                    application.put(key, value);
                }
            }));
            if (!halted) {
                link.ifPresent(opened -> unit.worker.ifPresent(worker -> worker.left(
                        pending.number(), new HookTraces(bags.own(), application, false, Optional.empty()))));
            }
            boolean isRefused = turn.isPresent() && unit.app.terms != term; // it must have led without a break
            if (commits && !isRefused) {
                commit(turn, application);
            } else {
                story.add(unit.name + ": is refused or killed");
                if (pending.number() == 0) {
                    unit.pending.add(pending); // Juju runs a hook that failed again
                }
            }
            pending.ended().accept(commits && !isRefused);
        }

        private void commit(Optional<LeaderTurn.Turn> turn, Map<String, String> application) {
            boolean changedOwn = !bags.own().equals(unit.bag);
            unit.bag = bags.own();
            answers.forEach(answer -> tell(answer));
            if (!bags.snapshot().record(unit.name).orElseThrow().isReady()) {
                // It wants no grant while etcd is away, so its retry-hold ends (rule B2).
                tell(HistoryEvent.of(HistoryEvent.Kind.EXPIRE, unit.app.name, unit.name.toString()));
            }
            turn.ifPresent(next -> {
                unit.app.bag = Map.copyOf(application);
                next.granted()
                        .ifPresent(granted -> tell(HistoryEvent.grant(
                                unit.app.name, granted.toString(), Long.parseLong(application.get("grant_epoch")))));
                unit.app.units.values().forEach(other -> other.pending.add(new Pending("changed", 0, done -> {})));
            });
            if (changedOwn) {
                unit.app.leader.pending.add(new Pending("changed", 0, done -> {}));
            }
        }

        /** The databags as this hook sees and changes them. */
        private final class Store implements PeerStore {
            @Override
            public UnitName self() {
                return unit.name;
            }

            @Override
            public PeerSnapshot snapshot() {
                return bags.snapshot();
            }

            @Override
            public Answer submit(PeerCommand command, Duration limit) {
                Databags.Applied applied = bags.apply((PeerCommand.ByUnit) command, tick(), false);
                bags = applied.bags();
                return new Answer(applied.reply(), 0);
            }

            @Override
            public Runnable onChange(Runnable listener) {
                return () -> {};
            }
        }
    }

    /** The lock as a hook sees it, by the rules of the real one. */
    private static final class HookLock implements ClusterLock {
        private final SimulatedLocks.Lock lock;
        private boolean isForRun;
        private Optional<Hold> wished = Optional.empty();
        private boolean cleaning;

        HookLock(SimulatedLocks.Lock lock) {
            this.lock = lock;
        }

        Hold raw() {
            return lock.state().hold();
        }

        @Override
        public State state() {
            State seen = lock.state();
            Hold hold = wished.orElse(seen.hold() == Hold.HELD && !isForRun ? Hold.WAITING : seen.hold());
            return new State(
                    seen.reach(),
                    hold,
                    hold == Hold.HELD ? seen.token() : OptionalLong.empty(),
                    cleaning && seen.cleanliness() == Cleanliness.UNKNOWN ? Cleanliness.CLEANING : seen.cleanliness());
        }

        @Override
        public void want(Operation operation) {
            wished = Optional.of(Hold.WAITING);
        }

        @Override
        public void drop() {
            wished = Optional.of(Hold.NONE);
        }

        @Override
        public void clean() {
            cleaning = true;
        }

        @Override
        public Runnable onChange(Runnable listener) {
            return () -> {};
        }
    }

    private static final class DiskJournal implements Journal {
        private Optional<Entry> entry = Optional.empty();

        @Override
        public Optional<Entry> read() {
            return entry;
        }

        @Override
        public void write(Entry newEntry) {
            entry = Optional.of(newEntry);
        }

        @Override
        public void clear() {
            entry = Optional.empty();
        }
    }
}
