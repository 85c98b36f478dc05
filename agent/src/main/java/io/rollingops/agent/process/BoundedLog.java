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
        long kept = 0;
        try (OutputStream out = Files.newOutputStream(to)) {
            int read = from.read(chunk);
            while (read >= 0) {
                int keep = (int) Math.min(read, MAX_BYTES - kept);
                out.write(chunk, 0, keep);
                kept += keep;
                if (keep < read && kept == MAX_BYTES) {
                    out.write(
                            ("\n[output over " + MAX_BYTES + " bytes is not kept]\n").getBytes(StandardCharsets.UTF_8));
                    kept++;
                } else if (kept < MAX_BYTES) {
                    out.flush();
                }
                read = from.read(chunk);
            }
        }
    }
}
