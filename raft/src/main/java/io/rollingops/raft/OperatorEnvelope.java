// SPDX-License-Identifier: Apache-2.0
package io.rollingops.raft;

import io.rollingops.RollingOpsException;
import io.rollingops.json.JsonException;
import io.rollingops.peer.PeerCommand;
import io.rollingops.peer.PeerReply;
import java.time.Instant;
import java.util.Optional;

/**
 * An operator's command, signed where the operator's key is, so that agents only carry it. The number must be greater
 * than every number of this operator that the store has seen.
 */
public final class OperatorEnvelope {
    private OperatorEnvelope() {}

    /** Signs a command. */
    public static byte[] seal(
            Credentials operator, String application, long number, Instant at, PeerCommand.ByOperator command) {
        Envelope envelope = new Envelope(
                application,
                operator.author(),
                number,
                at,
                command,
                Optional.of(new Envelope.Introduction(operator.encodedCertificate(), operator.encodedAuthority())));
        return envelope.seal(operator);
    }

    /**
     * What the store answered.
     *
     * @param reply the answer to the command; empty when the number was too small and the command was not looked at
     * @param number the last number of this operator that the store has seen
     * @param revision the store's revision at that moment
     */
    public record Answer(Optional<PeerReply> reply, long number, long revision) {

        /**
         * Reads the text that {@link RaftNode#relay} gave.
         *
         * @throws RollingOpsException.Corrupt when it is none
         */
        public static Answer read(String receipt) {
            try {
                Receipt read = Receipt.read(receipt);
                return new Answer(
                        read.verdict() == Receipt.Verdict.OLD_NUMBER ? Optional.empty() : Optional.of(read.reply()),
                        read.number(),
                        read.revision());
            } catch (JsonException | IllegalArgumentException e) {
                throw new RollingOpsException.Corrupt("the agent's answer cannot be understood", e);
            }
        }
    }
}
