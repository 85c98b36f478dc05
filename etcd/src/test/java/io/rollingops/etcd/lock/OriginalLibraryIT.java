// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.rollingops.Operation;
import io.rollingops.OperationCodec;
import io.rollingops.UnitName;
import io.rollingops.etcd.EtcdEndpoint;
import io.rollingops.etcd.EtcdSettings;
import io.rollingops.etcd.lock.Contenders.Contender;
import io.rollingops.spi.ClusterLock.Hold;
import io.rollingops.testkit.etcd.EtcdCertificates;
import io.rollingops.testkit.etcd.EtcdCertificates.Issued;
import io.rollingops.testkit.etcd.EtcdExtension;
import io.rollingops.testkit.etcd.EtcdOptions;
import io.rollingops.testkit.etcd.RequiresEtcd;
import io.rollingops.testkit.python.PythonEnvironment;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A unit of the unchanged Python library and units of ours, of different applications, on one lock. */
@RequiresEtcd
@Timeout(360)
class OriginalLibraryIT {
    @RegisterExtension
    static final EtcdExtension ETCD =
            new EtcdExtension(EtcdOptions.members(1).mutualTls().user("unit", "/rollingops/"));

    private static final String OWNER = "0dec0de0-0000-4000-8000-000000000000-mongodb-0";

    @TempDir
    Path folder;

    @Test
    void the_lock_excludes_both_ways_and_each_gets_its_turn() throws Exception {
        try (Contenders contenders = new Contenders("exclusion");
                Original python = Original.start(folder, "exclusion", OWNER)) {
            Contender web = contenders.add("web", settings());
            web.want();
            web.awaitHeld();
            assertThat(python.ask("acquire")).isEqualTo("False");
            assertThat(python.ask("held")).isEqualTo("False");

            web.lock.drop();
            await().atMost(Contenders.PATIENCE)
                    .until(() -> python.ask("acquire").equals("True"));
            assertThat(python.ask("held")).isEqualTo("True");
            web.want();
            await().until(() -> !new LockObserver(web.client, web.lock.keys())
                    .look()
                    .join()
                    .waiters()
                    .isEmpty());
            assertThat(web.hold()).isEqualTo(Hold.WAITING);
            assertThat(new LockObserver(web.client, web.lock.keys())
                            .look()
                            .join()
                            .holder())
                    .hasValueSatisfying(holder -> {
                        assertThat(holder.owner()).isEqualTo(OWNER);
                        assertThat(holder.leaseLeft())
                                .hasValueSatisfying(left ->
                                        assertThat(left).isBetween(Duration.ofSeconds(1), Duration.ofSeconds(60)));
                    });

            assertThat(python.ask("release")).isEqualTo("True");
            web.awaitHeld();
        }
    }

    /** The free lock is left to whoever asked first, also if he only polls. */
    @Test
    void a_unit_of_the_library_that_asked_first_goes_before_ours_that_stand_in_line() throws Exception {
        try (Contenders contenders = new Contenders("fairness");
                Original python = Original.start(folder, "fairness", OWNER)) {
            Contender web = contenders.add("web", settings());
            Contender api = contenders.add("api", settings());
            web.want();
            web.awaitHeld();
            assertThat(python.ask("enqueue restart")).isEqualTo("True");
            api.want();
            await().until(() -> !new LockObserver(api.client, api.lock.keys())
                    .look()
                    .join()
                    .waiters()
                    .isEmpty());
            web.lock.drop();

            await().atMost(Contenders.PATIENCE)
                    .until(() -> python.ask("acquire").equals("True"));
            assertThat(api.hold()).isEqualTo(Hold.WAITING);
            assertThat(python.ask("claim")).isEqualTo("True");
            assertThat(python.ask("release")).isEqualTo("True");
            api.awaitHeld();
        }
    }

