// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.cli;

import io.rollingops.RollingOpsException;
import io.rollingops.agent.config.Durations;
import io.rollingops.agent.control.ControlClient;
import io.rollingops.json.Json;
import io.rollingops.peer.PeerCommand;
import io.rollingops.upgrade.UpgradeCommand;
import io.rollingops.upgrade.UpgradeRequest;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * An operator's order for an upgrade: signed here, written into the store by any agent, carried out and answered by the
 * agent of the unit that leads.
 */
final class UpgradeOrder {
    private static final Duration ANSWERED_WITHIN = Duration.ofMinutes(10);

    @Mixin
    AgentSocket agent = new AgentSocket();

    @Mixin
    OperatorKey operator = new OperatorKey();

    @Option(
            names = "--timeout",
            paramLabel = "TIME",
            description =
                    "How long to wait for the answer of the unit that leads, 10m unless given; with --wait for the"
                            + " end as well, without limit unless given.")
    Optional<String> timeout = Optional.empty();

    /** For orders that set something going. */
    static final class Wait {
        @Option(
                names = "--wait",
                description = "Wait until all units are done, a unit has failed, or the upgrade halts, and show how it"
                        + " goes.")
        boolean wait;
    }

    @Spec(Spec.Target.MIXEE)
    CommandSpec spec = CommandSpec.create();

    int send(UpgradeCommand command, Wait wait) {
        long beginNanos = System.nanoTime();
        int status = send(command);
        if (!wait.wait) {
            return status;
        }
        Optional<Duration> limit =
                timeout.map(text -> Durations.parse(text).minus(Duration.ofNanos(System.nanoTime() - beginNanos)));
        try (ControlClient changes = agent.connect();
                ControlClient questions = agent.connect()) {
            return new UpgradeWatch(spec.commandLine().getOut()).await(changes, questions, limit);
        }
    }

    int send(UpgradeCommand command) {
        Duration limit = timeout.map(Durations::parse).orElse(ANSWERED_WITHIN);
        UpgradeRequest request = new UpgradeRequest(UUID.randomUUID().toString(), command);
        try (ControlClient client = agent.connect()) {
            operator.send(client, new PeerCommand.WriteOrder(Map.of(), Map.of(UpgradeRequest.KEY, request.write())));
            Json.Obj answer = client.call(Json.object()
                    .put("do", "upgrade-answer")
                    .put("id", request.id())
                    .put("timeout_ms", limit.toMillis())
                    .build());
            if (answer.find("message").isEmpty()) {
                throw new RollingOpsException.Indeterminate(
                        "the unit that leads did not answer within "
                                + Durations.text(limit)
                                + "; see 'rollingops upgrade status' for what became of the order, then give it again if need be");
            }
            return print(spec.commandLine().getOut(), answer);
        }
    }

    /** Prints a good answer, and throws a bad one. */
    static int print(PrintWriter out, Json.Obj answer) {
        if (answer.find("remedy").isPresent()) {
            String remedy = answer.string("remedy");
            throw new RollingOpsException.Refused(
                    remedy.isEmpty() ? answer.string("message") : answer.string("message") + "\n" + remedy);
        }
        out.println(answer.string("message"));
        out.flush();
        return ExitCodes.OK;
    }
}
