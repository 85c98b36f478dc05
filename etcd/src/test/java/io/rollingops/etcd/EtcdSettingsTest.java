// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rollingops.etcd.EtcdSettings.Credentials;
import io.rollingops.etcd.EtcdSettings.Tls;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EtcdSettingsTest {
    private static final Optional<Tls> TLS = Optional.of(new Tls(Optional.of(Path.of("ca.pem")), Optional.empty()));

    @ParameterizedTest
    @CsvSource({
        "10.0.0.1:2379,UNSTATED,10.0.0.1,2379",
        "10.0.0.1,UNSTATED,10.0.0.1,2379",
        "http://etcd-0.local:4001,HTTP,etcd-0.local,4001",
        "HTTPS://etcd:1/,HTTPS,etcd,1",
        "[fd00::1]:2380,UNSTATED,fd00::1,2380",
        "https://[::1],HTTPS,::1,2379",
        "' 10.0.0.1:2379 ',UNSTATED,10.0.0.1,2379"
    })
    void an_endpoint_is_a_host_with_or_without_scheme_and_port(
            String text, EtcdEndpoint.Scheme scheme, String host, int port) {
        EtcdEndpoint endpoint = EtcdEndpoint.parse(text);
        assertThat(endpoint).isEqualTo(new EtcdEndpoint(scheme, host, port));
        assertThat(EtcdEndpoint.parse(endpoint.toString())).isEqualTo(endpoint);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "ftp://a:1",
                "a:b",
                "a:0",
                "a:65536",
                "a:99999",
                "https://",
                "https://a/b",
                "user@a:1",
                "a b:1",
                "fd00::1",
                "[fd00::1"
            })
    void other_texts_are_no_endpoints(String text) {
        assertThatThrownBy(() -> EtcdEndpoint.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void a_list_has_commas_in_between() {
        assertThat(EtcdEndpoint.parseList("a:1, https://b:2"))
                .containsExactly(EtcdEndpoint.parse("a:1"), EtcdEndpoint.parse("https://b:2"));
        assertThatThrownBy(() -> EtcdEndpoint.parseList("a:1,")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void a_connection_is_encrypted_if_the_endpoint_or_the_certificates_say_so() {
        EtcdEndpoint unstated = EtcdEndpoint.parse("a");
        EtcdEndpoint https = EtcdEndpoint.parse("https://a");
        EtcdSettings plain = EtcdSettings.plain("a,https://a");
        EtcdSettings tls = new EtcdSettings(List.of(unstated, https), TLS, Optional.empty());
        assertThat(plain.isEncrypted(unstated)).isFalse();
        assertThat(plain.isEncrypted(https)).isTrue();
        assertThat(tls.isEncrypted(unstated)).isTrue();
        assertThat(tls.isEncrypted(https)).isTrue();
    }

    @Test
    void certificates_and_an_endpoint_without_encryption_contradict_each_other() {
        assertThatThrownBy(() -> new EtcdSettings(List.of(EtcdEndpoint.parse("http://a:1")), TLS, Optional.empty()))
                .hasMessageContaining("write https://a:1");
    }

    @Test
    void there_are_one_to_thirty_two_endpoints() {
        EtcdEndpoint one = EtcdEndpoint.parse("a");
        List<EtcdEndpoint> most = Collections.nCopies(EtcdSettings.MAX_ENDPOINTS, one);
        assertThat(new EtcdSettings(most, TLS, Optional.empty()).endpoints()).hasSize(32);
        assertThatThrownBy(() -> new EtcdSettings(List.of(), TLS, Optional.empty()))
                .hasMessageContaining("1 to 32");
        assertThatThrownBy(() -> new EtcdSettings(
                        Collections.nCopies(EtcdSettings.MAX_ENDPOINTS + 1, one), TLS, Optional.empty()))
                .hasMessageContaining("1 to 32");
    }

    @Test
    void a_password_is_not_shown() {
        EtcdSettings settings = new EtcdSettings(
                List.of(EtcdEndpoint.parse("a")), Optional.empty(), Optional.of(new Credentials("anna", "secret")));
        assertThat(settings.toString()).contains("anna").doesNotContain("secret");
    }
}
