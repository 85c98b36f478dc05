// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.control;

import io.rollingops.RollingOpsException;
import io.rollingops.json.Json;
import io.rollingops.peer.Author;
import io.rollingops.peer.PeerCommand;
import io.rollingops.peer.PeerReply;
import io.rollingops.raft.Credentials;
import io.rollingops.raft.OperatorEnvelope;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;

/** Signs an operator's commands in this process and has an agent carry them to the store. */
public final class OperatorClient {
    private static final int ATTEMPTS = 5;

    private final Credentials operator;
    private final InstantSource calendar;

    private OperatorClient(Credentials operator, InstantSource calendar) {
        this.operator = operator;
        this.calendar = calendar;
    }

    /**
     * Reads an operator's folder, as {@code rollingops init} makes it.
     *
     * @throws RollingOpsException.InvalidRequest when there is no usable key in it
     */
    public static OperatorClient open(Path folder, InstantSource calendar) {
        if (!Files.exists(folder.resolve("operator.pem"))) {
            throw new RollingOpsException.InvalidRequest(
                    "only an operator may ask this, and there is no operator's key in " + folder
                            + "; name its folder with --operator ('rollingops init' made it)");
        }
        return new OperatorClient(
                Credentials.read(
                        folder.resolve("operator.pem"),
                        folder.resolve("operator.key"),
                        folder.resolve("authority.pem"),
                        calendar.instant()),
                calendar);
    }

    /**
     * Sends one command.
     *
     * @throws RollingOpsException as the store or the agent gave it
     */
    public PeerReply send(ControlClient agent, PeerCommand.ByOperator command) {
        Instant now = calendar.instant();
        Json.Obj known = agent.call(Json.object()
                .put("do", "number")
                .put("operator", ((Author.Operator) operator.author()).name())
                .build());
        long number = known.integer("number");
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            byte[] sealed = OperatorEnvelope.seal(operator, known.string("application"), number + 1, now, command);
            Json.Obj reply = agent.call(Json.object()
                    .put("do", "relay")
                    .put("envelope", Base64.getEncoder().encodeToString(sealed))
                    .build());
            OperatorEnvelope.Answer answer = OperatorEnvelope.Answer.read(reply.string("receipt"));
            if (answer.reply().isPresent()) {
                return accepted(answer.reply().get());
            }
            number = answer.number(); // somebody else used the same key in between
        }
        throw new RollingOpsException.Unavailable("others use the same operator's key all the time; try again");
    }

    private static PeerReply accepted(PeerReply reply) {
        if (reply instanceof PeerReply.Refused refused) {
            throw refused.reason() == PeerReply.Reason.INVALID
                    ? new RollingOpsException.InvalidRequest(refused.message())
                    : new RollingOpsException.Refused(refused.message());
        }
        return reply;
    }
}
