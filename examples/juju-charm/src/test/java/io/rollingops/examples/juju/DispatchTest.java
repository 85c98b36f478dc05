// SPDX-License-Identifier: Apache-2.0
package io.rollingops.examples.juju;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The shell script decides which hooks need a virtual machine, and must not forget one. */
class DispatchTest {
    private static final Pattern HOOK = Pattern.compile("hooks/([a-z_-]+)");

    @Test
    void the_script_lets_exactly_the_handled_hooks_through() throws IOException {
        assertThat(hooks(Path.of("src/main/charm/dispatch")))
                .isEqualTo(RollingCharm.charm(Optional.empty()).handledHooks());
    }

    @Test
    void so_does_the_script_of_the_charm_that_is_upgraded() throws IOException {
        assertThat(hooks(Path.of("src/main/upgrading-charm/dispatch")))
                .isEqualTo(UpgradingCharm.charm("1", Path.of("")).handledHooks());
    }

    @Test
    void a_charm_that_is_started_by_hand_says_so_in_one_line(@TempDir Path folder) throws Exception {
        Path output = folder.resolve("output");
        ProcessBuilder builder = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin/java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        RollingCharm.class.getName())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile());
        builder.environment().clear();
        assertThat(builder.start().waitFor()).isEqualTo(2);
        assertThat(output)
                .hasContent("the variable JUJU_UNIT_NAME is not set; a charm is started by Juju, not by hand");
    }

    /** The hooks that a script lets through. */
    static Set<String> hooks(Path dispatch) throws IOException {
        Set<String> listed = new TreeSet<>();
        Matcher hooks = HOOK.matcher(Files.readString(dispatch));
        while (hooks.find()) {
            listed.add(hooks.group(1));
        }
        return listed;
    }
}
