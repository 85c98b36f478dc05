// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.net;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A network between a client and a server that fails when the test says so.
 *
 * <p>Listens on loopback and forwards each connection to the target. What a method sets is in force for every byte that is
 * read after it has returned. Bytes that are held are not lost: they arrive when the proxy forwards again, or never if it
 * is cut before. Safe for all threads.
 */
public final class FaultProxy implements AutoCloseable {
    private static final int BUFFER_BYTES = 64 * 1024;
    private static final int CONNECT_MILLIS_MAX = 5_000;

    private enum Flow {
        PASSES,
        HELD
    }

    private enum Direction {
        REQUESTS,
        REPLIES
    }

    private final ServerSocket listener;
    private final Set<Socket> sockets = new HashSet<>();
    private final Set<Socket> stranded = new HashSet<>();

    private InetSocketAddress target;
    private Flow requests = Flow.PASSES;
    private Flow replies = Flow.PASSES;
    private Duration delay = Duration.ZERO;
    private boolean isCut;
    private boolean isClosed;
    private long requestBytes;
    private int accepted;

    /** Listens on 127.0.0.1 and forwards to that address. */
    public FaultProxy(InetSocketAddress target) {
        this(1, target);
    }

    /** Listens on another address of loopback, {@code 127.0.0.last}, where the system has it, as Linux does. */
    public FaultProxy(int last, InetSocketAddress target) {
        this.target = target;
        try {
            listener = new ServerSocket(0, 50, InetAddress.getByAddress(new byte[] {127, 0, 0, (byte) last}));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot listen on 127.0.0." + last, e);
        }
        start("accept", this::acceptAll);
    }

    /** {@code address:port}, for clients. */
    public String endpoint() {
        return listener.getInetAddress().getHostAddress() + ":" + listener.getLocalPort();
    }

    /** Forwards everything at once, also what was held. */
    public synchronized void forward() {
        requests = Flow.PASSES;
        replies = Flow.PASSES;
        delay = Duration.ZERO;
        isCut = false;
        notifyAll();
    }

    /** Resets all connections, and each new one as soon as it is made. */
    public synchronized void cut() {
        isCut = true;
        resetAll();
    }

    /** Resets the connections that there are; new ones are forwarded. */
    public synchronized void reset() {
        resetAll();
    }

    /** Takes connections and lets nothing through, in neither direction: what a half-open connection looks like. */
    public synchronized void hold() {
        requests = Flow.HELD;
        replies = Flow.HELD;
    }

    /**
     * Lets nothing through any more on the connections that there are, without ending them; new ones are forwarded. So it
     * is when a firewall on the way forgets them. Only a reset ends it.
     */
    public synchronized void strand() {
        stranded.addAll(sockets);
    }

    /** The client is heard and hears nothing. */
    public synchronized void holdReplies() {
        replies = Flow.HELD;
    }

    /** The client hears the server but is not heard. */
    public synchronized void holdRequests() {
        requests = Flow.HELD;
    }

    /** Everything takes this much longer, each way. */
    public synchronized void delay(Duration time) {
        delay = time;
        notifyAll();
    }

    /** New connections go to that address. */
    public synchronized void target(InetSocketAddress address) {
        target = address;
    }

    /** How many bytes clients have had forwarded so far. */
    public synchronized long requestBytes() {
        return requestBytes;
    }

    /** How many connections were taken so far. */
    public synchronized int accepted() {
        return accepted;
    }

    @Override
    public void close() {
        synchronized (this) {
            isClosed = true;
            resetAll();
        }
        try {
            listener.close();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot close " + endpoint(), e);
        }
    }

    private synchronized void resetAll() {
        List.copyOf(sockets).forEach(FaultProxy::reset);
        sockets.clear();
        stranded.clear();
        notifyAll();
    }

    private void acceptAll() {
        while (true) {
            Socket client;
            try {
                client = listener.accept();
            } catch (IOException e) {
                return; // closed
            }
            start("connect", () -> connect(client));
        }
    }

    private void connect(Socket client) {
        InetSocketAddress to;
        synchronized (this) {
            accepted++;
            to = target;
        }
        Socket server = new Socket();
        try {
            client.setTcpNoDelay(true);
            server.setTcpNoDelay(true);
            if (isOpenFor(client)) {
                server.connect(to, CONNECT_MILLIS_MAX);
            }
        } catch (IOException e) {
            end(client, server);
            return;
        }
        if (!server.isConnected() || !isOpenFor(server)) {
            end(client, server);
            return;
        }
        start("replies", () -> pump(server, client, Direction.REPLIES));
        pump(client, server, Direction.REQUESTS);
    }

    /** Takes the socket on, to be reset with the others; answers false when all are cut. */
    private synchronized boolean isOpenFor(Socket socket) {
        if (isCut || isClosed) {
            return false;
        }
        sockets.add(socket);
        return true;
    }

    /** Forwards one direction until its end; an end is forwarded too, and leaves the other direction as it is. */
    private void pump(Socket from, Socket to, Direction direction) {
        byte[] buffer = new byte[BUFFER_BYTES];
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                if (!mayPass(from, direction, read)) {
                    return;
                }
                out.write(buffer, 0, read);
            }
            if (!mayPass(from, direction, 0)) {
                return;
            }
            to.shutdownOutput();
            if (from.isOutputShutdown()) {
                end(from, to);
            }
        } catch (IOException e) {
            end(from, to); // one of the two has gone: so does the other
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Waits until what was read may go on; answers false when its connection was reset meanwhile. */
    private synchronized boolean mayPass(Socket from, Direction direction, int bytes) throws InterruptedException {
        long passAt = System.nanoTime() + delay.toNanos();
        while (sockets.contains(from)) {
            long left = passAt - System.nanoTime();
            boolean isHeld =
                    (direction == Direction.REQUESTS ? requests : replies) == Flow.HELD || stranded.contains(from);
            if (!isHeld && left <= 0) {
                if (direction == Direction.REQUESTS) {
                    requestBytes += bytes;
                }
                return true;
            }
            wait(isHeld ? 0 : Math.max(1, left / 1_000_000));
        }
        return false;
    }

    private void end(Socket one, Socket other) {
        List<Socket> both = List.of(one, other);
        synchronized (this) {
            sockets.removeAll(both);
            stranded.removeAll(both);
            notifyAll();
        }
        both.forEach(FaultProxy::reset);
    }

    /** Ends the connection by a reset, if it has not ended already. */
    private static void reset(Socket socket) {
        try {
            if (!socket.isOutputShutdown()) {
                socket.setSoLinger(true, 0);
            }
            socket.close();
        } catch (IOException e) {
            // it is gone either way
        }
    }

    private static void start(String what, Runnable task) {
        Thread thread = new Thread(task, "fault-proxy-" + what);
        thread.setDaemon(true);
        thread.start();
    }
}
