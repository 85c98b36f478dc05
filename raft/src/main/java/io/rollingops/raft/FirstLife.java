// SPDX-License-Identifier: Apache-2.0
package io.rollingops.raft;

import io.rollingops.RollingOpsException;
import io.rollingops.UnitName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Notices that a member begins with an empty log although its unit has spoken to the store before. It has forgotten what it
 * confirmed, for whom it voted, so it must not take part under that name: with a second loss, what was confirmed could be
 * gone. The sign is a number in the store that no command of this process had. Safe for several threads.
 */
final class FirstLife {
    private static final String MARK = "log-was-lost";

    private final UnitName self;
    private final Path directory;
    private final boolean empty;
    private final Consumer<String> fatal;

    private long sealed;
    private boolean told;

    private FirstLife(UnitName self, Path directory, boolean empty, Consumer<String> fatal) {
        this.self = self;
        this.directory = directory;
        this.empty = empty;
        this.fatal = fatal;
    }

    /**
     * Looks at the directory of a log before anything is written to it.
     *
     * @param fatal called with the reason when it turns out that there was a log once
     * @throws RollingOpsException.InvalidRequest when that had turned out before
     */
    static FirstLife of(UnitName self, Path directory, Consumer<String> fatal) throws IOException {
        if (Files.exists(directory.resolve(MARK))) {
            throw new RollingOpsException.InvalidRequest(remedy(self, directory));
        }
        return new FirstLife(self, directory, isEmpty(directory), fatal);
    }

    /** A command of this process gets that number. */
    synchronized void sealing(long number) {
        sealed = Math.max(sealed, number);
    }

    /** The store has seen that number of this unit. */
    synchronized void told(long number) {
        if (!empty || told || number <= sealed) {
            return;
        }
        told = true;
        try {
            Files.writeString(directory.resolve(MARK), "");
        } catch (IOException e) {
            // It ends all the same; when it is started again it may take a little longer to find out.
        }
        fatal.accept(remedy(self, directory));
    }

    private static String remedy(UnitName self, Path directory) {
        return "the log in " + directory + " is new, and the store has had commands of " + self
                + ": its log was lost, or another program runs under this name. Bring the old data directory back; or stop"
                + " the other program; or, if the log is gone for good, type 'rollingops member remove " + self
                + "' on another host and add this machine under a number that was never used";
    }

    private static boolean isEmpty(Path directory) throws IOException {
        if (!Files.exists(directory)) {
            return true;
        }
        try (Stream<Path> inside = Files.list(directory)) {
            return inside.findAny().isEmpty();
        }
    }
}
