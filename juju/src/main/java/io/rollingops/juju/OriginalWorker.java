// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import io.rollingops.UnitName;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The process that the original library leaves behind on a unit that etcd processed: it holds the lock of the whole
 * cluster and waits for a hook that nobody runs any more. Only a process that says it is the worker of this unit is
 * ended; the number alone may have gone to another process since.
 */
final class OriginalWorker {
    /** Where the original keeps its number, in the unit's databag. */
    static final String KEY = "etcd-rollingops-worker-pid";

    private static final String PROGRAM = "charmlibs/rollingops/_etcd/";

    private OriginalWorker() {}

    /** Ends it; false when there is none. */
    static boolean stop(String number, UnitName unit) {
        Optional<ProcessHandle> process = find(number).filter(found -> isWorkerOf(found, unit));
        process.ifPresent(ProcessHandle::destroy);
        return process.isPresent();
    }

    private static Optional<ProcessHandle> find(String number) {
        try {
            return ProcessHandle.of(Long.parseLong(number));
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }

    private static boolean isWorkerOf(ProcessHandle process, UnitName unit) {
        try {
            Path file = Path.of("/proc", Long.toString(process.pid()), "cmdline");
            List<String> words =
                    List.of(Files.readString(file, StandardCharsets.ISO_8859_1).split("\0"));
            int name = words.indexOf("--unit-name");
            return words.stream().anyMatch(word -> word.contains(PROGRAM))
                    && name >= 0
                    && name + 1 < words.size()
                    && words.get(name + 1).equals(unit.toString());
        } catch (IOException e) {
            return false; // it has just ended, or this is no Linux
        }
    }
}
