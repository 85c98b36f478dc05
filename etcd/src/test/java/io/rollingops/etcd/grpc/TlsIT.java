// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.grpc;

import static io.rollingops.etcd.grpc.Answers.answer;
import static io.rollingops.etcd.grpc.Answers.error;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rollingops.RollingOpsException;
import io.rollingops.etcd.Action;
import io.rollingops.etcd.Bytes;
import io.rollingops.etcd.EndpointReport;
import io.rollingops.etcd.EtcdClient;
import io.rollingops.etcd.EtcdEndpoint;
import io.rollingops.etcd.EtcdSettings;
import io.rollingops.etcd.EtcdSettings.Identity;
import io.rollingops.etcd.EtcdSettings.Tls;
import io.rollingops.etcd.KeyRange;
import io.rollingops.etcd.KeyValue;
import io.rollingops.etcd.Query;
import io.rollingops.etcd.Transaction;
import io.rollingops.testkit.etcd.EtcdCertificates;
import io.rollingops.testkit.etcd.EtcdCertificates.Issued;
import io.rollingops.testkit.etcd.EtcdExtension;
import io.rollingops.testkit.etcd.EtcdOptions;
import io.rollingops.testkit.etcd.RequiresEtcd;
import io.rollingops.testkit.net.FaultProxy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ForkJoinPool;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Certificates: the right ones in every form, the wrong ones with one clear error each, and new ones without a gap. */
@RequiresEtcd
@Timeout(60)
class TlsIT {
    @RegisterExtension
    static final EtcdExtension ETCD = new EtcdExtension(
            EtcdOptions.members(1).mutualTls().user("unit-0", "/unit-0/").user("unit-1", "/unit-1/"));

    private static final Duration LIMIT = Duration.ofSeconds(5);

    private static EtcdCertificates certificates;
    private static Path authority;
    private static Issued unit0;

    @TempDir
    Path folder;

    @BeforeAll
    static void issue() {
        certificates = ETCD.cluster().certificates();
        authority = certificates.authority();
        unit0 = certificates.issue("unit-0");
    }

    @Test
    void a_certificate_that_the_cluster_trusts_opens_the_door_with_and_without_a_scheme() {
        for (String endpoint :
                List.of(ETCD.cluster().endpoints(), "https://" + ETCD.cluster().endpoints())) {
            try (GrpcEtcdClient client = client(endpoint, authority, unit0)) {
                assertThat(answer(client.within(LIMIT).commit(put("/unit-0/a"))).isApplied())
                        .isTrue();
            }
        }
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = ';',
            value = {
                "rsa-pkcs8;openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out KEY",
                "rsa-pkcs1;openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 | openssl rsa -traditional -out KEY",
                "ec-sec1;openssl ecparam -name prime256v1 -genkey -out KEY",
                "ec-sec1-alone;openssl ecparam -name secp384r1 -genkey -noout -out KEY",
                "ec-pkcs8;openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out KEY"
            })
    void a_key_may_have_any_of_the_usual_forms(String form, String command) throws Exception {
        Path key = folder.resolve(form + ".key");
        Process openssl = new ProcessBuilder("sh", "-c", command.replace("KEY", key.toString()))
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        assertThat(openssl.waitFor()).isZero();
        Issued issued = certificates.issueFor("unit-0", key);
        try (GrpcEtcdClient client = client(ETCD.cluster().endpoints(), authority, issued)) {
            assertThat(answer(client.within(LIMIT).commit(put("/unit-0/" + form)))
                            .isApplied())
                    .isTrue();
        }
    }

    @Test
    void the_authority_may_be_one_of_several_in_its_file() throws IOException {
        Path bundle = folder.resolve("bundle.pem");
        Files.writeString(
                bundle,
                "# two of them\n" + Files.readString(certificates.authority("stranger")) + Files.readString(authority));
        try (GrpcEtcdClient client = client(ETCD.cluster().endpoints(), bundle, unit0)) {
            answer(client.within(LIMIT).read(Query.key(Bytes.utf8("/unit-0/a"))));
        }
    }

    @Test
    void a_server_that_an_unknown_authority_vouches_for_is_not_trusted() {
        refuses(client(ETCD.cluster().endpoints(), certificates.authority("other"), unit0), "certification path");
    }

    @Test
    void a_server_under_an_address_that_its_certificate_does_not_name_is_not_trusted() {
        try (FaultProxy proxy = new FaultProxy(2, ETCD.cluster().member(0).address())) {
            refuses(client(proxy.endpoint(), authority, unit0), "127.0.0.2");
        }
    }

    @Test
    void an_expired_certificate_of_the_client_is_refused() {
        refuses(client(ETCD.cluster().endpoints(), authority, certificates.issueExpired("unit-0")), "certificate");
    }

