// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The certificate as a value, and as files in a unit's folder. */
class ClientCertificateTest {
    private static final Instant FROM = Instant.parse("2026-01-01T00:00:00Z");

    @TempDir
    private Path base;

    @Test
    void a_secret_with_all_three_parts_is_read() throws Exception {
        ClientCertificate made = make("name", 1095);
        assertThat(ClientCertificate.read(Map.of(
                        "client-cert",
                        made.certificate() + "\n",
                        "client-key",
                        made.key(),
                        "client-ca",
                        made.authority())))
                .isEqualTo(made);
        assertThat(made.isOf("name")).isTrue();
        assertThat(made.toString()).doesNotContain("BEGIN");
    }

    @ParameterizedTest
    @CsvSource({
        "client-cert, '',      field 'client-cert' is missing or empty",
        "client-key,  '  ',    field 'client-key' is missing or empty",
        "client-ca,   '',      field 'client-ca' is missing or empty",
        "client-cert, garbage, is no certificate",
        "client-ca,   garbage, is no certificate",
        "client-key,  garbage, is no key in PEM",
        "client-key,  '-----BEGIN RSA PRIVATE KEY-----AAAA-----END RSA PRIVATE KEY-----', cannot be read",
        "client-key,  '-----BEGIN DSA PRIVATE KEY-----AAAA-----END DSA PRIVATE KEY-----', not an RSA key",
    })
    void a_part_that_is_missing_or_damaged_is_named_and_never_quoted(String field, String value, String message)
            throws Exception {
        ClientCertificate made = make("name", 1095);
        Map<String, String> secret = new HashMap<>(
                Map.of("client-cert", made.certificate(), "client-key", made.key(), "client-ca", made.authority()));
        secret.put(field, value);
        assertThatThrownBy(() -> ClientCertificate.read(secret))
                .isInstanceOf(ClientCertificate.Unusable.class)
                .hasMessageContaining(message)
                .hasMessageContaining(field)
                .hasMessageNotContaining("AAAA");
    }

    @Test
    void a_key_of_another_certificate_is_refused() throws Exception {
        ClientCertificate one = make("name", 1095);
        ClientCertificate other = make("name", 1095);
        assertThatThrownBy(() -> ClientCertificate.read(one.certificate(), other.key(), one.authority()))
                .hasMessageContaining("is not the key of");
    }

    @ParameterizedTest
    @CsvSource({"1095, 730", "30, 20", "18250, 17885"})
    void it_is_replaced_when_a_third_of_its_life_is_left_and_no_sooner_than_a_year_before_its_end(int days, int renewed)
            throws Exception {
        assertThat(make("name", days).renewAt()).isEqualTo(FROM.plus(Duration.ofDays(renewed)));
    }

    @Test
    void the_three_files_are_written_with_their_modes_and_no_line_end() throws Exception {
        EtcdFiles files = files();
        ClientCertificate made = make("name", 1095);
        files.replace(made);
        assertThat(Files.readString(files.certificate().path())).isEqualTo(made.certificate());
        assertThat(Files.readString(files.key().path())).isEqualTo(made.key());
        assertThat(Files.readString(files.clientAuthority().path())).isEqualTo(made.authority());
        assertThat(modeOf(files.certificate().path())).isEqualTo("rw-r--r--");
        assertThat(modeOf(files.clientAuthority().path())).isEqualTo("rw-r--r--");
        assertThat(modeOf(files.key().path())).isEqualTo("rw-------");
        assertThat(modeOf(files.folder())).isEqualTo("rwx------");
        assertThat(files.local()).contains(made);
    }

    @Test
    void the_same_certificate_is_not_written_again() throws Exception {
        EtcdFiles files = files();
        ClientCertificate made = make("name", 1095);
        files.replace(made);
        Object before = Files.readAttributes(files.key().path(), "unix:ino");
        files.replace(made);
        assertThat(Files.readAttributes(files.key().path(), "unix:ino")).isEqualTo(before);
        assertThat(files.previousKey().path()).doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(strings = {"client.pem", "client.key", "client-ca.pem"})
    void a_certificate_is_there_only_with_all_its_files_and_a_damaged_one_is_overwritten(String name) throws Exception {
        EtcdFiles files = files();
        assertThat(files.local()).isEmpty();
        ClientCertificate made = make("name", 1095);
        files.replace(made);
        Path file = files.folder().resolve("tls").resolve(name);
        Files.writeString(file, Files.readString(file).substring(0, 40));
        assertThat(files.local()).isEmpty();
        files.replace(made);
        assertThat(files.local()).contains(made);
        Files.delete(file);
        assertThat(files.local()).isEmpty();
        files.replace(made);
        assertThat(files.local()).contains(made);
        assertThat(files.previousKey().path()).as("a damaged pair is not kept").doesNotExist();
    }

    @Test
    void the_pair_before_is_kept_until_etcd_has_accepted_the_new_one() throws Exception {
        EtcdFiles files = files();
        ClientCertificate first = make("name", 1095);
        ClientCertificate second = make("name", 1095);
        ClientCertificate third = make("name", 1095);
        files.replace(first);
        files.replace(second);
        assertThat(files.previousCertificate().read()).contains(first.certificate());
        assertThat(files.previousKey().read()).contains(first.key());
        assertThat(modeOf(files.previousKey().path())).isEqualTo("rw-------");

        files.forgetPrevious();
        assertThat(files.previousKey().read())
                .as("nobody has accepted anything")
                .contains(first.key());
        files.replace(third);
        assertThat(files.previousKey().read()).as("the one that works").contains(first.key());

        EtcdFiles.accepted(files.folder(), third.certificate() + "\n");
        files.forgetPrevious();
        assertThat(files.previousKey().read()).isEmpty();
        assertThat(files.previousCertificate().read()).isEqualTo(Optional.empty());

        files.replace(first);
        assertThat(files.previousKey().read()).contains(third.key());
    }

    private EtcdFiles files() {
        return new EtcdFiles(base.resolve("app-0"));
    }

    private ClientCertificate make(String name, int days) throws IOException, ClientCertificate.Unusable {
        return TestCertificates.certificate(
                Files.createDirectories(base.resolve("made")), name, FROM, Duration.ofDays(days));
    }

    private static String modeOf(Path file) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
    }
}
