// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;

/**
 * One real etcd from the path, with mutual TLS and a user for each common name, for the emulated provider to hand out.
 * A certificate is admitted by adding it to the trusted ones, for which etcd has to be restarted.
 */
final class MinimalEtcd implements EtcdAccess, AutoCloseable {
    private static final Duration LIMIT = Duration.ofSeconds(20);

    private final Path folder;
    private final int clientPort = freePort();
    private final int peerPort = freePort();
    private final List<String> admitted = new ArrayList<>();
    private Process server;

    /** Starts the server; skips the test when a program is missing. */
    MinimalEtcd(Path folder) throws IOException, InterruptedException {
        this.folder = folder;
        Files.createDirectories(folder);
        for (String program : List.of("etcd", "etcdctl", "openssl")) {
            boolean there = run(Map.of(), "sh", "-c", "command -v " + program).code() == 0;
            assumeTrue(there, program + " is not installed (packages etcd-server, etcd-client, openssl)");
        }
        makeCertificates();
        Files.copy(folder.resolve("ca.pem"), folder.resolve("trusted.pem"));
        this.server = start();
        ctl("user", "add", "root", "--no-password");
        ctl("user", "grant-role", "root", "root");
        ctl("auth", "enable");
    }

    private void makeCertificates() throws IOException, InterruptedException {
        Files.writeString(folder.resolve("server.ext"), "subjectAltName=IP:127.0.0.1\n");
        openssl("req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -subj /CN=etcd-authority -days 2");
        for (String name : List.of("server", "root")) {
            openssl("req -newkey rsa:2048 -nodes -keyout " + name + ".key -out " + name + ".csr -subj /CN=" + name);
            openssl("x509 -req -in " + name + ".csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -out " + name
                    + ".pem -extfile server.ext");
        }
    }

    private void openssl(String arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("openssl"));
        command.addAll(List.of(arguments.split(" ", -1)));
        require(run(Map.of(), command.toArray(String[]::new)));
    }

    private Process start() throws IOException {
        String client = "https://127.0.0.1:" + clientPort;
        String peer = "http://127.0.0.1:" + peerPort;
        Process process = new ProcessBuilder(
                        "etcd",
                        "--data-dir=" + folder.resolve("data"),
                        "--listen-client-urls=" + client,
                        "--advertise-client-urls=" + client,
                        "--listen-peer-urls=" + peer,
                        "--initial-advertise-peer-urls=" + peer,
                        "--initial-cluster=default=" + peer,
                        "--enable-grpc-gateway=false",
                        "--cert-file=" + folder.resolve("server.pem"),
                        "--key-file=" + folder.resolve("server.key"),
                        "--trusted-ca-file=" + folder.resolve("trusted.pem"),
                        "--client-cert-auth=true")
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(
                        folder.resolve("etcd.log").toFile()))
                .start();
        Awaitility.await()
                .atMost(LIMIT)
                .until(() -> run(environment(), "etcdctl", "endpoint", "health").code() == 0);
        return process;
    }

    private Map<String, String> environment() {
        Map<String, String> environment = new HashMap<>();
        environment.put("ETCDCTL_API", "3");
        environment.put("ETCDCTL_ENDPOINTS", endpoints().get(0));
        environment.put("ETCDCTL_CACERT", folder.resolve("ca.pem").toString());
        environment.put("ETCDCTL_CERT", folder.resolve("root.pem").toString());
        environment.put("ETCDCTL_KEY", folder.resolve("root.key").toString());
        return environment;
    }

    /** Runs etcdctl as root, and gives what it prints. */
    String ctl(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("etcdctl"));
        command.addAll(List.of(arguments));
        return require(run(environment(), command.toArray(String[]::new)));
    }

    @Override
    public List<String> endpoints() {
        return List.of("127.0.0.1:" + clientPort);
    }

    @Override
    public String serverCa() {
        try {
            return Files.readString(folder.resolve("ca.pem"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public String version() {
        return "3.4";
    }

    @Override
    public void admit(String certificate, String user, String prefix) {
        if (admitted.contains(user)) {
            return;
        }
        try {
            Path trusted = folder.resolve("trusted.pem");
            Files.writeString(trusted, Files.readString(trusted) + certificate.strip() + "\n");
            close();
            server = start();
            ctl("user", "add", user, "--no-password");
            ctl("role", "add", user);
            ctl("role", "grant-permission", user, "--prefix=true", "readwrite", prefix);
            ctl("user", "grant-role", user, user);
            admitted.add(user);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void expel(String user) {
        try {
            if (admitted.remove(user)) {
                ctl("role", "delete", user);
                ctl("user", "delete", user);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Ends the server; whoever starts another one on the same data waits for it until it answers. */
    @Override
    public void close() {
        server.destroyForcibly().onExit().join();
    }

    private record Ended(int code, String output) {}

    private Ended run(Map<String, String> environment, String... command) throws IOException, InterruptedException {
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).directory(folder.toFile());
        builder.environment().putAll(environment);
        Process process = builder.start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Ended(process.waitFor(), output);
    }

    private static String require(Ended ended) {
        if (ended.code() != 0) {
            throw new IllegalStateException(ended.output());
        }
        return ended.output();
    }

    private static int freePort() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
