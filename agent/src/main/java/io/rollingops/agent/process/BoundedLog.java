// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.process;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Copies what a command writes to a file, up to a limit; what is beyond it is read and dropped. */
final class BoundedLog {
    /** How much of one run's output is kept. */
    static final long MAX_BYTES = 1 << 20;

    private static final int CHUNK = 8192;

    private BoundedLog() {}

    /** Copies until the end; meant for a thread of its own. */
    static void copy(InputStream from, Path to) throws IOException {
        byte[] chunk = new byte[CHUNK];
        long seen = 0;
        try (OutputStream out = Files.newOutputStream(to)) {
            int read = from.read(chunk);
            while (read >= 0) {
                long room = Math.max(0, MAX_BYTES - seen);
                out.write(chunk, 0, (int) Math.min(read, room));
                boolean firstBeyond = seen <= MAX_BYTES && seen + read > MAX_BYTES;
                if (firstBeyond) {
                    out.write(
                            ("\n[output over " + MAX_BYTES + " bytes is not kept]\n").getBytes(StandardCharsets.UTF_8));
                }
                seen += read;
                read = from.read(chunk);
            }
        }
    }
}
