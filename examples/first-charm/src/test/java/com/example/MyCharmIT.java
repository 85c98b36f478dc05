package com.example;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.rollingops.json.Json;
import io.rollingops.testkit.juju.ActionResult;
import io.rollingops.testkit.juju.JujuEmulator;
import io.rollingops.testkit.juju.JujuExtension;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class MyCharmIT {
    private static final Path CHARM = Path.of("target/charm");
    private static final Duration LIMIT = Duration.ofMinutes(3);

    @RegisterExtension
    final JujuExtension extension = JujuExtension.with(builder -> builder.seed(7));

    /** The Java that the test runs on instead of the charm's own. */
    @BeforeAll
    static void completeTheCharm() throws Exception {
        CHARM.resolve("dispatch").toFile().setExecutable(true); // which the copy by Maven has lost
        if (!Files.exists(CHARM.resolve("jre"))) {
            Files.createSymbolicLink(CHARM.resolve("jre"), Path.of(System.getProperty("java.home")));
        }
    }

    @Test
    void units_are_restarted_one_after_the_other(JujuEmulator juju) throws Exception {
        Path restarts = Files.createFile(juju.folder().resolve("restarts"));
        String command = "echo $JUJU_UNIT_NAME stops >> " + restarts + "; echo $JUJU_UNIT_NAME is up >> " + restarts;
        juju.deploy(CHARM, "my-charm", 2, Map.of("restart-command", Json.of(command)));
        assumeTrue(
                juju.isolation("my-charm/0").separate(),
                juju.isolation("my-charm/0").reason());
        juju.settle(LIMIT); // with a first restart of each, asked for in config-changed
        Files.writeString(restarts, "");

        for (String unit : List.of("my-charm/1", "my-charm/0")) {
            ActionResult asked = juju.runAction(unit, "restart", Map.of()).result();
            assertThat(asked.completed()).as(asked.message()).isTrue();
        }
        juju.runUntil("both restarts", () -> lines(restarts) == 4, LIMIT);
        juju.settle(LIMIT);

        assertThat(restarts).hasContent("my-charm/1 stops\nmy-charm/1 is up\nmy-charm/0 stops\nmy-charm/0 is up\n");
        assertThat(juju.databag("restart", "my-charm/0")).containsEntry("operations", "[]");
    }

    private static int lines(Path file) {
        try {
            return Files.readAllLines(file).size();
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
