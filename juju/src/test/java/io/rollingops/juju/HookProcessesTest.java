// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** Why a hook command cannot be started is told as it is. */
class HookProcessesTest {
    @Test
    @EnabledOnOs(OS.LINUX)
    void a_text_that_is_too_long_for_a_command_is_told_with_its_size() {
        HookCommand command = new HookCommand(List.of("true", "x".repeat(140_000)), Optional.empty());
        assertThatThrownBy(() -> new HookProcesses().run(List.of(command)))
                .isInstanceOf(HookCommandException.class)
                .hasMessageContaining("an argument of 140000 bytes")
                .hasMessageContaining("a shorter text");
    }

    @Test
    void a_command_that_is_not_there_is_one_outside_of_a_hook() {
        HookCommand command = new HookCommand(List.of("no-such-hook-command"), Optional.empty());
        assertThatThrownBy(() -> new HookProcesses().run(List.of(command)))
                .isInstanceOf(HookCommandException.class)
                .hasMessageContaining("outside of hooks there are no hook commands");
    }
}
