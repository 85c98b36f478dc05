// SPDX-License-Identifier: Apache-2.0
package io.rollingops.raft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rollingops.RollingOpsException;
import io.rollingops.UnitName;
import io.rollingops.certs.CertificateAuthority;
import io.rollingops.certs.Issued;
import io.rollingops.certs.KeyKind;
import io.rollingops.certs.PemFiles;
import io.rollingops.peer.Author;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Keys and certificates that do not fit are told by file, with what is wrong and what to do. */
class CredentialsTest {
    private static final Instant NOW = Instant.parse("2026-06-01T12:00:00Z");
    private static final Duration VALID = Duration.ofDays(30);
    private static final Author WEB_0 = new Author.Unit(new UnitName("web", 0));

    private final CertificateAuthority authority =
            CertificateAuthority.create("web", KeyKind.EC_P256, NOW, Duration.ofDays(60));

    @TempDir
    Path folder;

    @BeforeEach
    void makeGoodOnes() throws IOException {
        write("unit", identity(authority, NOW));
        PemFiles.writePublic(
                folder.resolve("authority.pem"), PemFiles.pem(authority.own().certificate()));
    }

    private static Issued identity(CertificateAuthority by, Instant at) {
        return by.issueIdentity("web/0", Credentials.uri("web", WEB_0), at, VALID);
    }

    private void write(String name, Issued issued) throws IOException {
        PemFiles.write(folder, name, issued);
    }

    private Credentials read(Instant now) {
        return Credentials.read(
                folder.resolve("unit.pem"), folder.resolve("unit.key"), folder.resolve("authority.pem"), now);
    }

    @Test
    void good_ones_name_their_owner_and_sign_for_it() {
        Credentials credentials = read(NOW);
        byte[] message = {1, 2, 3};

        assertThat(credentials.author()).isEqualTo(WEB_0);
        assertThat(Credentials.verify(credentials.certificate().getPublicKey(), message, credentials.sign(message)))
                .isTrue();
        assertThat(Credentials.verify(credentials.certificate().getPublicKey(), new byte[3], credentials.sign(message)))
                .isFalse();
    }

    @Test
    void an_operator_is_named_with_its_application() throws IOException {
        Author alice = new Author.Operator("alice");
        write("unit", authority.issueIdentity("alice", Credentials.uri("web", alice), NOW, VALID));
        assertThat(read(NOW).author()).isEqualTo(alice);
    }

    @Test
    void an_expired_certificate_is_refused_to_the_second() {
        assertThat(read(NOW.plus(VALID)).author()).isEqualTo(WEB_0);
        assertRefused(
                NOW.plus(VALID).plusSeconds(1),
                "unit.pem: it has expired on 2026-07-01T12:00:00Z; make a new one with 'rollingops certs'");
    }

    @Test
    void a_certificate_of_the_future_points_at_the_clock() throws IOException {
        write("unit", identity(authority, NOW.plus(Duration.ofDays(2))));
        assertRefused(NOW, "unit.pem: it is not valid before", "see that this machine's clock is right");
    }

    @Test
    void an_expired_authority_is_refused() throws IOException {
        write("unit", authority.issueIdentity("web/0", Credentials.uri("web", WEB_0), NOW, Duration.ofDays(90)));
        assertRefused(NOW.plus(Duration.ofDays(61)), "authority.pem: it has expired on");
    }

    @Test
    void a_certificate_of_another_authority_is_refused() throws IOException {
        write("unit", identity(CertificateAuthority.create("web", KeyKind.EC_P256, NOW, VALID), NOW));
        assertRefused(NOW, "unit.pem: it is not signed by the authority in", "use the files of one application");
    }

    @Test
    void the_key_of_another_certificate_is_refused() throws IOException {
        String key = PemFiles.pem(identity(authority, NOW).key());
        Files.writeString(folder.resolve("unit.key"), key);
        assertRefused(NOW, "unit.key: it does not belong to the certificate in", "use the pair");
    }

    @Test
    void a_certificate_for_tls_signs_no_commands() throws IOException {
        write("unit", authority.issueTls("web/0", List.of("127.0.0.1"), NOW, VALID));
        assertRefused(NOW, "unit.pem: it names no unit and no operator");
    }

    @Test
    void what_is_no_certificate_no_key_or_not_there_is_told_by_name() throws IOException {
        String key = Files.readString(folder.resolve("unit.key"));
        Files.writeString(folder.resolve("unit.key"), "secret");
        assertRefused(NOW, "unit.key: it is not the key of its certificate");
        Files.writeString(folder.resolve("unit.key"), key);
        Files.writeString(folder.resolve("authority.pem"), "hello");
        assertRefused(NOW, "authority.pem: it is not a certificate in PEM form");
        Files.delete(folder.resolve("unit.pem"));
        Files.delete(folder.resolve("authority.pem"));
        assertRefused(NOW, "authority.pem cannot be read (NoSuchFileException); see that it exists");
    }

    private void assertRefused(Instant now, String... message) {
        assertThatThrownBy(() -> read(now))
                .isInstanceOf(RollingOpsException.InvalidRequest.class)
                .hasMessageContainingAll(message);
    }
}