    @Test
    void no_certificate_of_the_client_is_refused() {
        EtcdSettings anonymous = new EtcdSettings(
                EtcdEndpoint.parseList(ETCD.cluster().endpoints()),
                Optional.of(new Tls(Optional.of(authority), Optional.empty())),
                Optional.empty());
        refuses(new GrpcEtcdClient(anonymous, ForkJoinPool.commonPool()), "certificate");
    }

    @Test
    void a_watch_is_refused_for_the_same_reasons() {
        try (GrpcEtcdClient client =
                client(ETCD.cluster().endpoints(), authority, certificates.issueExpired("unit-0"))) {
            assertThat(error(client.within(LIMIT)
                            .watch(KeyRange.key(Bytes.utf8("/unit-0/a")), new RecordingListener(), Runnable::run)))
                    .isInstanceOf(RollingOpsException.Refused.class)
                    .hasMessageContaining("certificate");
        }
    }

    @Test
    void a_plain_client_of_an_encrypted_server_reaches_nobody() {
        try (GrpcEtcdClient client = new GrpcEtcdClient(
                EtcdSettings.plain("http://" + ETCD.cluster().endpoints()), ForkJoinPool.commonPool())) {
            assertThat(error(client.within(LIMIT).commit(put("/unit-0/a"))))
                    .isInstanceOf(RollingOpsException.Unavailable.class);
        }
    }

    @Test
    void files_that_cannot_be_used_are_named_before_anything_is_sent() throws IOException {
        Path garbage = Files.writeString(folder.resolve("garbage.pem"), "garbage");
        Path missing = folder.resolve("missing.pem");
        for (Path bad : List.of(garbage, missing)) {
            assertThatThrownBy(() -> client("etcd", bad, unit0)).hasMessageContaining(bad.toString());
            assertThatThrownBy(() -> client("etcd", authority, new Issued(bad, unit0.key())))
                    .hasMessageContaining(bad.toString());
            assertThatThrownBy(() -> client("etcd", authority, new Issued(unit0.certificate(), bad)))
                    .isInstanceOf(RollingOpsException.InvalidRequest.class)
                    .hasMessageContaining(bad.toString());
        }
    }

    @Test
    void rights_end_where_the_role_ends() {
        try (GrpcEtcdClient client = client(ETCD.cluster().endpoints(), authority, unit0)) {
            EtcdClient etcd = client.within(LIMIT);
            Bytes foreign = Bytes.utf8("/unit-1/a");
            List<CompletableFuture<?>> calls = List.of(
                    etcd.read(Query.key(foreign)),
                    etcd.read(Query.prefix(Bytes.EMPTY)),
                    etcd.commit(put("/unit-1/a")),
                    etcd.commit(Transaction.always(Action.put(Bytes.utf8("/unit-0/a"), Bytes.EMPTY))
                            .otherwise(Action.delete(foreign))),
                    etcd.watch(KeyRange.key(foreign), new RecordingListener(), Runnable::run));
            calls.forEach(call -> assertThat(error(call))
                    .isInstanceOf(RollingOpsException.Refused.class)
                    .hasMessageContainingAll("permission denied", "grant a role"));

            // and a refusal does no harm to what is allowed
            RecordingListener listener = new RecordingListener();
            answer(etcd.watch(KeyRange.prefix(Bytes.utf8("/unit-0/")), listener, ForkJoinPool.commonPool()));
            error(etcd.watch(KeyRange.key(foreign), new RecordingListener(), Runnable::run));
            answer(etcd.commit(put("/unit-0/b")));
            listener.awaitEvents(1);
        }
    }

    @Test
    void an_administrator_learns_how_the_members_are_and_others_at_least_that_they_live() {
        try (GrpcEtcdClient client =
                client(ETCD.cluster().endpoints(), authority, ETCD.cluster().administrator())) {
            assertThat(answer(client.within(LIMIT).endpoints()))
                    .singleElement()
                    .isInstanceOf(EndpointReport.Reached.class);
        }
        try (GrpcEtcdClient client = client(ETCD.cluster().endpoints(), authority, unit0)) {
            assertThat(answer(client.within(LIMIT).endpoints()))
                    .singleElement()
                    .isNotInstanceOf(EndpointReport.Failed.class);
            assertThat(answer(client.within(LIMIT).members())).hasSize(1);
        }
    }

