// SPDX-License-Identifier: Apache-2.0
package io.rollingops.raft;

import io.rollingops.EpochSeconds;
import io.rollingops.UnitName;
import io.rollingops.json.Json;
import io.rollingops.json.JsonException;
import io.rollingops.json.JsonText;
import io.rollingops.peer.Author;
import io.rollingops.peer.CommandCodec;
import io.rollingops.peer.PeerCommand;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.PublicKey;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;

/**
 * A command with its proof, as it stands in the replicated log: 64 bytes of signature, then the signed text.
 *
 * @param application which application's store it is for
 * @param author who sends it
 * @param number grows with every command of the author; a store carries out no number twice and none after a greater
 * @param at when it was sent, by the sender's clock, for people
 * @param command what to do
 * @param introduction the author's certificate and the authority that signed it, for a store that may not know them
 */
record Envelope(
        String application,
        Author author,
        long number,
        Instant at,
        PeerCommand command,
        Optional<Introduction> introduction) {

    static final int SIGNATURE_BYTES = 64;
    /** A larger envelope is refused before it is sent: the log has a limit for one entry. */
    static final int MAX_BYTES = 512 << 10;

    /** Who somebody is, in base64 of DER. */
    record Introduction(String certificate, String authority) {}

    /** An envelope as it was received: the signature is not yet checked. */
    static final class Received {
        private final Envelope envelope;
        private final byte[] signed;
        private final byte[] signature;

        private Received(Envelope envelope, byte[] signed, byte[] signature) {
            this.envelope = envelope;
            this.signed = signed;
            this.signature = signature;
        }

        Envelope envelope() {
            return envelope;
        }

        boolean isSignedBy(PublicKey key) {
            return Credentials.verify(key, signed, signature);
        }
    }

    byte[] seal(Credentials credentials) {
        byte[] text = JsonText.write(toJson()).getBytes(StandardCharsets.UTF_8);
        byte[] signature = credentials.sign(text);
        return ByteBuffer.allocate(signature.length + text.length)
                .put(signature)
                .put(text)
                .array();
    }

    /**
     * Takes an envelope apart.
     *
     * @throws JsonException saying what is wrong with it
     */
    static Received open(byte[] sealed) {
        if (sealed.length <= SIGNATURE_BYTES) {
            throw new JsonException("the envelope is too short");
        }
        byte[] signature = Arrays.copyOf(sealed, SIGNATURE_BYTES);
        byte[] signed = Arrays.copyOfRange(sealed, SIGNATURE_BYTES, sealed.length);
        Json.Obj fields = JsonText.parseObject(new String(signed, StandardCharsets.UTF_8));
        try {
            return new Received(read(fields), signed, signature);
        } catch (IllegalArgumentException e) {
            throw new JsonException(String.valueOf(e.getMessage()), e);
        }
    }

    private Json.Obj toJson() {
        Json.ObjectBuilder fields = Json.object().put("application", application);
        if (author instanceof Author.Unit unit) {
            fields.put("unit", unit.name().toString());
        } else if (author instanceof Author.Operator operator) {
            fields.put("operator", operator.name());
        }
        fields.put("number", number).put("at", EpochSeconds.write(at)).put("command", CommandCodec.write(command));
        introduction.ifPresent(
                known -> fields.put("certificate", known.certificate()).put("authority", known.authority()));
        return fields.build();
    }

    private static Envelope read(Json.Obj fields) {
        Author author = fields.find("unit").isPresent()
                ? new Author.Unit(UnitName.parse(fields.string("unit")))
                : new Author.Operator(fields.string("operator"));
        Optional<Introduction> introduction = fields.find("certificate").isPresent()
                ? Optional.of(new Introduction(fields.string("certificate"), fields.string("authority")))
                : Optional.empty();
        return new Envelope(
                fields.string("application"),
                author,
                fields.integer("number"),
                EpochSeconds.read(fields.string("at")).orElseThrow(() -> new JsonException("field 'at' is no time")),
                CommandCodec.readCommand(fields.object("command")),
                introduction);
    }
}
