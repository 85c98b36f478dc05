// SPDX-License-Identifier: Apache-2.0
package io.rollingops.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.UnitName;
import io.rollingops.juju.WorkerConfig;
import io.rollingops.manager.ClusterLossPolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A worker that runs for years does not fill the disk, and what it said last can be read. */
class WorkerLogTest {
    private static final WorkerConfig CONFIG = new WorkerConfig(
            UnitName.parse("app/0"),
            "cdac",
            "c1",
            Path.of("dispatch"),
            ClusterLossPolicy.DEGRADE,
            Duration.ofSeconds(60),
            "1");

    private static final int PART_BYTES = 1000;

    private final Logger root = Logger.getLogger("");
    private final List<Handler> before = List.of(root.getHandlers());

    @TempDir
    private Path folder;

    @AfterEach
    void giveBack() {
        List.of(root.getHandlers()).forEach(root::removeHandler);
        before.forEach(root::addHandler);
    }

    @Test
    void parts_are_bounded_in_size_and_number_and_the_first_is_the_newest() throws IOException {
        try (WorkerLog log = WorkerLog.open(folder, CONFIG, PART_BYTES)) {
            for (int i = 0; i < 300; i++) {
                log.info("line {" + i + "}");
            }
        }
        List<Path> parts = parts();
        assertThat(parts).hasSize(10);
        for (Path part : parts) {
            assertThat(Files.size(part)).isLessThan(PART_BYTES + 200);
        }
        assertThat(Files.readString(part(0))).contains("[INFO]", "[unit=app/0 cluster=c1] line {299}");
        assertThat(Files.readString(part(1))).doesNotContain("line {299}");
    }

    @Test
    void a_worker_that_starts_again_goes_on_in_the_same_file() throws IOException {
        try (WorkerLog log = WorkerLog.open(folder, CONFIG, PART_BYTES)) {
            log.info("before");
        }
        try (WorkerLog log = WorkerLog.open(folder, CONFIG, PART_BYTES)) {
            log.error("after");
        }
        assertThat(Files.readString(part(0))).containsSubsequence("[INFO]", "before", "[SEVERE]", "after");
        assertThat(parts()).hasSize(1);
    }

    @Test
    void warnings_of_libraries_are_in_it_and_what_they_only_tell_is_not() throws IOException {
        try (WorkerLog log = WorkerLog.open(folder, CONFIG, PART_BYTES)) {
            Logger library = Logger.getLogger("some.library");
            library.warning("the connection is gone");
            library.info("connected");
            log.info("own");
        }
        assertThat(Files.readString(part(0)))
                .contains("[WARNING]", "the connection is gone", "own")
                .doesNotContain("connected");
    }

    private Path part(int number) {
        return folder.resolve("etcd_rollingops_worker.log." + number);
    }

    private List<Path> parts() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> !file.toString().endsWith(".lck")).toList();
        }
    }
}
