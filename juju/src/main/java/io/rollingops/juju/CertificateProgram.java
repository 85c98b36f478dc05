// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Has the certificate made by a process of its own: the library for that is no part of a hook, and RSA keys want a virtual
 * machine that compiles well, which a hook's does not. No secret stands on its command line; it hands them over in files.
 */
record CertificateProgram(String classPath, Duration limit) implements CertificateMaker {
    private static final String MAIN = "io.rollingops.certs.MakeClientCertificate";

    /** Two RSA keys take seconds, on a machine that is busy with many units a minute. */
    private static final Duration LIMIT = Duration.ofMinutes(3);

    private static final int TOLD_CHARS_MAX = 1000;

    CertificateProgram(String classPath) {
        this(classPath, LIMIT);
    }

    @Override
    public void make(Path folder, String commonName, Duration validity) throws NotMade {
        Path log = folder.resolve("log");
        ProcessBuilder builder = new ProcessBuilder(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx64m",
                "-XX:+UseSerialGC",
                "-XX:-UsePerfData",
                "-cp",
                classPath,
                MAIN,
                folder.toAbsolutePath().toString(),
                commonName,
                Long.toString(validity.toDays())));
        builder.environment().clear();
        builder.redirectErrorStream(true);
        builder.redirectInput(Path.of("/dev/null").toFile());
        builder.redirectOutput(log.toFile());
        try {
            Process process = builder.start();
            try {
                if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
                    throw new NotMade("no certificate for etcd after " + limit.toSeconds()
                            + " s; it is tried again in one of the next hooks");
                }
            } finally {
                process.destroyForcibly();
            }
            if (process.exitValue() != 0) {
                throw new NotMade("the program that makes the certificate for etcd failed, exit status "
                        + process.exitValue() + "; are its libraries at " + classPath + "? " + told(log));
            }
        } catch (IOException e) {
            throw new NotMade("the program that makes the certificate for etcd cannot be started: " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new NotMade("interrupted while the certificate for etcd was made");
        }
    }

    private static String told(Path log) throws IOException {
        String text = Files.readString(log).strip();
        return text.length() <= TOLD_CHARS_MAX ? text : text.substring(0, TOLD_CHARS_MAX) + "...";
    }
}