    @Test
    void operations_are_the_same_bytes() throws Exception {
        try (Contenders contenders = new Contenders("bytes");
                Original python = Original.start(folder, "bytes", OWNER)) {
            Contender web = contenders.add("web", settings());
            Operation ours = Contender.operation();
            web.lock.want(ours);
            web.awaitHeld();
            String owner = web.lock.keys().owner();
            assertThat(python.ask("peek " + owner + " inprogress")).isEqualTo(OperationCodec.write(ours));

            assertThat(python.ask("enqueue restart")).isEqualTo("True");
            String theirs = python.ask("peek " + OWNER + " pending");
            Operation read = OperationCodec.readOperation(theirs);
            assertThat(OperationCodec.write(read)).isEqualTo(theirs);
            LockKeys keys = new LockKeys("bytes", OWNER);
            assertThat(ETCD.cluster().etcdctl("get", keys.pending(read.id()).toString(), "--print-value-only"))
                    .isEqualToIgnoringNewLines(theirs);
            assertThat(LockKeys.of("bytes", "0dec0de0-0000-4000-8000-000000000000", new UnitName("mongodb", 0))
                            .owner())
                    .isEqualTo(OWNER);
        }
    }

    private static EtcdSettings settings() {
        Issued issued = ETCD.cluster().certificates().issue("unit");
        return new EtcdSettings(
                EtcdEndpoint.parseList(ETCD.cluster().endpoints()),
                Optional.of(new EtcdSettings.Tls(
                        Optional.of(ETCD.cluster().certificates().authority()),
                        Optional.of(new EtcdSettings.Identity(issued.certificate(), issued.key())))),
                Optional.empty());
    }

    /** A Python process with the library. */
    private record Original(Process process, Writer in, BufferedReader out) implements AutoCloseable {
        static Original start(Path folder, String clusterId, String owner) throws IOException, InterruptedException {
            Path environment = PythonEnvironment.with(
                    List.of("charmlibs-rollingops==1.1.2", "dpcharmlibs-interfaces==1.0.0", "ops==3.9.0"));
            EtcdCertificates certificates = ETCD.cluster().certificates();
            Issued issued = certificates.issue("unit");
            Path files = Files.createDirectories(folder.resolve("etcd"));
            Files.copy(certificates.authority(), files.resolve("server-ca.pem"));
            Files.writeString(files.resolve("etcdctl.json"), """
                    {"endpoints": "https://%s", "cacert_path": "%s", "cert_path": "%s", "key_path": "%s"}
                    """.formatted(
                    ETCD.cluster().endpoints(), files.resolve("server-ca.pem"), issued.certificate(), issued.key()));
            Path charm = Files.createDirectories(folder.resolve("charm"));
            Files.createDirectories(charm.resolve("usr/bin"));
            Files.createSymbolicLink(charm.resolve("usr/bin/etcdctl"), Path.of("/usr/bin/etcdctl"));
            Path script = folder.resolve("original.py");
            try (InputStream source = OriginalLibraryIT.class.getResourceAsStream("original.py")) {
                Files.write(
                        script, Objects.requireNonNull(source, "original.py").readAllBytes());
            }
            Process process = new ProcessBuilder(
                            environment.resolve("bin/python").toString(),
                            script.toString(),
                            folder.toString(),
                            charm.toString(),
                            clusterId,
                            owner)
                    .directory(charm.toFile())
                    .redirectError(folder.resolve("python.log").toFile())
                    .start();
            return new Original(
                    process, process.outputWriter(StandardCharsets.UTF_8), process.inputReader(StandardCharsets.UTF_8));
        }

        String ask(String question) throws IOException {
            in.write(question + "\n");
            in.flush();
            return CompletableFuture.supplyAsync(this::line)
                    .orTimeout(Contenders.PATIENCE.toSeconds(), TimeUnit.SECONDS)
                    .join();
        }

        private String line() {
            try {
                return Objects.requireNonNull(out.readLine(), "the Python process has ended; its log is python.log");
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public void close() throws IOException {
            in.close();
            process.destroy();
            process.onExit().join();
        }
    }
}
