// SPDX-License-Identifier: Apache-2.0
package io.rollingops.upgrade;

import io.rollingops.json.Json;
import io.rollingops.json.JsonText;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/** What the original answered, line by line. */
final class Vectors {
    private Vectors() {}

    static List<Json.Obj> rows(String name) {
        return lines("/vectors/" + name + ".jsonl").map(JsonText::parseObject).toList();
    }

    static Stream<String> lines(String resource) {
        try (InputStream in = Vectors.class.getResourceAsStream(resource)) {
            String text = new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
            return Stream.of(text.split("\n"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
