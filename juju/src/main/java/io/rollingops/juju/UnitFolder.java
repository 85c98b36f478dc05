// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import io.rollingops.UnitName;
import io.rollingops.manager.HostClock;
import io.rollingops.spi.Journal;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * What one unit keeps on its own disk between hooks, in a folder of its own that only its user may enter. Units on one
 * machine do not share it. Every change is there as a whole or not at all, and on the disk when the method returns.
 */
final class UnitFolder implements Journal {
    private static final String JOURNAL = "journal";
    private static final String LEAVING = "leaving";
    private static final String DEPARTED = "departed";
    private static final String PAUSE = "pause";

    private final Path folder;

    /** The folder of a unit below a folder that several may share. */
    UnitFolder(Path base, UnitName unit) {
        this.folder = base.resolve(unit.application() + "-" + unit.number());
    }

    Path path() {
        return folder;
    }

    /** Whether this unit has been told that it leaves (rule U1). */
    boolean isLeaving() {
        return Files.exists(folder.resolve(LEAVING));
    }

    void leave() {
        change(LEAVING, "");
    }

    /** Waits from now on before it wants to try again. */
    void pause(HostClock clock, Duration pause) {
        change(PAUSE, Long.toString(clock.boot().getAsLong() + pause.toNanos()));
    }

    /**
     * Whether it still waits. The steady clock begins anew when the machine does, so a pause that would last for longer
     * than any is over.
     */
    boolean isPausing(HostClock clock, Duration longest) {
        try {
            long left = text(PAUSE).map(Long::parseLong).orElse(Long.MIN_VALUE / 2)
                    - clock.boot().getAsLong();
            return left > 0 && left <= longest.toNanos();
        } catch (IOException | NumberFormatException e) {
            return false;
        }
    }

    /** The units of which this one has been told that they have left the peer relation. */
    Set<UnitName> departed() {
        Set<UnitName> units = new TreeSet<>();
        try {
            text(DEPARTED).ifPresent(text -> text.lines().map(UnitName::parse).forEach(units::add));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return units;
    }

    void departed(UnitName unit) {
        Set<UnitName> units = departed();
        if (units.add(unit)) {
            change(
                    DEPARTED,
                    String.join("\n", units.stream().map(UnitName::toString).toList()));
        }
    }

    /** What was noted under a name. */
    Optional<String> note(String name) {
        try {
            return text(name);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + folder.resolve(name), e);
        }
    }

    void note(String name, String text) {
        change(name, text);
    }

    void dropNote(String name) {
        try {
            Files.deleteIfExists(folder.resolve(name));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot delete " + folder.resolve(name), e);
        }
    }

    /** Deletes everything: the unit is gone. */
    void delete() {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            List<Path> deepestFirst = files.sorted(Comparator.reverseOrder()).toList();
            for (Path file : deepestFirst) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("the folder of a removed unit stays: " + folder, e);
        }
    }

    @Override
    public Optional<Entry> read() throws IOException {
        return text(JOURNAL).flatMap(Entry::read);
    }

    @Override
    public void write(Entry entry) throws IOException {
        replace(JOURNAL, entry.write());
    }

    @Override
    public void clear() throws IOException {
        Files.deleteIfExists(folder.resolve(JOURNAL));
    }

    private void change(String name, String text) {
        try {
            replace(name, text);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write " + folder.resolve(name), e);
        }
    }

    /** The folder, which is made if it is not there. */
    Path made() {
        try {
            make();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot make " + folder, e);
        }
        return folder;
    }

    private void make() throws IOException {
        WholeFile.makeFolder(folder);
    }

    private void replace(String name, String text) throws IOException {
        make();
        file(name).write(text);
    }

    private Optional<String> text(String name) throws IOException {
        return file(name).read();
    }

    private WholeFile file(String name) {
        return new WholeFile(folder.resolve(name), WholeFile.OWNER_ONLY);
    }
}
