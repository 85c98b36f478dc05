// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a command writes is kept up to a limit; all of it is read. */
class BoundedLogTest {
    private static final String CUT = "\n[output over " + BoundedLog.MAX_BYTES + " bytes is not kept]\n";

    @TempDir
    Path folder;

    @Test
    void output_at_the_limit_is_kept_whole() throws IOException {
        assertThat(copied((int) BoundedLog.MAX_BYTES)).hasSize((int) BoundedLog.MAX_BYTES);
    }

    @Test
    void output_over_the_limit_is_read_to_its_end_and_cut_with_a_word() throws IOException {
        for (int length : new int[] {(int) BoundedLog.MAX_BYTES + 1, 3 * (int) BoundedLog.MAX_BYTES}) {
            String log = copied(length);
            assertThat(log).hasSize((int) BoundedLog.MAX_BYTES + CUT.length()).endsWith(CUT);
        }
    }

    private String copied(int length) throws IOException {
        byte[] output = new byte[length];
        Arrays.fill(output, (byte) 'x');
        ByteArrayInputStream from = new ByteArrayInputStream(output);
        Path to = folder.resolve("output.log");
        BoundedLog.copy(from, to);
        assertThat(from.available()).isZero();
        return Files.readString(to, StandardCharsets.US_ASCII);
    }
}
