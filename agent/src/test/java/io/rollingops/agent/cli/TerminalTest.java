// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

/** When output may be coloured and replaced. */
class TerminalTest {
    @Test
    void a_terminal_is_interactive_and_coloured() {
        assertThat(Terminal.of(true, Map.of("TERM", "xterm"))).isEqualTo(new Terminal(true, true));
    }

    @Test
    void what_is_piped_is_plain() {
        assertThat(Terminal.of(false, Map.of("TERM", "xterm"))).isEqualTo(new Terminal(false, false));
    }

    @Test
    void a_terminal_that_can_do_nothing_is_treated_as_a_pipe() {
        assertThat(Terminal.of(true, Map.of("TERM", "dumb"))).isEqualTo(new Terminal(false, false));
    }

    @Test
    void no_color_takes_the_colours_only() {
        assertThat(Terminal.of(true, Map.of("NO_COLOR", "1"))).isEqualTo(new Terminal(true, false));
        assertThat(Terminal.of(true, Map.of("NO_COLOR", ""))).isEqualTo(new Terminal(true, true));
    }

    @Test
    void without_colours_the_text_is_the_text() {
        Terminal plain = new Terminal(true, false);
        assertThat(plain.red("a") + plain.green("b") + plain.yellow("c") + plain.bold("d") + plain.faint("e"))
                .isEqualTo("abcde");
        assertThat(new Terminal(true, true).red("a")).isEqualTo("\033[31ma\033[0m");
    }
}
