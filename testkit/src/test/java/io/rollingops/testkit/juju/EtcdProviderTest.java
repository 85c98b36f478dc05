// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.json.Json;
import io.rollingops.json.JsonText;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class EtcdProviderTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final String USER = "KgcMWdu7VAKMRCJfUWJi57";
    private static final String PREFIX = "/rollingops/default/cluster1/";

    @RegisterExtension
    final JujuExtension extension = JujuExtension.with(builder -> builder.seed(7));

    private final FakeEtcd etcd = new FakeEtcd();
    private final EtcdProvider provider = new EtcdProvider(etcd);

    @Test
    void a_request_is_answered_with_a_user_and_secrets_that_only_its_application_may_read(JujuEmulator juju)
            throws IOException {
        deploy(juju, "app", resource("client.pem"));
        juju.settle(LIMIT);

        assertThat(etcd.calls).containsExactly("admit " + USER + " " + PREFIX);
        Map<String, String> databag = juju.appDatabag(EtcdProvider.ENDPOINT, "etcd");
        assertThat(databag).containsEntry("version", "v1");
        SecretView user = secret(juju, ".user.secret");
        SecretView tls = secret(juju, ".tls.secret");
        assertThat(user.content())
                .containsOnly(Map.entry("username", USER), Map.entry("uris", "https://10.0.0.1:2379"));
        assertThat(tls.content()).containsOnly(Map.entry("tls-ca", "the authority"));
        assertThat(List.of(user.grants(), tls.grants())).allMatch(grants -> grants.equals(Set.of("app")));
        assertThat(databag.get("requests"))
                .isEqualTo("[{\"resource\":\"" + PREFIX + "\",\"request-id\":\"r1\",\"salt\":\"s1\","
                        + "\"endpoints\":\"10.0.0.1:2379\",\"read-only-endpoints\":null,\"secret-user\":\""
                        + user.uri() + "\",\"secret-tls\":\"" + tls.uri()
                        + "\",\"secret-extra\":null,\"secret-entity\":null,\"version\":\"3.6.1\"}]");
        String mtls = secret(juju, ".mtls.secret").uri();
        assertThat(databag.get("data"))
                .isEqualTo("{\"r1\":{\"resource\":\"" + PREFIX
                        + "\",\"request-id\":\"r1\",\"salt\":\"s1\",\"secret-mtls\":\"" + mtls + "\"}}");
        assertThat(juju.log("app/0").stream().map(LogLine::message))
                .contains("etcd:1: user " + USER + " at 10.0.0.1:2379 trusts the authority");
    }

    @Test
    void an_answer_is_written_once_and_follows_what_changes(JujuEmulator juju) throws IOException {
        deploy(juju, "app", resource("client.pem"));
        juju.settle(LIMIT);
        long answers = changesOfEtcd(juju);
        juju.updateStatus("etcd/0");
        juju.settle(LIMIT);
        assertThat(changesOfEtcd(juju)).isEqualTo(answers);

        etcd.endpoints = List.of("10.0.0.1:2379", "10.0.0.2:2379");
        etcd.authority = "a new authority";
        juju.updateStatus("etcd/0");
        juju.settle(LIMIT);
        assertThat(changesOfEtcd(juju)).isEqualTo(answers + 1);
        assertThat(juju.appDatabag(EtcdProvider.ENDPOINT, "etcd").get("requests"))
                .contains("\"10.0.0.1:2379,10.0.0.2:2379\"");
        assertThat(secret(juju, ".tls.secret").revision()).isEqualTo(2);
        assertThat(juju.trace("app/0"))
                .filteredOn(entry -> entry.name().equals("secret-changed"))
                .hasSize(2);
    }

    private static long changesOfEtcd(JujuEmulator juju) {
        return juju.trace("app/0").stream()
                .filter(entry -> entry.description().equals("etcd-relation-changed (etcd:1, etcd)"))
                .count();
    }

    @Test
    void there_is_no_answer_to_the_certificate_of_an_authority_or_none(JujuEmulator juju) throws IOException {
        deploy(juju, "app", resource("authority.pem"));
        juju.deploy(new Client("", PREFIX), "none", 1);
        juju.relate("none", "etcd");
        juju.settle(LIMIT);
        assertThat(etcd.calls).isEmpty();
        assertThat(juju.log("etcd/0").stream().map(LogLine::message))
                .anyMatch(message -> message.endsWith("the client certificate is that of an authority"))
                .anyMatch(message -> message.endsWith("has no resource or no client certificate"));
    }

    @Test
    void one_common_name_cannot_have_two_requests(JujuEmulator juju) throws IOException {
        deploy(juju, "app", resource("client.pem"));
        juju.settle(LIMIT);
        juju.deploy(new Client(resource("client.pem"), "/other/"), "twin", 1);
        juju.relate("twin", "etcd");
        juju.settle(LIMIT);
        assertThat(etcd.calls).doesNotContain("admit " + USER + " /other/");
    }

    @Test
    void a_silent_provider_answers_later(JujuEmulator juju) throws IOException {
        provider.silence(true);
        deploy(juju, "app", resource("client.pem"));
        juju.settle(LIMIT);
        assertThat(juju.appDatabag(EtcdProvider.ENDPOINT, "etcd")).isEmpty();
        provider.silence(false);
        juju.updateStatus("etcd/0");
        juju.settle(LIMIT);
        assertThat(juju.appDatabag(EtcdProvider.ENDPOINT, "etcd")).containsKey("data");
    }

    @Test
    void a_removed_relation_takes_user_and_grants_with_it(JujuEmulator juju) throws IOException {
        int relation = deploy(juju, "app", resource("client.pem"));
        juju.settle(LIMIT);
        juju.removeRelation(relation);
        juju.settle(LIMIT);
        assertThat(etcd.calls).endsWith("expel " + USER);
        assertThat(juju.secrets())
                .allSatisfy(secret -> assertThat(secret.grants()).isEmpty());
    }

    private int deploy(JujuEmulator juju, String app, String certificate) {
        juju.deploy(provider, "etcd", 1);
        juju.deploy(new Client(certificate, PREFIX), app, 1);
        return juju.relate(app, "etcd");
    }

    private static SecretView secret(JujuEmulator juju, String labelEnd) {
        return juju.secrets().stream()
                .filter(secret -> secret.label().endsWith(labelEnd))
                .findFirst()
                .orElseThrow();
    }

    private static String resource(String name) throws IOException {
        try (InputStream in = Objects.requireNonNull(EtcdProviderTest.class.getResourceAsStream(name))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /** A charm that asks for a prefix, and logs what it is given. */
    private record Client(String certificate, String prefix) implements EmulatedCharm {
        @Override
        public CharmMetadata metadata() {
            return CharmMetadata.named("client").withRequirer("etcd", "etcd_client");
        }

        @Override
        public void run(HookRun hook) {
            String relation = hook.variable("JUJU_RELATION_ID");
            if (hook.hook().equals("etcd-relation-created")) {
                ask(hook, relation);
            } else if (hook.hook().equals("etcd-relation-changed")
                    && hook.variable("JUJU_REMOTE_UNIT").isEmpty()) {
                read(hook, relation);
            }
        }

        private void ask(HookRun hook, String relation) {
            Json secret = Json.Null.INSTANCE;
            if (!certificate.isEmpty()) {
                String label = relation.replace(':', '.') + ".r1.mtls.secret";
                String uri = hook.run("secret-add", "--label", label, "mtls-cert=" + certificate);
                hook.run("secret-grant", "--relation", relation, uri);
                secret = Json.of(uri);
            }
            Json request = Json.object()
                    .put("resource", prefix)
                    .put("request-id", "r1")
                    .put("salt", "s1")
                    .put("secret-mtls", secret)
                    .build();
            hook.relationSet(
                    relation,
                    true,
                    Map.of("version", "v1", "requests", JsonText.write(new Json.Arr(List.of(request)))));
        }

        private static void read(HookRun hook, String relation) {
            Json.Obj databag = (Json.Obj) hook.json("relation-get", "-r", relation, "--app", "-", "etcd");
            Json.Obj answer = (Json.Obj) ((Json.Arr) JsonText.parse(databag.string("requests")))
                    .items()
                    .get(0);
            String user = hook.run("secret-get", answer.string("secret-user"), "username");
            String authority = hook.run("secret-get", answer.string("secret-tls"), "tls-ca");
            hook.run("juju-log", "user " + user + " at " + answer.string("endpoints") + " trusts " + authority);
        }
    }

    static final class FakeEtcd implements EtcdAccess {
        final List<String> calls = new ArrayList<>();
        List<String> endpoints = List.of("10.0.0.1:2379");
        String authority = "the authority";

        @Override
        public List<String> endpoints() {
            return endpoints;
        }

        @Override
        public String serverCa() {
            return authority;
        }

        @Override
        public String version() {
            return "3.6.1";
        }

        @Override
        public void admit(String certificate, String user, String prefix) {
            String call = "admit " + user + " " + prefix;
            if (!calls.contains(call)) {
                calls.add(call);
            }
        }

        @Override
        public void expel(String user) {
            calls.add("expel " + user);
        }
    }
}
