// SPDX-License-Identifier: Apache-2.0
package io.rollingops.examples.juju;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.json.Json;
import io.rollingops.testkit.juju.JujuEmulator;
import io.rollingops.testkit.juju.JujuExtension;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The upgrading example as processes: real hook commands, {@code juju-exec}, and one revision after the other. */
class UpgradingCharmIT {
    private static final Duration LIMIT = Duration.ofMinutes(2);

    private static final Path FILES = Path.of("src/main/upgrading-charm");

    @RegisterExtension
    final JujuExtension extension = JujuExtension.with(builder -> builder.seed(4));

    @Test
    void a_refresh_after_the_check_upgrades_every_unit_once_and_the_way_back_is_the_same(JujuEmulator juju)
            throws IOException {
        Path transitions = Files.createFile(juju.folder().resolve("transitions"));
        juju.deploy(revision(juju, "1"), "app", 3, Map.of("transitions", Json.of(transitions.toString())));
        if (!juju.isolation("app/0").separate()) {
            juju.units("app")
                    .forEach(unit -> juju.setVariable(
                            unit,
                            "ROLLINGOPS_FOLDER",
                            juju.folder().resolve("rollingops").toString()));
        }
        juju.settle(LIMIT);

        upgrade(juju, "2");
        upgrade(juju, "1");
        juju.runAction("app/1", "restart", Map.of()).result();
        juju.runUntil("the restart", () -> lines(transitions).size() == 7, LIMIT);

        assertThat(lines(transitions))
                .containsExactly(
                        "app/2 begins 2",
                        "app/1 begins 2",
                        "app/0 begins 2",
                        "app/2 begins 1",
                        "app/1 begins 1",
                        "app/0 begins 1",
                        "app/1 restarts");
    }

    private static void upgrade(JujuEmulator juju, String release) throws IOException {
        assertThat(juju.runAction("app/0", "pre-upgrade-check", Map.of())
                        .result()
                        .completed())
                .isTrue();
        juju.upgrade("app", revision(juju, release));
        juju.runUntil(
                "all units have " + release,
                () -> juju.units("app").stream()
                        .map(unit -> juju.databag("upgrade", unit))
                        .allMatch(bag -> bag.getOrDefault("state", "").equals("idle")
                                && bag.getOrDefault("upgrade-installed", "").equals(release)),
                LIMIT);
        juju.settle(LIMIT);
    }

    /** The other example's folder with this charm's files over its own. */
    private static Path revision(JujuEmulator juju, String release) throws IOException {
        Path folder = juju.folder().resolve("upgrading-" + release);
        if (Files.exists(folder)) {
            return folder;
        }
        PreparedCharm.copyTo(folder);
        try (Stream<Path> files = Files.list(FILES)) {
            for (Path file : files.toList()) {
                Files.copy(
                        file,
                        folder.resolve(file.getFileName()),
                        StandardCopyOption.REPLACE_EXISTING,
                        StandardCopyOption.COPY_ATTRIBUTES);
            }
        }
        Files.writeString(folder.resolve("release"), release);
        return folder;
    }

    private static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
