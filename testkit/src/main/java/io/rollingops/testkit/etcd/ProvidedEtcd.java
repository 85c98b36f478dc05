// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.etcd;

import io.rollingops.testkit.juju.EtcdAccess;
import io.rollingops.testkit.juju.EtcdProvider;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One real etcd from the path, with mutual TLS and a user for each common name, for an {@link EtcdProvider} to hand out.
 * A certificate is admitted by adding it to the trusted ones, for which etcd is restarted, as the charm of etcd does.
 * Needs {@code etcd}, {@code etcdctl} and {@code openssl}. For one thread at a time.
 */
public final class ProvidedEtcd implements EtcdAccess, AutoCloseable {
    private static final Duration LIMIT = Duration.ofSeconds(30);

    private final Path folder;
    private final int clientPort = freePort();
    private final int peerPort = freePort();
    private final List<String> certificates = new ArrayList<>();
    private final List<String> users = new ArrayList<>();
    private Optional<Process> server = Optional.empty();

    private ProvidedEtcd(Path folder) {
        this.folder = folder;
    }

    /**
     * Starts a server that is empty.
     *
     * @param folder for its files, made if it is not there
     */
    public static ProvidedEtcd start(Path folder) throws IOException {
        ProvidedEtcd etcd = new ProvidedEtcd(folder);
        Files.createDirectories(folder);
        etcd.makeCertificates();
        Files.copy(folder.resolve("ca.pem"), folder.resolve("trusted.pem"));
        etcd.start();
        etcd.ctl("user", "add", "root", "--no-password");
        etcd.ctl("user", "grant-role", "root", "root");
        etcd.ctl("auth", "enable");
        return etcd;
    }

    private void makeCertificates() throws IOException {
        Files.writeString(folder.resolve("server.ext"), "subjectAltName=IP:127.0.0.1\n");
        openssl("req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -subj /CN=etcd-authority -days 2");
        for (String name : List.of("server", "root")) {
            openssl("req -newkey rsa:2048 -nodes -keyout " + name + ".key -out " + name + ".csr -subj /CN=" + name);
            openssl("x509 -req -in " + name + ".csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -out " + name
                    + ".pem -extfile server.ext");
        }
    }

    private void openssl(String arguments) {
        List<String> command = new ArrayList<>(List.of("openssl"));
        command.addAll(List.of(arguments.split(" ", -1)));
        Command.run(new ProcessBuilder(command).directory(folder.toFile()));
    }

    /** Starts the server again on its data, and returns when it answers. */
    public void start() throws IOException {
        String client = "https://127.0.0.1:" + clientPort;
        String peer = "http://127.0.0.1:" + peerPort;
        server = Optional.of(new ProcessBuilder(
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
                .start());
        Polling.until(LIMIT, "etcd answers", () -> {
            try {
                ctl("endpoint", "health");
                return true;
            } catch (IllegalStateException notYet) {
                return false;
            }
        });
    }

    /** Kills the server, at once; what it was asked to keep stays on its disk. */
    public void kill() {
        server.ifPresent(process -> process.destroyForcibly().onExit().join());
        server = Optional.empty();
    }

    /** Runs etcdctl as root, and gives what it prints. */
    public String ctl(String... arguments) {
        List<String> command = new ArrayList<>(List.of("etcdctl"));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command);
        Map<String, String> environment = new HashMap<>();
        environment.put("ETCDCTL_API", "3");
        environment.put("ETCDCTL_ENDPOINTS", endpoints().get(0));
        environment.put("ETCDCTL_CACERT", folder.resolve("ca.pem").toString());
        environment.put("ETCDCTL_CERT", folder.resolve("root.pem").toString());
        environment.put("ETCDCTL_KEY", folder.resolve("root.key").toString());
        builder.environment().putAll(environment);
        return Command.run(builder);
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
        try {
            if (!certificates.contains(certificate.strip())) {
                certificates.add(certificate.strip());
                Path trusted = folder.resolve("trusted.pem");
                Files.writeString(trusted, Files.readString(trusted) + certificate.strip() + "\n");
                kill();
                start();
            }
            if (!users.contains(user)) {
                ctl("user", "add", user, "--no-password");
                ctl("role", "add", user);
                ctl("role", "grant-permission", user, "--prefix=true", "readwrite", prefix);
                ctl("user", "grant-role", user, user);
                users.add(user);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void expel(String user) {
        if (users.remove(user)) {
            ctl("role", "delete", user);
            ctl("user", "delete", user);
        }
    }

    /** Kills the server. */
    @Override
    public void close() {
        kill();
    }

    private static int freePort() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
