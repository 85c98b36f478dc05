// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import io.rollingops.UnitName;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;

/** A model without process or thread: hooks are begun and ended by the test, which calls their commands in between. */
final class PureModel {
    static final CharmMetadata CHARM = CharmMetadata.named("charm")
            .withPeer("restart", "rolling_op")
            .withRequirer("etcd", "etcd_client")
            .withAction("restart");
    static final CharmMetadata PROVIDER = CharmMetadata.named("etcd").withProvider("clients", "etcd_client");

    final JujuModel model;
    final FaultPlan faults = new FaultPlan();
    final List<String> log = new ArrayList<>();

    PureModel() {
        this(Departures.AT_ONCE, true);
    }

    PureModel(Departures departures, boolean leaderNotifiesItself) {
        model = new JujuModel(new ModelSettings("m", "uuid", "3.6.9", 1, departures, leaderNotifiesItself, true, true));
    }

    /** An application whose units have run all their hooks. */
    PureModel deploy(String app, CharmMetadata metadata, int units) {
        model.addApp(app, new CharmSource.InProcess(new Silent(metadata)), Map.of());
        for (int i = 0; i < units; i++) {
            model.addUnit(app, OptionalInt.empty());
        }
        quieten();
        return this;
    }

    int relate(String one, String other) {
        int number = model.addRelation(RelationRequest.between(model, one, other)).number;
        quieten();
        return number;
    }

    JujuUnit unit(String name) {
        return model.unit(UnitName.parse(name));
    }

    UnitAgent agent(String unit) {
        return new UnitAgent(model, unit(unit), faults, (level, message) -> log.add(level + " " + message));
    }

    /** Runs every hook that is due, each successfully; gives their descriptions in order. */
    List<String> quieten() {
        List<String> done = new ArrayList<>();
        boolean moved = true;
        while (moved) {
            moved = false;
            for (JujuUnit unit : model.units()) {
                Optional<String> hook = runNext(unit.name.toString());
                hook.filter(name -> !name.isEmpty()).ifPresent(name -> done.add(unit.name + " " + name));
                moved |= hook.isPresent();
            }
        }
        return done;
    }

    /** Runs what the unit has to do next, successfully: its description, "" for what runs no charm. */
    Optional<String> runNext(String unit) {
        UnitAgent agent = agent(unit);
        Optional<Operation> next = agent.next();
        if (next.isEmpty()) {
            return Optional.empty();
        }
        if (next.get() instanceof Operation.AcceptLeadership) {
            agent.acceptLeadership();
        } else if (next.get() instanceof Operation.ResignLeadership) {
            agent.resignLeadership();
        } else if (next.get() instanceof Operation.UpgradeCharm) {
            agent.charmUpgraded();
        } else if (next.get() instanceof Operation.Die) {
            agent.die();
        } else {
            Optional<HookContext> context = agent.begin(next.get());
            context.ifPresent(begun -> agent.end(begun, exit(0)));
            return Optional.of(context.flatMap(HookContext::hook)
                    .map(Hook::describe)
                    .orElse(context.map(HookContext::name).orElse("skipped")));
        }
        return Optional.of("");
    }

    /** What the unit has to do next, if that is a hook. */
    Optional<String> nextHook(String unit) {
        return agent(unit)
                .next()
                .filter(Operation.RunHook.class::isInstance)
                .map(run -> ((Operation.RunHook) run).hook().describe());
    }

    /** Begins the unit's next operation. */
    HookContext begin(String unit) {
        UnitAgent agent = agent(unit);
        return agent.begin(agent.next().orElseThrow()).orElseThrow();
    }

    /** Begins a hook that has no subject, whatever is due. */
    HookContext updateStatus(String unit) {
        return agent(unit)
                .begin(new Operation.RunHook(Hook.Plain.UPDATE_STATUS))
                .orElseThrow();
    }

    /** Queues commands for the unit, and begins them. */
    HookContext exec(String unit, CompletableFuture<CommandReply> answer) {
        model.addCommands(new JujuExec(UnitName.parse(unit), "true", OptionalInt.empty(), Optional.empty()), answer);
        return begin(unit);
    }

    Outcome end(HookContext context, int exitCode) {
        return agent(context.unitName().toString()).end(context, exit(exitCode));
    }

    static CommandReply call(HookContext context, String command, String... args) {
        return HookCommands.run(context, new Invocation(command, List.of(args), Path.of("/"), Optional.empty()));
    }

    static CommandReply callWithStdin(HookContext context, String stdin, String command, String... args) {
        return HookCommands.run(context, new Invocation(command, List.of(args), Path.of("/"), Optional.of(stdin)));
    }

    static RunReport exit(int code) {
        return new RunReport(new RunReport.Ending.Exited(code), "", "", Duration.ZERO, Duration.ZERO, 0);
    }

    static RunReport killed(int signal) {
        return new RunReport(new RunReport.Ending.Killed(signal), "", "", Duration.ZERO, Duration.ZERO, 0);
    }

    private record Silent(CharmMetadata metadata) implements EmulatedCharm {
        @Override
        public void run(HookRun hook) {}
    }
}
