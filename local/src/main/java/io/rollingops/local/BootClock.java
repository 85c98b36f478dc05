// SPDX-License-Identifier: Apache-2.0
package io.rollingops.local;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.LongSupplier;

/**
 * A steady clock that counts the time in which the machine was suspended, as leases need it (rule L3). On Linux that is
 * the machine's uptime, to a hundredth of a second; elsewhere it is the JVM's steady clock, which stands still in a
 * suspended machine, and only the comparison with the wall clock notices that.
 */
public final class BootClock implements LongSupplier {
    private static final Path UPTIME = Path.of("/proc/uptime");
    private static final long NANOS_IN_HUNDREDTH = 10_000_000;

    @Override
    public long getAsLong() {
        try {
            String text = Files.readString(UPTIME, StandardCharsets.US_ASCII);
            int dot = text.indexOf('.');
            long hundredths =
                    Long.parseLong(text.substring(0, dot)) * 100 + Long.parseLong(text.substring(dot + 1, dot + 3));
            return hundredths * NANOS_IN_HUNDREDTH;
        } catch (IOException | NumberFormatException | StringIndexOutOfBoundsException e) {
            return System.nanoTime();
        }
    }

    /** The clock of this machine; which of the two it is does not change while the process lives. */
    public static LongSupplier ofThisMachine() {
        BootClock clock = new BootClock();
        return Files.isReadable(UPTIME) ? clock : System::nanoTime;
    }
}
