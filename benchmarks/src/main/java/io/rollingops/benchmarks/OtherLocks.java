// SPDX-License-Identifier: Apache-2.0
package io.rollingops.benchmarks;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.rollingops.testkit.etcd.EtcdCluster;
import io.rollingops.testkit.etcd.EtcdOptions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.retry.RetryOneTime;
import org.apache.curator.test.TestingServer;

/**
 * Other people's locks beside ours, in one run: from the call that gives the lock back to the next one's having it. They do
 * less: neither first come, first served with pollers among those who wait, nor what others can see of the work.
 *
 * <ul>
 *   <li>the lock that etcd has built in, by the client of jetcd, on the same three members as ours
 *   <li>{@code etcdctl lock} there, a process for each turn; the start of the command is part of it
 *   <li>Curator on one ZooKeeper server in a process of its own, which has no majority to ask
 * </ul>
 */
public final class OtherLocks {
    private static final int WAITING = 10;
    private static final int HOLD_MILLIS = 2;

    private OtherLocks() {}

    /** A lock that somebody has a thread for. */
    private interface BlockingLock extends AutoCloseable {
        void take() throws Exception;

        void giveBack() throws Exception;
    }

    /** Makes one for each who wants it. */
    private interface Factory {
        BlockingLock make() throws Exception;
    }

    public static void main(String[] arguments) throws Exception {
        Logger.getLogger("").setLevel(Level.SEVERE);
        if (arguments.length > 0 && arguments[0].equals("zookeeper")) {
            serveZooKeeper();
            return;
        }
        int rounds = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 200;
        try (EtcdCluster etcd = EtcdCluster.start(EtcdOptions.members(3).defaultTimings())) {
            SharedLock.handOver(etcd, WAITING, rounds, HOLD_MILLIS); // warm-up, thrown away
            SharedLock.handOver(etcd, WAITING, rounds, HOLD_MILLIS).forEach(System.out::println);
            Factory jetcd = () -> new Jetcd(etcd.endpoints());
            contended("jetcd", jetcd, rounds); // the same
            System.out.println(contended("jetcd, three members", jetcd, rounds));
            System.out.println(etcdctl(etcd));
        }
        Process server = new ProcessBuilder(
                        ProcessHandle.current().info().command().orElse("java"),
                        "-cp",
                        System.getProperty("java.class.path"),
                        OtherLocks.class.getName(),
                        "zookeeper")
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            String address = server.inputReader(StandardCharsets.UTF_8).readLine();
            Factory curator = () -> new Curator(address);
            contended("Curator", curator, rounds);
            System.out.println(contended("Curator, one ZooKeeper server", curator, rounds));
        } finally {
            server.destroy();
        }
    }

    /** Until whoever started this process closes its input. */
    private static void serveZooKeeper() throws Exception {
        try (TestingServer server = new TestingServer()) {
            System.out.println(server.getConnectString());
            while (System.in.read() >= 0) {}
        }
    }

    private static Sample contended(String name, Factory factory, int rounds) throws Exception {
        List<Long> nanos = Collections.synchronizedList(new ArrayList<>());
        long[] givenBackAt = new long[1]; // written and read by whoever has the lock
        List<Thread> threads = new ArrayList<>();
        List<BlockingLock> locks = new ArrayList<>();
        for (int i = 0; i <= WAITING; i++) {
            BlockingLock lock = factory.make();
            locks.add(lock);
            threads.add(new Thread(() -> turns(lock, nanos, givenBackAt, rounds)));
        }
        threads.forEach(Thread::start);
        for (Thread thread : threads) {
            thread.join();
        }
        for (BlockingLock lock : locks) {
            lock.close();
        }
        return Sample.of(name + ": " + WAITING + " waiting, held " + HOLD_MILLIS + " ms", nanos);
    }

    private static void turns(BlockingLock lock, List<Long> nanos, long[] givenBackAt, int rounds) {
        try {
            while (nanos.size() < rounds) {
                lock.take();
                long now = System.nanoTime();
                synchronized (givenBackAt) {
                    if (givenBackAt[0] != 0) {
                        nanos.add(now - givenBackAt[0]);
                    }
                }
                TimeUnit.MILLISECONDS.sleep(HOLD_MILLIS);
                synchronized (givenBackAt) {
                    givenBackAt[0] = System.nanoTime();
                }
                lock.giveBack();
            }
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    /** What each process prints is when it had the lock and when it was about to give it back. */
    private static Sample etcdctl(EtcdCluster etcd) throws IOException, InterruptedException {
        List<Process> processes = new ArrayList<>();
        for (int i = 0; i < 3 * WAITING; i++) {
            ProcessBuilder builder = new ProcessBuilder(
                            "etcdctl",
                            "--endpoints=" + etcd.endpoints(),
                            "lock",
                            "benchmark",
                            "--",
                            "sh",
                            "-c",
                            "date +%s%N; sleep 0.002; date +%s%N")
                    .redirectError(ProcessBuilder.Redirect.DISCARD);
            builder.environment().put("ETCDCTL_API", "3");
            processes.add(builder.start());
        }
        List<long[]> turns = new ArrayList<>();
        for (Process process : processes) {
            long[] turn = process.inputReader(StandardCharsets.UTF_8)
                    .lines()
                    .mapToLong(Long::parseLong)
                    .toArray();
            process.waitFor();
            turns.add(turn);
        }
        turns.sort((one, other) -> Arrays.compare(one, other));
        List<Long> nanos = new ArrayList<>();
        for (int i = 1; i < turns.size(); i++) {
            nanos.add(turns.get(i)[0] - turns.get(i - 1)[1]);
        }
        return Sample.of("etcdctl lock, three members: " + (3 * WAITING) + " processes", nanos);
    }

    private static final class Jetcd implements BlockingLock {
        private final Client client;
        private final long lease;
        private ByteSequence key = ByteSequence.EMPTY;

        Jetcd(String endpoints) throws Exception {
            client = Client.builder()
                    .endpoints(Arrays.stream(endpoints.split(",", -1))
                            .map(endpoint -> "http://" + endpoint)
                            .toArray(String[]::new))
                    .build();
            lease = client.getLeaseClient().grant(600).get().getID();
        }

        @Override
        public void take() throws Exception {
            ByteSequence name = ByteSequence.from("benchmark-jetcd", StandardCharsets.UTF_8);
            key = client.getLockClient().lock(name, lease).get().getKey();
        }

        @Override
        public void giveBack() throws Exception {
            client.getLockClient().unlock(key).get();
        }

        @Override
        public void close() {
            client.close();
        }
    }

    private static final class Curator implements BlockingLock {
        private final CuratorFramework client;
        private final InterProcessMutex mutex;

        Curator(String address) {
            client = CuratorFrameworkFactory.newClient(address, new RetryOneTime(100));
            client.start();
            mutex = new InterProcessMutex(client, "/benchmark");
        }

        @Override
        public void take() throws Exception {
            mutex.acquire();
        }

        @Override
        public void giveBack() throws Exception {
            mutex.release();
        }

        @Override
        public void close() {
            client.close();
        }
    }
}
