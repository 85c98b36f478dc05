// SPDX-License-Identifier: Apache-2.0
package io.rollingops.certs;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.X509Certificate;
import java.security.interfaces.RSAPublicKey;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MakeClientCertificateTest {
    private static final String NAME = "KgcMWdu7VAKMRCJfUWJi57";
    private static final String AUTHORITY_KEY_ID = "2.5.29.35";
    private static final String SUBJECT_KEY_ID = "2.5.29.14";

    @TempDir
    private Path folder;

    @Test
    void the_certificate_looks_like_that_of_the_original() throws Exception {
        Instant before = Instant.now();
        MakeClientCertificate.main(new String[] {folder.toString(), NAME, "1095"});

        X509Certificate authority = PemFiles.readCertificate(folder.resolve("client-ca.pem"));
        X509Certificate client = PemFiles.readCertificate(folder.resolve("client.pem"));
        for (X509Certificate certificate : new X509Certificate[] {authority, client}) {
            assertThat(certificate.getSubjectX500Principal().getName()).isEqualTo("CN=" + NAME);
            assertThat(((RSAPublicKey) certificate.getPublicKey()).getModulus().bitLength())
                    .isEqualTo(4096);
            assertThat(certificate.getSigAlgName()).isEqualTo("SHA256withRSA");
            certificate.verify(authority.getPublicKey());
        }
        assertThat(client.getNotAfter().toInstant())
                .isBetween(
                        before.plus(Duration.ofDays(1095)).minusSeconds(1),
                        Instant.now().plus(Duration.ofDays(1095)));

        assertThat(authority.getBasicConstraints()).isNotNegative();
        assertThat(authority.getKeyUsage())
                .startsWith(true, false, true, false, false, true, false); // signature, key encipherment, cert sign
        assertThat(client.getBasicConstraints()).isNegative();
        assertThat(client.getCriticalExtensionOIDs()).containsExactly("2.5.29.19");
        assertThat(client.getNonCriticalExtensionOIDs()).containsExactlyInAnyOrder(AUTHORITY_KEY_ID, SUBJECT_KEY_ID);
        assertThat(Objects.requireNonNull(client.getExtensionValue(AUTHORITY_KEY_ID)))
                .endsWith(lastBytes(authority.getExtensionValue(SUBJECT_KEY_ID)));
    }

    @Test
    void the_key_is_in_the_form_that_the_original_reads_and_for_its_owner_alone() throws Exception {
        MakeClientCertificate.main(new String[] {folder.toString(), NAME, "1"});
        Path key = folder.resolve("client.key");
        assertThat(Files.readString(key))
                .startsWith("-----BEGIN RSA PRIVATE KEY-----\n")
                .endsWith("-----END RSA PRIVATE KEY-----\n");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(key)))
                .isEqualTo("rw-------");
    }

    private static byte[] lastBytes(byte[] value) {
        byte[] last = new byte[20];
        System.arraycopy(value, value.length - last.length, last, 0, last.length);
        return last;
    }
}
