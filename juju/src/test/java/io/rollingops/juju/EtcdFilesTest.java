// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EtcdFilesTest {
    private static final String PEM = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";

    @TempDir
    private Path base;

    private Path folder = Path.of("");
    private EtcdFiles files = new EtcdFiles(folder);

    @BeforeEach
    void makeFolder() throws IOException {
        folder = base.resolve("app-0");
        files = new EtcdFiles(folder);
        Files.createDirectories(folder.resolve("etcd"));
        Files.createDirectories(folder.resolve("tls"));
    }

    @Test
    void what_the_hooks_have_written_tells_how_to_reach_etcd() throws IOException {
        writeAll("10.0.0.1:2379,etcd.example:2379, [fd00::1]:2379");
        assertThat(EtcdFiles.read(folder))
                .contains(new EtcdAccess(
                        List.of("10.0.0.1:2379", "etcd.example:2379", "[fd00::1]:2379"),
                        folder.resolve("etcd/server-ca.pem"),
                        folder.resolve("tls/client.pem"),
                        folder.resolve("tls/client.key")));
        assertThat(EtcdFiles.problem(folder)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"etcd/etcdctl.json", "etcd/server-ca.pem", "tls/client.pem", "tls/client.key"})
    void without_one_of_the_files_there_is_no_access_and_the_problem_names_the_file(String name) throws IOException {
        writeAll("10.0.0.1:2379");
        Files.delete(folder.resolve(name));
        assertThat(EtcdFiles.read(folder)).isEmpty();
        assertThat(EtcdFiles.problem(folder)).contains(folder.resolve(name) + " is not there");
    }

    @Test
    void before_anything_was_written_the_problem_is_the_relation() {
        Path nothing = base.resolve("app-1");
        assertThat(EtcdFiles.read(nothing)).isEmpty();
        assertThat(EtcdFiles.problem(nothing).orElseThrow()).contains("relation to etcd is not established yet");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "etcd/etcdctl.json | {           | cannot be understood",
                "etcd/etcdctl.json | {\"a\":\"b\"} | cannot be understood",
                "tls/client.pem    | garbage     | is no PEM file",
                "etcd/server-ca.pem| ''          | is no PEM file",
            })
    void a_file_that_cannot_be_understood_gives_no_access(String name, String text, String problem) throws IOException {
        writeAll("10.0.0.1:2379");
        Files.writeString(folder.resolve(name), text);
        assertThat(EtcdFiles.read(folder)).isEmpty();
        assertThat(EtcdFiles.problem(folder).orElseThrow()).contains(name).contains(problem);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "10.0.0.1", "https://10.0.0.1:2379", "10.0.0.1:2379,", "fd00::1:2379", "a b:2379"})
    void what_is_no_list_of_hosts_and_ports_is_refused(String text) {
        assertThatThrownBy(() -> EtcdFiles.endpoints(text)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void the_pair_before_is_told_only_when_both_its_files_are_there() throws IOException {
        writeAll("10.0.0.1:2379");
        files.previousKey().write(PEM);
        assertThat(EtcdFiles.readPrevious(folder)).isEmpty();
        files.previousCertificate().write(PEM);
        assertThat(EtcdFiles.readPrevious(folder).map(EtcdAccess::key))
                .contains(folder.resolve("tls/previous-client.key"));
    }

    @Test
    void what_etcd_has_accepted_is_noted() throws IOException {
        writeAll("10.0.0.1:2379");
        EtcdFiles.accepted(folder, PEM);
        assertThat(files.acceptedCertificate().read()).isEqualTo(Optional.of(PEM));
    }

    @Test
    void a_secret_file_has_its_mode_from_the_first_byte_on_and_replaces_whatever_was_there() throws IOException {
        WholeFile file = files.key();
        Files.writeString(folder.resolve("tls/client.key.new"), "left behind by a process that was killed");
        file.write("one");
        assertThat(modeOf(file.path())).isEqualTo("rw-------");
        assertThat(file.writeIfDifferent("one")).isFalse();
        assertThat(file.writeIfDifferent("two")).isTrue();
        assertThat(file.read()).contains("two");
        assertThat(modeOf(file.path())).isEqualTo("rw-------");
        assertThat(folder.resolve("tls/client.key.new")).doesNotExist();
    }

    private void writeAll(String endpoints) throws IOException {
        for (WholeFile file : List.of(files.authority(), files.certificate(), files.key())) {
            file.write(PEM);
        }
        files.configuration()
                .write("{\n  \"endpoints\": \"" + endpoints + "\",\n  \"cacert_path\": \""
                        + files.authority().path() + "\",\n  \"cert_path\": \""
                        + files.certificate().path() + "\",\n  \"key_path\": \""
                        + files.key().path() + "\"\n}");
    }

    private static String modeOf(Path file) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
    }
}
