// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.UnitName;
import io.rollingops.upgrade.Problem;
import io.rollingops.upgrade.UpgradeEvent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TurnNoteTest {
    private static final Map<String, String> BAG = Map.of("state", "ready", "upgrade-round", "1");

    @TempDir
    private Path base;

    private UnitFolder folder = new UnitFolder(Path.of(""), new UnitName("app", 0));

    @BeforeEach
    void makeFolder() {
        folder = new UnitFolder(base, new UnitName("app", 0));
    }

    @Test
    void a_note_is_read_as_it_was_kept_until_it_is_dropped() {
        assertThat(TurnNote.read(folder)).isEmpty();
        for (TurnNote note : new TurnNote[] {
            new TurnNote(BAG, Optional.empty()),
            new TurnNote(BAG, Optional.of(new UpgradeEvent.Completed())),
            new TurnNote(BAG, Optional.of(new UpgradeEvent.Failed(new Problem("no", "full", "tidy up"))))
        }) {
            note.keep(folder);
            assertThat(TurnNote.read(folder)).contains(note);
        }
        TurnNote.drop(folder);
        assertThat(TurnNote.read(folder)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{",
                "[]",
                "{\"before\":1}",
                "{\"before\":{\"state\":2}}",
                "{\"before\":{},\"ended\":{\"message\":\"x\"}}"
            })
    void what_is_damaged_is_the_note_of_no_databag(String text) throws IOException {
        Files.writeString(folder.made().resolve("upgrade-turn"), text);
        TurnNote note = TurnNote.read(folder).orElseThrow();
        assertThat(note.before()).isNotEqualTo(BAG).isNotEmpty();
        assertThat(note.ended()).isEmpty();
    }
}
