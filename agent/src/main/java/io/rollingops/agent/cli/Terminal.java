// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * Where the output goes.
 *
 * @param interactive whether a person looks at it as it comes, so that lines may be replaced
 * @param colours whether it may be coloured; {@code NO_COLOR} says that it may not
 */
record Terminal(boolean interactive, boolean colours) {

    static Terminal ofThisProcess() {
        return of(isTerminal(), System.getenv());
    }

    /** {@code NO_COLOR} counts when it is not empty, whatever it says (no-color.org). */
    static Terminal of(boolean terminal, Map<String, String> environment) {
        boolean interactive = terminal && !"dumb".equals(environment.get("TERM"));
        boolean plain = !environment.getOrDefault("NO_COLOR", "").isEmpty();
        return new Terminal(interactive, interactive && !plain);
    }

    String bold(String text) {
        return colours ? "\033[1m" + text + "\033[0m" : text;
    }

    String green(String text) {
        return colours ? "\033[32m" + text + "\033[0m" : text;
    }

    String yellow(String text) {
        return colours ? "\033[33m" + text + "\033[0m" : text;
    }

    String red(String text) {
        return colours ? "\033[31m" + text + "\033[0m" : text;
    }

    String faint(String text) {
        return colours ? "\033[2m" + text + "\033[0m" : text;
    }

    /** {@code System.console()} changed its meaning between releases of Java; Linux tells. */
    private static boolean isTerminal() {
        try {
            String target = Files.readSymbolicLink(Path.of("/proc/self/fd/1")).toString();
            return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty") || target.equals("/dev/console");
        } catch (IOException | UnsupportedOperationException e) {
            return false; // not Linux: plain output is never wrong
        }
    }
}
