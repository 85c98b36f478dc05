// SPDX-License-Identifier: Apache-2.0
package io.rollingops.manager;

import io.rollingops.spi.Journal;
import java.io.IOException;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/** A journal in memory that outlives the processes of a test, on a disk that may be full. */
final class TestJournal implements Journal {

    /** What may fail. */
    enum Call {
        READ,
        WRITE_BEGUN,
        WRITE_RESULT,
        CLEAR
    }

    private final Set<Call> failing = EnumSet.noneOf(Call.class);
    private Optional<Entry> entry = Optional.empty();

    synchronized void fail(Call call) {
        failing.add(call);
    }

    synchronized void mend() {
        failing.clear();
    }

    @Override
    public synchronized Optional<Entry> read() throws IOException {
        check(Call.READ);
        return entry;
    }

    @Override
    public synchronized void write(Entry next) throws IOException {
        check(next.result().isPresent() ? Call.WRITE_RESULT : Call.WRITE_BEGUN);
        entry = Optional.of(next);
    }

    @Override
    public synchronized void clear() throws IOException {
        check(Call.CLEAR);
        entry = Optional.empty();
    }

    private void check(Call call) throws IOException {
        if (failing.contains(call)) {
            throw new IOException("No space left on device");
        }
    }
}
