// SPDX-License-Identifier: Apache-2.0
package io.rollingops.worker;

import io.rollingops.juju.WorkerConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.logging.FileHandler;
import java.util.logging.Formatter;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/**
 * The log of a worker: a line an event, in a file of the unit's folder that is rotated by itself, as the original's is.
 * What libraries log as a warning goes there, too. Safe for all threads.
 */
final class WorkerLog implements AutoCloseable {
    private static final int PART_BYTES = 10 << 20;
    private static final int PARTS = 10;

    private final Logger root = Logger.getLogger("");
    private final FileHandler file;
    private final String who;

    private WorkerLog(FileHandler file, String who) {
        this.file = file;
        this.who = who;
    }

    /** Opens it; what stands there stays. */
    static WorkerLog open(Path folder, WorkerConfig config) throws IOException {
        return open(folder, config, PART_BYTES);
    }

    /** As {@link #open(Path, WorkerConfig)}, with another size after which the next part begins. */
    static WorkerLog open(Path folder, WorkerConfig config, int partBytes) throws IOException {
        FileHandler file = new FileHandler(folder.resolve(WorkerConfig.LOG).toString(), partBytes, PARTS, true);
        String who = "[" + ProcessHandle.current().pid() + "] [unit=" + config.unit() + " cluster=" + config.clusterId()
                + "]";
        file.setFormatter(new Formatter() {
            @Override
            public String format(LogRecord entry) {
                return entry.getInstant() + " [" + entry.getLevel() + "] " + who + " " + formatMessage(entry) + "\n";
            }
        });
        WorkerLog log = new WorkerLog(file, who);
        for (java.util.logging.Handler handler : log.root.getHandlers()) {
            log.root.removeHandler(handler);
        }
        file.setLevel(Level.INFO);
        log.root.addHandler(file);
        log.root.setLevel(Level.WARNING);
        return log;
    }

    void info(String text) {
        publish(Level.INFO, text);
    }

    void error(String text) {
        publish(Level.SEVERE, text);
    }

    private void publish(Level level, String text) {
        LogRecord entry = new LogRecord(level, "{0}");
        entry.setParameters(new Object[] {text}); // as it is, whatever braces stand in it
        file.publish(entry);
    }

    @Override
    public void close() {
        root.removeHandler(file);
        file.close();
    }

    @Override
    public String toString() {
        return who;
    }
}
