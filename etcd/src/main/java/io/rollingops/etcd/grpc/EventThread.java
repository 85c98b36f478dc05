// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.grpc;

import io.grpc.netty.shaded.io.netty.channel.EventLoop;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.nio.NioEventLoopGroup;
import io.grpc.netty.shaded.io.netty.util.concurrent.DefaultThreadFactory;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * The one thread that owns a client's state and moves its bytes, and a few more for looking up host names, since that
 * blocks. All are daemons and are gone when {@link #close} has returned in time.
 */
final class EventThread {
    /** Names that are looked up at the same time; a name server that hangs must not hold up the other endpoints. */
    private static final int LOOKUPS_MAX = 4;

    private static final long LOOKUP_IDLE_SECONDS = 10;

    private final EventLoopGroup group = new NioEventLoopGroup(1, new DefaultThreadFactory("rollingops-etcd", true));
    private final EventLoop loop = group.next();
    private final ThreadPoolExecutor lookups = new ThreadPoolExecutor(
            LOOKUPS_MAX,
            LOOKUPS_MAX,
            LOOKUP_IDLE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            new DefaultThreadFactory("rollingops-etcd-lookup", true));

    EventThread() {
        lookups.allowCoreThreadTimeOut(true);
    }

    /** Runs the task after those that were posted before it, also when called on the thread itself. */
    void post(Runnable task) {
        loop.execute(task);
    }

    /** As {@link #post}; answers false when the thread has ended. */
    boolean postIfOpen(Runnable task) {
        try {
            loop.execute(task);
            return true;
        } catch (RejectedExecutionException e) {
            return false;
        }
    }

    /** Runs the task later, unless it is cancelled or the thread ends before. */
    Timer after(Duration delay, Runnable task) {
        var scheduled = loop.schedule(task, delay.toNanos(), TimeUnit.NANOSECONDS);
        return () -> scheduled.cancel(false);
    }

    boolean isCurrent() {
        return loop.inEventLoop();
    }

    EventLoopGroup group() {
        return group;
    }

    Executor executor() {
        return loop;
    }

    Executor lookups() {
        return lookups;
    }

    /** Ends the threads; waits for that at most so long, and not at all on the thread itself. */
    void close(Duration limit) {
        lookups.shutdownNow();
        var terminated = group.shutdownGracefully(0, limit.toMillis(), TimeUnit.MILLISECONDS);
        if (!isCurrent()) {
            terminated.awaitUninterruptibly(limit.toMillis());
        }
    }

    /** Something that will run later. */
    interface Timer {
        /** Does nothing when it has run. */
        void cancel();
    }
}
