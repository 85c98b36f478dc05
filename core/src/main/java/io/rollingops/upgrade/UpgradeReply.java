// SPDX-License-Identifier: Apache-2.0
package io.rollingops.upgrade;

import io.rollingops.json.Json;
import io.rollingops.json.JsonException;
import io.rollingops.json.JsonText;
import java.util.ArrayList;
import java.util.List;

/**
 * What the unit that leads answered to an {@link UpgradeRequest}: an entry of the key {@value #KEY} of the application's
 * databag, which keeps the last {@value #KEPT}.
 *
 * @param id of the request
 * @param answer what was answered
 */
public record UpgradeReply(String id, UpgradeAnswer answer) {
    public static final String KEY = "upgrade-replies";

    /** How many answers are kept. */
    public static final int KEPT = 8;

    /** The longest message or remedy that is kept, so that all of them have room in one value. */
    static final int MAX_CHARS = 2000;

    /** The value of the key with one more answer; a value that cannot be read is replaced. */
    public static String added(String before, UpgradeReply reply) {
        List<UpgradeReply> replies = new ArrayList<>();
        try {
            replies.addAll(read(before));
        } catch (JsonException e) {
            // What nobody can read, nobody waits for.
        }
        replies.add(reply);
        List<UpgradeReply> kept = replies.subList(Math.max(0, replies.size() - KEPT), replies.size());
        return JsonText.write(
                new Json.Arr(kept.stream().map(UpgradeReply::toJson).toList()));
    }

    /**
     * Reads a value of the key, the oldest answer first.
     *
     * @throws JsonException saying what is wrong with it
     */
    public static List<UpgradeReply> read(String text) {
        if (text.isEmpty()) {
            return List.of();
        }
        if (!(JsonText.parse(text) instanceof Json.Arr array)) {
            throw new JsonException("expected a list of answers");
        }
        return array.items().stream().map(UpgradeReply::of).toList();
    }

    private Json toJson() {
        Json.ObjectBuilder fields = Json.object().put("id", id).put("message", cut(answer.message()));
        if (answer instanceof UpgradeAnswer.Refused refused) {
            fields.put("remedy", cut(refused.remedy()));
        }
        return fields.build();
    }

    private static String cut(String text) {
        return text.length() <= MAX_CHARS ? text : text.substring(0, MAX_CHARS - 3) + "...";
    }

    private static UpgradeReply of(Json item) {
        if (!(item instanceof Json.Obj fields)) {
            throw new JsonException("an answer is an object, not " + item.kind());
        }
        UpgradeAnswer answer = fields.find("remedy").isPresent()
                ? new UpgradeAnswer.Refused(fields.string("message"), fields.string("remedy"))
                : new UpgradeAnswer.Done(fields.string("message"));
        return new UpgradeReply(fields.string("id"), answer);
    }
}
