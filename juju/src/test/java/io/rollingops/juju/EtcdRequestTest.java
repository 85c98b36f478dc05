// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The form of requests and answers, byte for byte where the other side may be of another language. */
class EtcdRequestTest {
    private static final String PREFIX = "/rollingops/default/cluster1/";

    @ParameterizedTest
    @CsvSource({
        "cdac5656-2423-4388-8f30-41854b4cca7d, app, KgcMWdu7VAKMRCJfUWJi57",
        "d9b2d63d-a233-4123-847a-76ddf7a8a8a8, postgresql, eTVu37wkFZhEXPKccCbDZZ",
    })
    void an_application_has_the_common_name_that_the_original_gives_it(String model, String app, String name) {
        assertThat(CommonName.of(model, app)).isEqualTo(name);
    }

    @Test
    void a_request_has_the_bytes_of_the_original() {
        EtcdRequest request = new EtcdRequest(PREFIX, "Q3w4U0Byt0ix45cv", Optional.of("secret:9m4e2mr0ui3e8a215n4g"));
        assertThat(request.id()).isEqualTo("9e0fa9891722d8ca");
        assertThat(request.label(new RelationId("etcd", 7))).isEqualTo("etcd.7.9e0fa9891722d8ca.mtls.secret");
        assertThat(request.databag())
                .containsOnly(
                        Map.entry("version", "v1"),
                        Map.entry(
                                "requests",
                                "[{\"resource\": \"/rollingops/default/cluster1/\", \"request-id\": \"9e0fa9891722d8ca\","
                                        + " \"salt\": \"Q3w4U0Byt0ix45cv\", \"extra-user-roles\": null,"
                                        + " \"extra-group-roles\": null, \"external-node-connectivity\": false,"
                                        + " \"entity-type\": null, \"entity-permissions\": null,"
                                        + " \"secret-mtls\": \"secret:9m4e2mr0ui3e8a215n4g\"}]"));
    }

    @Test
    void letters_that_are_not_ascii_are_escaped_as_python_does() {
        EtcdRequest request = new EtcdRequest("/rollingops/default/köln/", "Q3w4U0Byt0ix45cv", Optional.empty());
        assertThat(request.databag().get("requests")).contains("/k\\u00f6ln/").endsWith("\"secret-mtls\": null}]");
        assertThat(EtcdRequest.find(request.databag())).contains(request);
    }

    @Test
    void a_new_request_has_sixteen_letters_and_digits_for_salt_and_no_certificate() {
        EtcdRequest request = EtcdRequest.create(PREFIX, new SplittableRandom(7));
        assertThat(request.salt()).matches("[A-Za-z0-9]{16}");
        assertThat(request.certificate()).isEmpty();
        assertThat(EtcdRequest.create(PREFIX, new SplittableRandom(8)).salt()).isNotEqualTo(request.salt());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "[]", "{}", "[1]", "[{}]", "[{\"resource\":\"a\"}]", "not json"})
    void what_is_no_request_is_taken_for_none(String text) {
        assertThat(EtcdRequest.find(Map.of("requests", text))).isEmpty();
    }

    @Test
    void an_answer_is_found_by_its_prefix_whatever_else_the_provider_says() throws Exception {
        Map<String, String> databag =
                Map.of("requests", "[" + answer("/rollingops/default/other/") + "," + answer(PREFIX) + "]");
        assertThat(EtcdAnswer.find(databag, PREFIX))
                .isEqualTo(new EtcdAnswer(
                        "9e0fa9891722d8ca", List.of("10.0.0.1:2379", "10.0.0.2:2379"), "secret:9m4e2mr0ui3e8a215n50"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "[]                                                              | has not answered yet",
                "[{\"resource\":\"/rollingops/default/other/\"}]                 | remove the relation to etcd and add it again",
                "[{\"resource\":\"/rollingops/default/cluster1/\"}]              | no endpoints",
                "[{\"resource\":\"/rollingops/default/cluster1/\",\"endpoints\":\"a:1\"}] | no secret",
                "[{\"resource\":\"/rollingops/default/cluster1/\",\"request-id\":\"1\",\"endpoints\":\"a\",\"secret-tls\":\"s\"}] | is not host:port",
                "{                                                               | cannot be understood",
                "{}                                                              | cannot be understood",
            })
    void without_an_answer_that_can_be_used_the_reason_is_told(String requests, String reason) {
        assertThatThrownBy(() -> EtcdAnswer.find(Map.of("requests", requests), PREFIX))
                .isInstanceOf(EtcdAnswer.None.class)
                .hasMessageContaining(reason);
    }

    private static String answer(String resource) {
        return "{\"resource\": \"" + resource
                + "\", \"request-id\": \"9e0fa9891722d8ca\", \"salt\": \"Q3w4U0Byt0ix45cv\","
                + " \"endpoints\": \"10.0.0.1:2379,10.0.0.2:2379\", \"read-only-endpoints\": null,"
                + " \"secret-user\": \"secret:u\", \"secret-tls\": \"secret:9m4e2mr0ui3e8a215n50\","
                + " \"secret-extra\": null, \"secret-entity\": null, \"version\": \"3.6.1\"}";
    }
}
