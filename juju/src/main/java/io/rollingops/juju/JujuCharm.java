// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import io.rollingops.juju.CharmEvent.Lifecycle;
import io.rollingops.juju.CharmEvent.RelationPhase;
import io.rollingops.juju.CharmEvent.SecretPhase;
import io.rollingops.juju.HookCommands.Level;
import io.rollingops.local.BootClock;
import io.rollingops.manager.HostClock;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * A charm: what is done on which event. Its {@code main} method builds one and calls {@link #dispatch}.
 *
 * <pre>{@code
 * JujuCharm.builder()
 *         .rollingOps(RollingOpsSettings.onPeers("restart").withCallback("restart", (hook, context) -> restart()))
 *         .on(Lifecycle.CONFIG_CHANGED, hook -> hook.status(UnitStatus.active("")))
 *         .onAction("restart", action -> action.hook().rollingOps().requestAsyncLock("restart"))
 *         .build()
 *         .dispatch(args);
 * }</pre>
 *
 * <p>Handlers run on the main thread, one after the other in the order in which they were added. When one throws, the
 * hook fails and none of what was written to databags counts.
 */
public final class JujuCharm {
    /** The argument with which {@link #dispatch} prints the hooks that are handled, one a line, and does nothing else. */
    public static final String PRINT_HOOKS = "--print-hooks";

    /** The exit status of a charm that was not started by Juju. */
    private static final int NO_CONTEXT = 2;

    private final Map<String, List<Handler>> hooks;
    private final Map<String, ActionHandler> actions;
    private final Optional<RollingOpsSettings> rollingOps;
    private final Optional<UpgradeSettings> upgrades;

    /** What is done in a hook. */
    @FunctionalInterface
    public interface Handler {
        /** Does it; any exception fails the hook. */
        void handle(Hook hook) throws Exception;
    }

    /** What an action does. */
    @FunctionalInterface
    public interface ActionHandler {
        /** Does it; any exception fails the action and takes back what it wrote to databags. */
        void handle(Action action) throws Exception;
    }

    private JujuCharm(Builder builder) {
        this.hooks = new LinkedHashMap<>(builder.hooks);
        this.actions = new LinkedHashMap<>(builder.actions);
        this.rollingOps = builder.upgrades.isPresent()
                ? builder.rollingOps.map(settings -> settings.withCallback(
                        Upgrades.TURN, (hook, context) -> hook.upgrades().turn()))
                : builder.rollingOps;
        this.upgrades = builder.upgrades;
    }

    public static Builder builder() {
        return new Builder();
    }

    /** Handles what Juju started this process for, and ends the process. */
    public void dispatch(String[] args) {
        if (List.of(args).contains(PRINT_HOOKS)) {
            handledHooks().forEach(System.out::println);
            return;
        }
        JujuContext context;
        try {
            context = JujuContext.parse(System.getenv());
        } catch (IllegalArgumentException e) {
            System.err.println(e.getMessage());
            System.exit(NO_CONTEXT);
            return;
        }
        int exitCode = run(
                context,
                new HookProcesses(),
                new HostClock(BootClock.ofThisMachine(), Clock.systemUTC()),
                Waker::detached);
        System.exit(exitCode);
    }

    /** The hooks that something is done in; in all others the process need not be started at all. */
    public Set<String> handledHooks() {
        Set<String> handled = new TreeSet<>(hooks.keySet());
        rollingOps.ifPresent(settings -> handled.addAll(RollingOps.observedHooks(settings)));
        upgrades.ifPresent(settings -> handled.addAll(Upgrades.observedHooks(settings)));
        return handled;
    }

    /** Makes what dispatches further hooks on a unit. */
    interface WakerFactory {
        Waker make(JujuContext context, UnitFolder folder);
    }

    /** Handles one event, and gives the exit status of the process. */
    int run(JujuContext context, HookCommand.Runner runner, HostClock clock, WakerFactory wakers) {
        HookCommands commands = new HookCommands(runner);
        try {
            handle(context, commands, clock, wakers);
            return 0;
        } catch (Exception | StackOverflowError e) {
            report(commands, context, e);
            return 1;
        }
    }

    private void handle(JujuContext context, HookCommands commands, HostClock clock, WakerFactory wakers)
            throws Exception {
        UnitFolder folder = new UnitFolder(
                rollingOps
                        .map(RollingOpsSettings::folder)
                        .or(() -> upgrades.map(UpgradeSettings::folder))
                        .orElse(RollingOpsSettings.DEFAULT_FOLDER),
                context.unit());
        GatheredWakes wakes = new GatheredWakes();
        HookRuntime runtime =
                new HookRuntime(context, commands, new RelationData(commands, context.unit()), clock, wakes);
        Optional<RollingOps> rolling = rollingOps.map(settings -> new RollingOps(runtime, settings, folder));
        try {
            rolling.ifPresent(RollingOps::begin);
            Optional<Upgrades> upgrading =
                    upgrades.map(settings -> new Upgrades(runtime, settings, folder, rolling, rollingOps));
            upgrading.ifPresent(Upgrades::begin);
            Hook hook = new Hook(runtime, rolling, upgrading);
            callHandlers(hook);
            upgrading.ifPresent(Upgrades::advance);
            if (upgrading.filter(Upgrades::hasWritten).isEmpty()) {
                rolling.ifPresent(operations -> operations.advance(hook));
            }
            upgrading.ifPresent(Upgrades::end);
            runtime.data().flush();
            wake(commands, wakes, wakers.make(context, folder));
            rolling.ifPresent(RollingOps::end);
            upgrading.ifPresent(Upgrades::over);
        } finally {
            rolling.ifPresent(RollingOps::close);
        }
    }

    /** What has been handed to Juju must not be taken back because nobody is woken: {@code update-status} mends that. */
    private static void wake(HookCommands commands, GatheredWakes wakes, Waker waker) {
        try {
            wakes.pass(waker);
        } catch (IllegalStateException | UncheckedIOException e) {
            commands.log(Level.WARNING, "rollingops: " + e.getMessage());
        }
    }

    private void callHandlers(Hook hook) throws Exception {
        if (hook.context().event() instanceof CharmEvent.OnAction action) {
            if (upgrades.isPresent() && UpgradeActions.NAMES.contains(action.name())) {
                UpgradeActions.handle(new Action(action, hook));
                return;
            }
            ActionHandler handler = actions.get(action.name());
            if (handler == null) {
                throw new IllegalArgumentException("this charm does not know the action " + action.name()
                        + "; give it a handler or take it out of actions.yaml; handled are "
                        + new TreeSet<>(actions.keySet()));
            }
            handler.handle(new Action(action, hook));
            return;
        }
        for (Handler handler : hooks.getOrDefault(hook.context().event().hookName(), List.of())) {
            handler.handle(hook);
        }
    }

    private static void report(HookCommands commands, JujuContext context, Throwable failure) {
        StringWriter trace = new StringWriter();
        failure.printStackTrace(new PrintWriter(trace));
        String message = context.event().hookName() + " failed: " + trace;
        try {
            commands.log(Level.ERROR, message);
        } catch (HookCommandException e) {
            System.err.println(message); // Juju logs that too, as a warning
        }
    }

    /** Adds up what is to be done. */
    public static final class Builder {
        private final Map<String, List<Handler>> hooks = new LinkedHashMap<>();
        private final Map<String, ActionHandler> actions = new LinkedHashMap<>();
        private Optional<RollingOpsSettings> rollingOps = Optional.empty();
        private Optional<UpgradeSettings> upgrades = Optional.empty();

        private Builder() {}

        /** Rolling operations, which then happen by themselves beside the handlers. */
        public Builder rollingOps(RollingOpsSettings settings) {
            rollingOps = Optional.of(settings);
            return this;
        }

        /**
         * Upgrades, which then happen by themselves beside the handlers, and whose actions are handled; {@code docs/juju.md}
         * lists those that {@code actions.yaml} may name.
         */
        public Builder upgrades(UpgradeSettings settings) {
            upgrades = Optional.of(settings);
            return this;
        }

        /** What is done in a hook of the unit's own life. */
        public Builder on(Lifecycle event, Handler handler) {
            return onHook(event.hookName(), handler);
        }

        /** What is done when something happens to relations at an endpoint. */
        public Builder onRelation(String endpoint, RelationPhase phase, Handler handler) {
            return onHook(phase.hook(endpoint), handler);
        }

        /** What is done when something happens to a secret. */
        public Builder onSecret(SecretPhase phase, Handler handler) {
            return onHook(phase.hook(), handler);
        }

        /** What is done in a hook of any other name, such as one that the charm dispatches itself. */
        public Builder onHook(String name, Handler handler) {
            hooks.computeIfAbsent(name, key -> new ArrayList<>()).add(handler);
            return this;
        }

        /** What an action does. */
        public Builder onAction(String name, ActionHandler handler) {
            if (actions.putIfAbsent(name, handler) != null) {
                throw new IllegalArgumentException("the action " + name + " has a handler already");
            }
            return this;
        }

        public JujuCharm build() {
            actions.keySet().stream()
                    .filter(name -> upgrades.isPresent() && UpgradeActions.NAMES.contains(name))
                    .findFirst()
                    .ifPresent(name -> {
                        throw new IllegalArgumentException(
                                "the action " + name + " belongs to upgrades; take another name");
                    });
            return new JujuCharm(this);
        }
    }
}
