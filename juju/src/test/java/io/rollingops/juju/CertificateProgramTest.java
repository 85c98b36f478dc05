// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The real program, in a process of its own. */
class CertificateProgramTest {
    @TempDir
    private Path folder;

    @Test
    void the_program_makes_a_certificate_that_can_be_used() throws Exception {
        new CertificateProgram(System.getProperty("java.class.path"))
                .make(folder, "KgcMWdu7VAKMRCJfUWJi57", ClientCertificate.VALIDITY);
        ClientCertificate made = ClientCertificate.read(
                Files.readString(folder.resolve("client.pem")),
                Files.readString(folder.resolve("client.key")),
                Files.readString(folder.resolve("client-ca.pem")));
        assertThat(made.isOf("KgcMWdu7VAKMRCJfUWJi57")).isTrue();
        assertThat(made.key()).startsWith("-----BEGIN RSA PRIVATE KEY-----");
        assertThat(made.renewAt()).isAfter(Instant.now().plus(Duration.ofDays(700)));
    }

    @Test
    void without_its_libraries_the_error_says_where_they_are_looked_for() {
        assertThatThrownBy(() ->
                        new CertificateProgram(folder + "/worker/*").make(folder, "name", ClientCertificate.VALIDITY))
                .isInstanceOf(CertificateMaker.NotMade.class)
                .hasMessageContaining(folder + "/worker/*")
                .hasMessageContaining("MakeClientCertificate");
    }

    @Test
    void a_program_that_takes_too_long_is_ended() {
        assertThatThrownBy(() -> new CertificateProgram(System.getProperty("java.class.path"), Duration.ofMillis(1))
                        .make(folder, "name", ClientCertificate.VALIDITY))
                .isInstanceOf(CertificateMaker.NotMade.class)
                .hasMessageContaining("tried again");
    }
}
