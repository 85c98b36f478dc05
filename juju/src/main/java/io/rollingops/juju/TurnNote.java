// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import io.rollingops.json.Json;
import io.rollingops.json.JsonException;
import io.rollingops.json.JsonText;
import io.rollingops.upgrade.Problem;
import io.rollingops.upgrade.UpgradeEvent;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What a unit notes on its disk before it touches its workload, and when that has ended. A hook that is killed or refused
 * takes back what it wrote to databags, and not what it did to the workload: as long as the unit's databag is what it was
 * before, the next hook knows from the note that something may be half replaced, and how it ended if it did.
 *
 * @param before the unit's keys of an upgrade as they were when the hook began
 * @param ended what came of it; empty while it is under way
 */
record TurnNote(Map<String, String> before, Optional<UpgradeEvent> ended) {
    private static final String NAME = "upgrade-turn";

    TurnNote {
        before = Map.copyOf(before);
    }

    static Optional<TurnNote> read(UnitFolder folder) {
        return folder.note(NAME).map(TurnNote::parse);
    }

    static void drop(UnitFolder folder) {
        folder.dropNote(NAME);
    }

    /** Writes it; on the disk when this returns. */
    void keep(UnitFolder folder) {
        Json.ObjectBuilder keys = Json.object();
        new TreeMap<>(before).forEach(keys::put);
        Json.ObjectBuilder note = Json.object().put("before", keys.build());
        ended.ifPresent(event -> note.put(
                "ended",
                event instanceof UpgradeEvent.Failed failed
                        ? Json.object()
                                .put("message", failed.problem().message())
                                .put("cause", failed.problem().cause())
                                .put("resolution", failed.problem().resolution())
                                .build()
                        : Json.Obj.EMPTY));
        folder.note(NAME, JsonText.write(note.build()));
    }

    /** One that cannot be read is of no databag that was ever seen, and does not count. */
    private static TurnNote parse(String text) {
        try {
            Json.Obj note = JsonText.parseObject(text);
            Map<String, String> before = new TreeMap<>();
            Json.Obj keys = note.object("before");
            keys.members().keySet().forEach(key -> before.put(key, keys.string(key)));
            return new TurnNote(before, note.find("ended").map(ended -> event(note.object("ended"))));
        } catch (JsonException e) {
            return new TurnNote(Map.of(NAME, "damaged"), Optional.empty());
        }
    }

    private static UpgradeEvent event(Json.Obj ended) {
        return ended.equals(Json.Obj.EMPTY)
                ? new UpgradeEvent.Completed()
                : new UpgradeEvent.Failed(
                        new Problem(ended.string("message"), ended.string("cause"), ended.string("resolution")));
    }
}
