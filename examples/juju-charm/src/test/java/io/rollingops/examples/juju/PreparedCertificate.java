// SPDX-License-Identifier: Apache-2.0
package io.rollingops.examples.juju;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.testkit.FakeTime;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * The certificate with which an application shows itself to etcd, made by the charm's own program once for all models that
 * are not about how it is made: its two keys of 4096 bits take seconds of the processor. A leader that finds one in its
 * folder shares it instead of making one, as after a return from the Python library.
 */
final class PreparedCertificate {
    /** By application; what the original makes of the model's UUID and that name. */
    private static final Map<String, String> COMMON_NAMES =
            Map.of("app", "KgcMWdu7VAKMRCJfUWJi57", "other", "Gpfxu59v5BnZPz83deuFpn");

    private static final Path PREPARED = Path.of("target/certificates");
    private static final List<String> FILES = List.of("client.pem", "client.key", "client-ca.pem");
    private static final int DAYS = 3 * 365;

    /** How far a clock may be ahead so that what it makes is good now, and what is due by it was not when it was shared. */
    static final Duration AHEAD_OF_RENEWAL = Duration.ofMinutes(4);

    private static final Duration SHARED_WITHIN = Duration.ofSeconds(200);
    private static final Duration RENEWED_AFTER = Duration.ofDays(2 * 365);

    private PreparedCertificate() {}

    /**
     * Puts it into the folder of the unit that will lead.
     *
     * @param unitFolder not yet there, or as its hooks have left it
     */
    static void giveTo(Path unitFolder, String application) throws IOException {
        copy(prepare(application), unitFolder);
    }

    /**
     * As {@link #giveTo}, with one that was made so long ago that a leader whose clock is {@link #AHEAD_OF_RENEWAL} ahead
     * replaces it in its next thorough hook, with one that is good already.
     */
    static void giveOneThatIsDue(Path unitFolder, String application, FakeTime clock) throws IOException {
        long ago = RENEWED_AFTER.minus(SHARED_WITHIN).toSeconds();
        Path making = Files.createTempDirectory(Files.createDirectories(PREPARED), application);
        make(making, application, clock.environment("-" + ago));
        copy(making, unitFolder);
    }

    private static void copy(Path made, Path unitFolder) throws IOException {
        Path tls = unitFolder.resolve("tls");
        Files.createDirectories(unitFolder.getParent());
        for (Path folder : List.of(unitFolder, tls)) {
            if (!Files.exists(folder)) {
                Files.createDirectory(
                        folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            }
        }
        for (String file : FILES) {
            Files.copy(made.resolve(file), tls.resolve(file), StandardCopyOption.COPY_ATTRIBUTES);
        }
    }

    private static synchronized Path prepare(String application) throws IOException {
        Path complete = PREPARED.resolve(application);
        if (Files.exists(complete)) {
            return complete;
        }
        Path making = Files.createTempDirectory(Files.createDirectories(PREPARED), application);
        make(making, application, Map.of());
        return Files.move(making, complete, StandardCopyOption.ATOMIC_MOVE);
    }

    private static void make(Path making, String application, Map<String, String> environment) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        "target/charm/worker/*",
                        "io.rollingops.certs.MakeClientCertificate",
                        making.toString(),
                        COMMON_NAMES.get(application),
                        Integer.toString(DAYS))
                .inheritIO();
        builder.environment().putAll(environment);
        Process process = builder.start();
        try {
            assertThat(process.waitFor(3, TimeUnit.MINUTES)).isTrue();
            assertThat(process.exitValue()).isZero();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } finally {
            process.destroyForcibly();
        }
    }
}
