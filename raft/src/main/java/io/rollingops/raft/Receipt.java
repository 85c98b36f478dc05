// SPDX-License-Identifier: Apache-2.0
package io.rollingops.raft;

import io.rollingops.json.Json;
import io.rollingops.json.JsonText;
import io.rollingops.peer.CommandCodec;
import io.rollingops.peer.PeerReply;

/**
 * What the replicated store answers to an envelope.
 *
 * @param verdict whether the command inside was looked at
 * @param reply the answer to it; a refusal when it was not looked at
 * @param revision the store's revision at that moment
 * @param number the last number of this author that was carried out
 */
record Receipt(Verdict verdict, PeerReply reply, long revision, long number) {

    /** What became of the envelope. */
    enum Verdict {
        /** The command was looked at; the reply is the answer to it. */
        TAKEN,
        /** The store does not know the author: send the same with an introduction. */
        UNKNOWN_AUTHOR,
        /** The number is not greater than the last one: send the same with a greater number. */
        OLD_NUMBER,
        /** The proof is wrong, or the envelope cannot be understood. */
        REJECTED
    }

    String write() {
        return JsonText.write(Json.object()
                .put("verdict", verdict.name())
                .put("reply", CommandCodec.write(reply))
                .put("revision", revision)
                .put("number", number)
                .build());
    }

    static Receipt read(String text) {
        Json.Obj fields = JsonText.parseObject(text);
        return new Receipt(
                Verdict.valueOf(fields.string("verdict")),
                CommandCodec.readReply(fields.object("reply")),
                fields.integer("revision"),
                fields.integer("number"));
    }
}
