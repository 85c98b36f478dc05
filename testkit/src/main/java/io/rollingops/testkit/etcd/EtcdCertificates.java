// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.etcd;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;

/**
 * An authority for tests and the certificates that it issues, made with openssl in a folder of the test. Not safe for
 * several threads.
 */
public final class EtcdCertificates {
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyyMMddHHmmss'Z'").withZone(ZoneOffset.UTC);
    private static final Duration LONG = Duration.ofDays(365);

    private final Path folder;
    private final Path script;

    /** The certificate of the authority that the cluster and its clients trust. */
    private final Path authority;

    /**
     * A certificate with its key.
     *
     * @param certificate in PEM form
     * @param key in PEM form, EC in PKCS#8
     */
    public record Issued(Path certificate, Path key) {}

    EtcdCertificates(Path folder) {
        this.folder = folder;
        this.script = folder.resolve("certificates.sh");
        try (InputStream source = EtcdCertificates.class.getResourceAsStream("certificates.sh")) {
            Files.createDirectories(folder);
            Files.writeString(script, new String(source.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot prepare " + folder, e);
        }
        this.authority = authority("authority");
    }

    /** Whom the cluster trusts, and whom its clients have to trust. */
    public Path authority() {
        return authority;
    }

    /** Makes another authority, of which the cluster knows nothing. */
    public Path authority(String name) {
        run("authority", name);
        return folder.resolve(name + ".pem");
    }

    /** Issues a certificate that is valid now; its key is EC in the PKCS#8 form. */
    public Issued issue(String commonName) {
        return issue(
                "authority",
                commonName,
                commonName,
                Instant.now().minus(LONG),
                Instant.now().plus(LONG));
    }

    /** Issues a certificate that was valid until an hour ago. */
    public Issued issueExpired(String commonName) {
        Instant hourAgo = Instant.now().minus(Duration.ofHours(1));
        return issue("authority", commonName + "-expired", commonName, hourAgo.minus(LONG), hourAgo);
    }

    /** Issues a certificate for a key that is there: {@code name.key} in the folder. */
    public Issued issueFor(String name, Path key) {
        try {
            Files.copy(key, folder.resolve(name + ".key"), StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot copy " + key, e);
        }
        return issue(
                "authority",
                name,
                name,
                Instant.now().minus(LONG),
                Instant.now().plus(LONG));
    }

    private Issued issue(String by, String name, String commonName, Instant from, Instant until) {
        run("issue", by, name, commonName, TIME.format(from), TIME.format(until));
        return new Issued(folder.resolve(name + ".pem"), folder.resolve(name + ".key"));
    }

    private void run(String... arguments) {
        List<String> command = new ArrayList<>(List.of("sh", script.toString()));
        command.addAll(List.of(arguments));
        Command.run(new ProcessBuilder(command).directory(folder.toFile()));
    }
}
