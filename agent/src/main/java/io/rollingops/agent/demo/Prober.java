// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.demo;

import io.rollingops.UnitName;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/**
 * Asks one service again and again from outside whether it answers, on a thread of its own, and remembers when it did not.
 */
final class Prober {
    private static final Duration EVERY = Duration.ofMillis(10);
    private static final int TIMEOUT_MILLIS = 500;
    private static final byte[] REQUEST =
            "GET / HTTP/1.0\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    /**
     * A time in which the service did not answer.
     *
     * @param lastUpNanos the last answer before
     * @param firstDownNanos the end of the first failed probe: it is surely down from here
     * @param lastDownNanos the beginning of the last failed probe: it is surely down until here
     * @param firstUpNanos the first answer after
     */
    record Outage(UnitName unit, long lastUpNanos, long firstDownNanos, long lastDownNanos, long firstUpNanos) {
        /** How long nobody got an answer, seen from outside. */
        Duration length() {
            return Duration.ofNanos(firstUpNanos - lastUpNanos);
        }

        /** Whether both services were surely down at one moment. */
        boolean overlaps(Outage other) {
            return firstDownNanos < other.lastDownNanos && other.firstDownNanos < lastDownNanos;
        }
    }

    /** What was seen of one service in all: how often it was asked, and when it did not answer. */
    record Seen(UnitName unit, long probes, List<Outage> outages) {
        Seen {
            outages = List.copyOf(outages);
        }
    }

    private final UnitName unit;
    private final int port;
    private final Thread thread;
    private final List<Outage> outages = new ArrayList<>();
    private volatile boolean ended;
    private String instance = "";
    private long probes;

    Prober(UnitName unit, int port) {
        this.unit = unit;
        this.port = port;
        this.thread = new Thread(this::run, "probe-" + unit);
        thread.setDaemon(true);
        thread.start();
    }

    UnitName unit() {
        return unit;
    }

    /** What the service says now: its process id; waits until it says something. */
    String awaitInstance(Duration limit) throws InterruptedException {
        long endNanos = System.nanoTime() + limit.toNanos();
        synchronized (this) {
            while (instance.isEmpty() && System.nanoTime() < endNanos) {
                wait(EVERY.toMillis());
            }
            return instance;
        }
    }

    synchronized Seen seen() {
        return new Seen(unit, probes, outages);
    }

    private void run() {
        long lastUp = System.nanoTime();
        Optional<long[]> down = Optional.empty();
        while (!ended) {
            long begin = System.nanoTime();
            Optional<String> answer = probe();
            long end = System.nanoTime();
            if (answer.isEmpty()) {
                long firstDown = down.map(span -> span[0]).orElse(end);
                down = Optional.of(new long[] {firstDown, begin});
            } else {
                answered(answer.get());
                if (down.isPresent()) {
                    add(new Outage(unit, lastUp, down.get()[0], Math.max(down.get()[0], down.get()[1]), end));
                    down = Optional.empty();
                }
                lastUp = end;
            }
            count();
            LockSupport.parkNanos(EVERY.toNanos() - (System.nanoTime() - begin));
        }
        if (down.isPresent()) {
            add(new Outage(unit, lastUp, down.get()[0], down.get()[1], System.nanoTime()));
        }
    }

    private synchronized void answered(String by) {
        instance = by;
        notifyAll();
    }

    private synchronized void count() {
        probes++;
    }

    private synchronized void add(Outage outage) {
        outages.add(outage);
    }

    private Optional<String> probe() {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), TIMEOUT_MILLIS);
            socket.setSoTimeout(TIMEOUT_MILLIS);
            socket.getOutputStream().write(REQUEST);
            InputStream in = socket.getInputStream();
            String answer = new String(in.readAllBytes(), StandardCharsets.US_ASCII);
            int body = answer.indexOf("\r\n\r\n");
            return answer.startsWith("HTTP/1.1 200") && body > 0
                    ? Optional.of(answer.substring(body + 4).strip())
                    : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** Ends the probing, and tells when it has ended what was seen. */
    Seen stop() throws InterruptedException {
        ended = true;
        thread.join();
        return seen();
    }
}
