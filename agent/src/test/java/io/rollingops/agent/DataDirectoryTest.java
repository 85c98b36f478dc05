// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rollingops.UnitName;
import io.rollingops.agent.config.ConfigException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A data directory belongs to one unit, and one process uses it. */
class DataDirectoryTest {
    private static final UnitName UNIT = new UnitName("web", 0);

    @TempDir
    Path folder;

    private Path data = Path.of("data");

    @BeforeEach
    void name() {
        data = folder.resolve("data");
    }

    @Test
    void it_is_made_for_its_owner_alone_and_can_be_opened_again() throws IOException {
        DataDirectory.open(data, UNIT).close();
        DataDirectory.open(data, UNIT).close();

        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(data)))
                .isEqualTo("rwx------");
    }

    @Test
    void a_second_process_of_the_unit_is_refused_while_the_first_lives() throws IOException {
        try (DataDirectory first = DataDirectory.open(data, UNIT)) {
            assertRefused(UNIT, "another agent of web/0 uses " + first.path() + "; stop it first");
        }
        DataDirectory.open(data, UNIT).close();
    }

    @Test
    void that_of_another_unit_is_refused_and_left_alone() throws IOException {
        DataDirectory.open(data, UNIT).close();
        String before = Files.readString(data.resolve("rollingops.json"));

        assertRefused(new UnitName("web", 1), "belongs to web/0, this agent is web/1; give each agent");
        assertThat(data.resolve("rollingops.json")).hasContent(before);
        DataDirectory.open(data, UNIT).close();
    }

    @Test
    void that_of_a_newer_version_is_refused_and_left_alone() throws IOException {
        DataDirectory.open(data, UNIT).close();
        String newer = "{\"format\":2,\"unit\":\"web/0\",\"more\":true}";
        Files.writeString(data.resolve("rollingops.json"), newer);

        assertRefused(
                UNIT, "was written by a newer version of Rollingops (form 2, this one knows 1); use that version");
        assertThat(data.resolve("rollingops.json")).hasContent(newer);
    }

    @Test
    void one_whose_owner_cannot_be_read_is_refused() throws IOException {
        DataDirectory.open(data, UNIT).close();
        Files.writeString(data.resolve("rollingops.json"), "{\"format\":1,\"un");

        assertRefused(UNIT, "rollingops.json is damaged");
    }

    @Test
    void one_that_cannot_be_made_is_told_with_what_to_do() throws IOException {
        Files.writeString(folder.resolve("file"), "");

        assertThatThrownBy(() -> DataDirectory.open(folder.resolve("file/data"), UNIT))
                .isInstanceOf(ConfigException.class)
                .hasMessageContainingAll("file/data cannot be used", "see that this user may write it");
    }

    private void assertRefused(UnitName unit, String message) {
        assertThatThrownBy(() -> DataDirectory.open(data, unit))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining(message);
    }
}
