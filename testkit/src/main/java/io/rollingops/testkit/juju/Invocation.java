// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * One call of a hook command.
 *
 * @param folder where it was called; relative files are read and written there
 * @param stdin what it was given, if it was asked for
 * @param here where a file of the caller's machine lies on the real one
 */
record Invocation(String command, List<String> args, Path folder, Optional<String> stdin, UnaryOperator<Path> here) {

    /** A call on the real machine. */
    Invocation(String command, List<String> args, Path folder, Optional<String> stdin) {
        this(command, args, folder, stdin, UnaryOperator.identity());
    }

    Invocation on(UnaryOperator<Path> machine) {
        return new Invocation(command, args, folder, stdin, machine);
    }

    /** The command wants its standard input, which the client sends only when asked. */
    static final class StdinNeeded extends RuntimeException {
        StdinNeeded() {
            super("hook tool requires stdin, none supplied", null, false, false);
        }
    }

    Invocation {
        args = List.copyOf(args);
    }

    /** The content of a file, or of the standard input for {@code -}. */
    String read(String file) throws CommandFailure {
        if (file.equals("-")) {
            return stdin.orElseThrow(StdinNeeded::new);
        }
        try {
            return Files.readString(here.apply(folder.resolve(file)));
        } catch (IOException | UncheckedIOException e) {
            throw CommandFailure.failed("open " + file + ": no such file or directory");
        }
    }

    void write(String file, String text) throws CommandFailure {
        try {
            Files.writeString(here.apply(folder.resolve(file)), text);
        } catch (IOException e) {
            throw CommandFailure.failed("open " + file + ": cannot be written");
        }
    }
}