    @Test
    void new_settings_take_over_under_load_without_losing_a_call_or_an_event(TestInfo test) {
        Bytes prefix = Bytes.utf8("/unit-0/" + test.getDisplayName() + "/");
        RecordingListener listener = new RecordingListener();
        Issued renewed = certificates.issueFor("unit-0", unit0.key());
        try (FaultProxy first = new FaultProxy(ETCD.cluster().member(0).address());
                FaultProxy second = new FaultProxy(ETCD.cluster().member(0).address());
                GrpcEtcdClient client = client(first.endpoint(), authority, unit0)) {
            EtcdClient etcd = client.within(LIMIT);
            answer(etcd.watch(KeyRange.prefix(prefix), listener, ForkJoinPool.commonPool()));
            List<CompletableFuture<?>> calls = new ArrayList<>();
            for (int i = 0; i < 400; i++) {
                calls.add(etcd.commit(put(prefix + "" + i)));
                if (i % 50 == 25) {
                    FaultProxy next = i % 100 == 25 ? second : first;
                    client.reload(settings(next.endpoint(), authority, i % 100 == 25 ? renewed : unit0));
                }
                if (i % 10 == 0) {
                    answer(calls.get(i)); // so that the load goes on while connections change
                }
            }
            calls.forEach(Answers::answer);
            List<KeyValue> history = answer(etcd.read(Query.prefix(prefix).sortedBy(Query.Order.MODIFIED_ASCENDING)))
                    .entries();
            assertThat(history).hasSize(400);
            listener.awaitEvents(400);
            assertThat(listener.events())
                    .extracting(event -> event.revision() + " " + event.key())
                    .containsExactlyElementsOf(history.stream()
                            .map(entry -> entry.modified() + " " + entry.key())
                            .toList());
            assertThat(listener.listings()).isEmpty();
            listener.assertNoFaults();
            assertThat(second.accepted()).isGreaterThanOrEqualTo(4);
        }
    }

    @Test
    void settings_that_cannot_be_used_change_nothing() {
        try (GrpcEtcdClient client = client(ETCD.cluster().endpoints(), authority, unit0)) {
            EtcdSettings broken = settings("etcd", folder.resolve("missing.pem"), unit0);
            assertThatThrownBy(() -> client.reload(broken)).hasMessageContaining("missing.pem");
            assertThat(answer(client.within(LIMIT).commit(put("/unit-0/a"))).isApplied())
                    .isTrue();
        }
    }

    @Test
    void rotated_files_are_taken_up_by_the_next_connection_and_half_written_ones_are_not() throws IOException {
        Path certificate = folder.resolve("client.pem");
        Path key = folder.resolve("client.key");
        Issued rotating = new Issued(certificate, key);
        copy(unit0, rotating);
        Issued unit1 = certificates.issue("unit-1");
        try (FaultProxy network = new FaultProxy(ETCD.cluster().member(0).address());
                GrpcEtcdClient client = client(network.endpoint(), authority, rotating)) {
            EtcdClient etcd = client.within(LIMIT);
            assertThat(answer(etcd.commit(put("/unit-0/a"))).isApplied()).isTrue();

            Files.writeString(certificate, "-----BEGIN CERT");
            network.reset();
            assertThat(answer(etcd.read(Query.key(Bytes.utf8("/unit-0/a")))).entries())
                    .hasSize(1);

            copy(unit1, rotating);
            network.reset();
            assertThat(answer(etcd.read(Query.key(Bytes.utf8("/unit-1/a")))).entries())
                    .isEmpty();
            assertThat(error(etcd.read(Query.key(Bytes.utf8("/unit-0/a"))))).hasMessageContaining("permission denied");
        }
    }

    /** One clear error, whatever is asked. */
    private static void refuses(GrpcEtcdClient refused, String why) {
        try (refused) {
            assertThat(error(refused.within(LIMIT).read(Query.key(Bytes.utf8("/unit-0/a")))))
                    .isInstanceOf(RollingOpsException.Refused.class)
                    .hasMessageContainingAll(why, "check the authorities' file");
            assertThat(error(refused.within(LIMIT).commit(put("/unit-0/a"))))
                    .isInstanceOf(RollingOpsException.Refused.class)
                    .hasMessageContaining(why);
            assertThat(answer(refused.within(LIMIT).endpoints()))
                    .singleElement()
                    .isInstanceOfSatisfying(
                            EndpointReport.Failed.class,
                            report -> assertThat(report.problem()).hasMessageContaining(why));
        }
    }

    private static void copy(Issued from, Issued to) throws IOException {
        Files.copy(from.key(), to.key(), StandardCopyOption.REPLACE_EXISTING);
        Files.copy(from.certificate(), to.certificate(), StandardCopyOption.REPLACE_EXISTING);
    }

    private static Transaction put(String key) {
        return Transaction.always(Action.put(Bytes.utf8(key), Bytes.EMPTY));
    }

    private static EtcdSettings settings(String endpoints, Path authorities, Issued identity) {
        return new EtcdSettings(
                EtcdEndpoint.parseList(endpoints),
                Optional.of(new Tls(
                        Optional.of(authorities), Optional.of(new Identity(identity.certificate(), identity.key())))),
                Optional.empty());
    }

    private static GrpcEtcdClient client(String endpoints, Path authorities, Issued identity) {
        return new GrpcEtcdClient(settings(endpoints, authorities, identity), ForkJoinPool.commonPool());
    }
}
