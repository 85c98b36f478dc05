// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/**
 * Lets processes see another time of day, with the library of {@code faketime}. Steady clocks and waits stay as they are, and so
 * do the dates of files, by which Java knows its class archives.
 *
 * @param library what such a process loads first
 */
public record FakeTime(Path library) {

    /** Looks for the library where Debian installs it; where it is not, the test is skipped and says what to install. */
    public static FakeTime orSkip() throws IOException {
        for (Path folder : List.of(Path.of("/usr/lib"), Path.of("/lib"))) {
            if (Files.isDirectory(folder)) {
                try (Stream<Path> found =
                        Files.find(folder, 4, (path, attributes) -> path.endsWith("libfaketimeMT.so.1"))) {
                    Optional<Path> first = found.findFirst();
                    if (first.isPresent()) {
                        return new FakeTime(first.get());
                    }
                }
            }
        }
        return Assumptions.abort("the library of faketime is not installed (Debian: libfaketime)");
    }

    /**
     * The variables of a process that sees another time.
     *
     * @param offset such as {@code +1h}
     */
    public Map<String, String> environment(String offset) {
        return Map.of(
                "LD_PRELOAD",
                library.toString(),
                "FAKETIME",
                offset,
                "FAKETIME_DONT_FAKE_MONOTONIC",
                "1",
                // Its mend for old C libraries: with a newer one every timed wait ends at once, and the process spins.
                "FAKETIME_FORCE_MONOTONIC_FIX",
                "0",
                "NO_FAKE_STAT",
                "1");
    }
}
