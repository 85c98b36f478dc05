// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.demo;

import io.rollingops.RollingOpsException;
import io.rollingops.etcd.EndpointReport;
import io.rollingops.etcd.EtcdSettings;
import io.rollingops.etcd.grpc.GrpcEtcdClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** Three etcd processes on loopback, which can be killed and started again with their data. */
final class DemoEtcd {
    private static final int MEMBERS = 3;
    private static final Duration START_LIMIT = Duration.ofSeconds(30);

    private final Path folder;
    private final List<Integer> ports;
    private final List<Process> processes = new ArrayList<>();

    DemoEtcd(Path folder) throws IOException {
        this.folder = Files.createDirectories(folder);
        this.ports = Ports.free(2 * MEMBERS);
    }

    /** Where clients find it. */
    List<String> endpoints() {
        return ports.subList(0, MEMBERS).stream()
                .map(port -> "127.0.0.1:" + port)
                .toList();
    }

    /**
     * Starts all members, and waits until they have a leader.
     *
     * @throws RollingOpsException.InvalidRequest if there is no etcd on this machine, saying how to get one
     */
    void start() throws IOException, InterruptedException {
        String cluster = peers();
        for (int i = 0; i < MEMBERS; i++) {
            String client = "http://127.0.0.1:" + ports.get(i);
            String peer = "http://127.0.0.1:" + ports.get(MEMBERS + i);
            ProcessBuilder builder = new ProcessBuilder(
                            "etcd",
                            "--name=etcd-" + i,
                            "--data-dir=" + folder.resolve("etcd-" + i),
                            "--listen-client-urls=" + client,
                            "--advertise-client-urls=" + client,
                            "--listen-peer-urls=" + peer,
                            "--initial-advertise-peer-urls=" + peer,
                            "--initial-cluster=" + cluster,
                            "--initial-cluster-token=rollingops-demo")
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(
                            folder.resolve("etcd-" + i + ".log").toFile()));
            builder.environment().keySet().removeIf(name -> name.startsWith("ETCD"));
            try {
                processes.add(builder.start());
            } catch (IOException e) {
                throw new RollingOpsException.InvalidRequest(
                        "this demo runs real etcd processes, and there is no 'etcd' on the path: install it (Debian and"
                                + " Ubuntu: apt-get install etcd-server) and try again",
                        e);
            }
        }
        awaitLeader();
    }

    private String peers() {
        List<String> peers = new ArrayList<>();
        for (int i = 0; i < MEMBERS; i++) {
            peers.add("etcd-" + i + "=http://127.0.0.1:" + ports.get(MEMBERS + i));
        }
        return String.join(",", peers);
    }

    private void awaitLeader() throws InterruptedException {
        try (GrpcEtcdClient client =
                new GrpcEtcdClient(EtcdSettings.plain(String.join(",", endpoints())), Runnable::run)) {
            long endNanos = System.nanoTime() + START_LIMIT.toNanos();
            while (System.nanoTime() < endNanos) {
                boolean isLed = client.endpoints().join().stream()
                        .anyMatch(report -> report instanceof EndpointReport.Reached reached && reached.leads());
                if (isLed) {
                    return;
                }
                TimeUnit.MILLISECONDS.sleep(50); // it says nothing before it has a leader
            }
        }
        throw new RollingOpsException.Unavailable(
                "the etcd processes did not find together; their logs are in " + folder);
    }

    /** Ends all members at once, as {@code kill -9} does. */
    void kill() throws InterruptedException {
        List<Process> killed = processes.stream().map(Process::destroyForcibly).collect(Collectors.toList());
        processes.clear();
        for (Process process : killed) {
            process.waitFor();
        }
    }
}
