// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The documents of the source tree, for tests that keep them true. */
public final class Documents {
    private static final Pattern CODE = Pattern.compile("`([^`]+)`");

    private Documents() {}

    /** The folder that holds the source tree. */
    public static Path root() {
        Path folder = Path.of("").toAbsolutePath();
        while (!Files.exists(folder.resolve("docs/operations.md"))) {
            folder = folder.getParent();
            if (folder == null) {
                throw new IllegalStateException(
                        "there is no docs/operations.md above " + Path.of("").toAbsolutePath());
            }
        }
        return folder;
    }

    public static String read(String path) throws IOException {
        return Files.readString(root().resolve(path));
    }

    /** All documents: those at the root and those in {@code docs} and {@code models}. */
    public static List<Path> all() throws IOException {
        List<Path> documents = new ArrayList<>();
        for (String folder : List.of("", "docs", "models")) {
            try (Stream<Path> files = Files.list(root().resolve(folder))) {
                files.filter(file -> file.toString().endsWith(".md")).sorted().forEach(documents::add);
            }
        }
        return documents;
    }

    /** The text under a heading, to the next heading of the same rank or a higher one. */
    public static String section(String document, String heading) {
        int begin = document.indexOf("\n" + heading + "\n");
        if (begin < 0) {
            throw new IllegalArgumentException("there is no heading '" + heading + "'");
        }
        String text = document.substring(begin + heading.length() + 2);
        int rank = heading.indexOf(' ');
        Matcher next = Pattern.compile("(?m)^#{1," + rank + "} ").matcher(text);
        return next.find() ? text.substring(0, next.start()) : text;
    }

    /** The rows of the tables in a text, without their heads, each a list of cells. */
    public static List<List<String>> rows(String text) {
        List<List<String>> rows = new ArrayList<>();
        for (String line : text.lines().toList()) {
            if (!line.startsWith("|")) {
                continue;
            }
            if (line.matches("\\|[ |-]+")) {
                rows.remove(rows.size() - 1); // what came before was the head
                continue;
            }
            String inside = line.strip().substring(1, line.strip().length() - 1);
            rows.add(Stream.of(inside.split("\\|", -1)).map(String::strip).toList());
        }
        return rows;
    }

    /** What stands between backticks. */
    public static List<String> code(String text) {
        List<String> found = new ArrayList<>();
        Matcher matcher = CODE.matcher(text);
        while (matcher.find()) {
            found.add(matcher.group(1));
        }
        return found;
    }

    /** The fenced blocks of a language, without their fences. */
    public static List<String> blocks(String document, String language) {
        List<String> blocks = new ArrayList<>();
        Matcher matcher =
                Pattern.compile("(?ms)^```" + language + "\n(.*?)^```").matcher(document);
        while (matcher.find()) {
            blocks.add(matcher.group(1));
        }
        return blocks;
    }
}
