// SPDX-License-Identifier: Apache-2.0
package io.rollingops.certs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;

/**
 * The program that makes the certificate with which an application shows itself to etcd. It is a program of its own since
 * the library underneath is too heavy for a hook, and since making RSA keys wants a virtual machine that compiles well.
 *
 * <p>Arguments: a folder that only its owner may enter, the common name, and for how many days from now it is valid. Writes
 * {@code client.key} (PKCS#1), {@code client.pem} and {@code client-ca.pem} there, the same names as in a unit's folder. The
 * authority has the same common name, signs this one certificate, and its key is forgotten.
 */
public final class MakeClientCertificate {
    private static final int USAGE = 2;

    private MakeClientCertificate() {}

    public static void main(String[] args) {
        if (args.length != 3 || !args[2].matches("[0-9]{1,5}") || !Files.isDirectory(Path.of(args[0]))) {
            System.err.println("usage: MakeClientCertificate FOLDER COMMON-NAME DAYS");
            System.exit(USAGE);
        }
        try {
            make(
                    Path.of(args[0]),
                    args[1],
                    Clock.systemUTC().instant(),
                    Duration.ofDays(Long.parseLong(args[2])),
                    KeyKind.RSA_4096);
        } catch (IOException e) {
            System.err.println("the certificate cannot be written: " + e.getMessage());
            System.exit(1);
        }
    }

    static void make(Path folder, String commonName, Instant now, Duration validity, KeyKind kind) throws IOException {
        CertificateAuthority authority = CertificateAuthority.create(commonName, kind, now, validity);
        Issued client = authority.issueClient(commonName, now, validity);
        PemFiles.writeSecret(folder.resolve("client.key"), PemFiles.pkcs1(client.key()));
        PemFiles.writePublic(folder.resolve("client.pem"), PemFiles.pem(client.certificate()));
        PemFiles.writePublic(
                folder.resolve("client-ca.pem"), PemFiles.pem(authority.own().certificate()));
    }
}
