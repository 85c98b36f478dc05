// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RollLogTest {
    @TempDir
    Path folder;

    @Test
    void turns_are_in_the_order_of_their_beginnings() throws IOException {
        RollLog log = read("begin web/0 1 100", "end web/0 1 200", "begin web/1 2 260", "end web/1 2 400");

        assertThat(log.turns())
                .containsExactly(new RollLog.Turn("web/0", 1, 100, 200), new RollLog.Turn("web/1", 2, 260, 400));
        assertThat(log.overlaps()).isEmpty();
        assertThat(log.handOver(1)).hasNanos(60);
    }

    @Test
    void two_that_ran_at_once_are_found_in_whatever_order_they_ended() throws IOException {
        assertThat(read("begin web/0 1 100", "begin web/1 2 150", "end web/1 2 180", "end web/0 1 200")
                        .overlaps())
                .containsExactly("web/0 and web/1 ran at once");
        assertThat(read("begin web/0 1 100", "begin web/1 2 150", "end web/0 1 180", "end web/1 2 200")
                        .overlaps())
                .containsExactly("web/0 and web/1 ran at once");
    }

    @Test
    void applications_count_their_fencing_tokens_apart() throws IOException {
        assertThat(read("begin web/0 7 100", "end web/0 7 200", "begin api/0 1 260", "end api/0 1 400")
                        .overlaps())
                .isEmpty();
    }

    @Test
    void a_callback_that_did_not_end_and_an_end_without_a_beginning_are_told() {
        assertThatThrownBy(() -> read("begin web/0 1 100"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("began and did not end: begin web/0 1 100");
        assertThatThrownBy(() -> read("end web/0 1 100"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("an end without a beginning");
    }

    @Test
    void without_a_file_nobody_ran() throws IOException {
        assertThat(RollLog.read(folder.resolve("none")).turns()).isEmpty();
    }

    private RollLog read(String... lines) throws IOException {
        return RollLog.read(Files.write(folder.resolve("roll.log"), List.of(lines)));
    }
}
