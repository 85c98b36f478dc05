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

/** The shell script decides which hooks need a virtual machine, and must not forget one. */
class DispatchTest {
    private static final Pattern HOOK = Pattern.compile("hooks/([a-z_-]+)");

    @Test
    void the_script_lets_exactly_the_handled_hooks_through() throws IOException {
        assertThat(hooks(Path.of("src/main/charm/dispatch")))
                .isEqualTo(RollingCharm.charm(Optional.empty()).handledHooks());
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
