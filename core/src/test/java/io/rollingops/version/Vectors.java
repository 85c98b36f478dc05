// SPDX-License-Identifier: Apache-2.0
package io.rollingops.version;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/** What poetry-core 2.3.2 answered, and where our answer is another on purpose. */
final class Vectors {
    private Vectors() {}

    /** The fields of each line, without the header; nothing is trimmed, a blank may be the point. */
    static Stream<List<String>> lines(String name) {
        try (InputStream in = Vectors.class.getResourceAsStream("/vectors/" + name + ".tsv")) {
            String text = new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
            return Stream.of(text.split("\n")).skip(1).map(line -> List.of(line.split("\t", -1)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static List<Difference> differences() {
        return lines("differences")
                .map(f -> new Difference(f.get(0), f.get(1), f.get(2), f.get(3), f.get(4)))
                .toList();
    }

    record Difference(String file, String first, String second, String theirs, String ours) {}
}
