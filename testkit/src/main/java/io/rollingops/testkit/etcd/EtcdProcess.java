// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.etcd;

import io.rollingops.testkit.net.ReservedPort;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One member: a child process that is stopped, frozen and started again at will. Its ports and data stay the same.
 *
 * <p>Not safe for several threads, except {@link #end}.
 */
public final class EtcdProcess {
    private static final int ANSWER_MILLIS_MAX = 500;
    private static final int STOP_SECONDS_MAX = 10;
    private static final Duration FREEZE_MAX = Duration.ofSeconds(5);
    private static final int LOG_LINES_SHOWN = 40;

    private final String name;
    private final ReservedPort client = ReservedPort.take();
    private final ReservedPort peer = ReservedPort.take();
    private final ReservedPort metrics = ReservedPort.take();
    private final Path data;
    private final Path log;
    private List<String> command = List.of();
    private boolean isFrozen;
    private volatile @Nullable Process process;

    EtcdProcess(String name, Path folder) {
        this.name = name;
        this.data = folder.resolve(name + ".data");
        this.log = folder.resolve(name + ".log");
    }

    public String name() {
        return name;
    }

    /** Where clients find it, without a scheme. */
    public String endpoint() {
        return "127.0.0.1:" + client.number();
    }

    /** The same, to connect to. */
    public InetSocketAddress address() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), client.number());
    }

    String peerAddress() {
        return "127.0.0.1:" + peer.number();
    }

    /** Sets what to start, with the arguments that only this member knows. */
    void command(List<String> common, String scheme) {
        command = Stream.concat(
                        Stream.of(
                                "etcd",
                                "--name=" + name,
                                "--data-dir=" + data,
                                "--listen-client-urls=" + scheme + endpoint(),
                                "--advertise-client-urls=" + scheme + endpoint(),
                                "--listen-peer-urls=" + scheme + peerAddress(),
                                "--initial-advertise-peer-urls=" + scheme + peerAddress(),
                                "--listen-metrics-urls=http://127.0.0.1:" + metrics.number()),
                        common.stream())
                .toList();
    }

    /** Starts it with the data that it has, and does not wait until it answers. */
    public void start() {
        if (isRunning()) {
            throw new IllegalStateException(name + " is running");
        }
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        builder.environment().keySet().removeIf(variable -> variable.startsWith("ETCD"));
        isFrozen = false;
        try {
            process = builder.start();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot start " + command.get(0), e);
        }
    }

    public boolean isRunning() {
        Process running = process;
        return running != null && running.isAlive();
    }

    /** Whether it runs and is not frozen. */
    boolean isResponsive() {
        return isRunning() && !isFrozen;
    }

    /** Ends it at once, as by {@code kill -9}, and waits until it is gone. */
    public void kill() {
        Process running = process;
        if (running != null) {
            running.destroyForcibly();
            awaitEnd(running);
        }
    }

    /** Asks it to end, and waits until it has. */
    public void stop() {
        Process running = process;
        if (running != null) {
            running.destroy();
            awaitEnd(running);
        }
    }

    /** Stops it in its tracks: its connections stay open and nothing answers. */
    public void freeze() {
        Process frozen = signal("STOP");
        isFrozen = true;
        if (Files.isDirectory(Path.of("/proc"))) { // elsewhere the signal has to be trusted
            Polling.until(FREEZE_MAX, name + " is stopped", () -> state(frozen).equals(Optional.of("T")));
        }
    }

    /** Lets it go on after {@link #freeze}, as if no time had passed. */
    public void thaw() {
        signal("CONT");
        isFrozen = false;
    }

    /** Kills it and starts it with the same data. */
    public void restart() {
        kill();
        start();
    }

    /** Deletes its data; it must not be running. */
    void wipe() {
        if (isRunning()) {
            throw new IllegalStateException(name + " is running");
        }
        Folder.delete(data);
    }

    /** Whether it can serve writes, as far as it knows: it runs and has a leader. */
    public boolean isHealthy() {
        return get("/health").filter(text -> text.contains("\"true\"")).isPresent();
    }

    /** Whether it takes itself for the leader. */
    public boolean leads() {
        return get("/metrics")
                .filter(text -> text.contains("\netcd_server_is_leader 1\n"))
                .isPresent();
    }

    /** What it wrote last. */
    public String logTail() {
        try {
            List<String> lines = Files.readAllLines(log, StandardCharsets.UTF_8);
            return String.join("\n", lines.subList(Math.max(0, lines.size() - LOG_LINES_SHOWN), lines.size()));
        } catch (IOException e) {
            return "(no log: " + e.getMessage() + ")";
        }
    }

    /** Kills it if it runs, without waiting. May be called by all threads and again. */
    void end() {
        Process running = process;
        if (running != null) {
            running.destroyForcibly();
        }
    }

    /** Gives back its ports. */
    void release() {
        client.close();
        peer.close();
        metrics.close();
    }

    private Process signal(String signal) {
        Process running = process;
        if (running == null || !running.isAlive()) {
            throw new IllegalStateException(name + " is not running");
        }
        Command.run(new ProcessBuilder("sh", "-c", "kill -" + signal + " " + running.pid()));
        return running;
    }

    private void awaitEnd(Process ending) {
        try {
            if (!ending.waitFor(STOP_SECONDS_MAX, TimeUnit.SECONDS)) {
                ending.destroyForcibly();
                throw new IllegalStateException(name + " did not end within " + STOP_SECONDS_MAX + " s");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for the end of " + name, e);
        }
    }

    /** What it says at its own address for supervision, which asks for no certificate; nothing if it does not answer. */
    private Optional<String> get(String path) {
        try {
            HttpURLConnection connection = (HttpURLConnection) URI.create("http://127.0.0.1:" + metrics.number() + path)
                    .toURL()
                    .openConnection();
            connection.setConnectTimeout(ANSWER_MILLIS_MAX);
            connection.setReadTimeout(ANSWER_MILLIS_MAX);
            try (InputStream in = connection.getInputStream()) {
                return Optional.of(new String(in.readAllBytes(), StandardCharsets.UTF_8));
            } finally {
                connection.disconnect();
            }
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** The state letter that Linux shows for the process. */
    private static Optional<String> state(Process running) {
        try {
            String stat = Files.readString(Path.of("/proc", Long.toString(running.pid()), "stat"));
            return Optional.of(stat.substring(stat.lastIndexOf(')') + 2).substring(0, 1));
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
