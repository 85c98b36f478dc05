// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.rollingops.OperationId;
import io.rollingops.OperationResult;
import io.rollingops.spi.Journal;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The journal on disk, and what is left of it after a crash. */
class FileJournalTest {
    private static final Journal.Entry FIRST = entry(1, Optional.of(OperationResult.RELEASE), "exit status 0");
    private static final Journal.Entry SECOND = entry(2, Optional.of(OperationResult.RETRY_HOLD), "");

    @TempDir
    Path folder;

    private Path file = Path.of("journal");

    @BeforeEach
    void name() {
        file = folder.resolve("journal");
    }

    private static Journal.Entry entry(long epoch, Optional<OperationResult> result, String note) {
        return new Journal.Entry(new OperationId("1.5-restart"), epoch, result, note);
    }

    @Test
    void a_new_one_is_empty() throws IOException {
        assertThat(reopened()).isEmpty();
    }

    @Test
    void the_last_entry_is_read_after_a_restart() throws IOException {
        write(FIRST, SECOND);
        assertThat(reopened()).contains(SECOND);
    }

    @Test
    void an_entry_without_a_result_is_read_as_one() throws IOException {
        write(FIRST, entry(3, Optional.empty(), ""));
        assertThat(reopened()).contains(entry(3, Optional.empty(), ""));
    }

    @Test
    void after_a_clearance_nothing_is_read() throws IOException {
        try (FileJournal journal = new FileJournal(file)) {
            journal.write(FIRST);
            journal.clear();
        }
        assertThat(reopened()).isEmpty();
    }

    /** The second entry lies in the first place of the file; a crash wrote only so many of its bytes. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 8, 12, 16, 40})
    void an_entry_cut_short_by_a_crash_leaves_the_one_before_it(int bytesWritten) throws IOException {
        write(FIRST);
        byte[] before = Files.readAllBytes(file);
        write(SECOND);
        byte[] after = Files.readAllBytes(file);
        System.arraycopy(after, 0, before, 0, bytesWritten);
        Files.write(file, before);

        assertThat(reopened()).contains(FIRST);
        write(SECOND);
        assertThat(reopened()).contains(SECOND);
    }

    @Test
    void a_damaged_entry_is_not_taken_for_one() throws IOException {
        write(FIRST);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(new byte[] {'x'}), 4096 + 20);
        }
        assertThat(reopened()).isEmpty();
    }

    @Test
    void an_entry_that_is_too_long_is_refused_and_the_one_before_stays() throws IOException {
        try (FileJournal journal = new FileJournal(file)) {
            journal.write(FIRST);
            assertThatThrownBy(() -> journal.write(entry(2, Optional.of(OperationResult.RELEASE), "x".repeat(5000))))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("does not fit");
            assertThat(journal.read()).contains(FIRST);
        }
    }

    /** {@code /dev/full} answers every write as a full disk does. */
    @Test
    void a_full_disk_is_told() throws IOException {
        Path full = Path.of("/dev/full");
        assumeTrue(Files.isWritable(full), "needs Linux");
        try (FileJournal journal = new FileJournal(full)) {
            assertThatThrownBy(() -> journal.write(FIRST))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("No space left");
        }
    }

    private void write(Journal.Entry... entries) throws IOException {
        try (FileJournal journal = new FileJournal(file)) {
            for (Journal.Entry entry : entries) {
                journal.write(entry);
            }
        }
    }

    private Optional<Journal.Entry> reopened() throws IOException {
        try (FileJournal journal = new FileJournal(file)) {
            return journal.read();
        }
    }
}
