// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import static io.rollingops.testkit.juju.PureModel.call;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SecretCommandsTest {
    private final PureModel juju = new PureModel().deploy("app", PureModel.CHARM, 2);

    @Test
    void a_new_secret_can_be_read_set_and_granted_in_its_own_hook_and_exists_for_others_after_the_commit() {
        juju.deploy("etcd", PureModel.PROVIDER, 1);
        int relation = juju.relate("app", "etcd");
        HookContext hook = juju.updateStatus("app/0");
        String uri = out(call(hook, "secret-add", "--label", "L", "--owner", "application", "password=one"));
        assertThat(uri).matches("secret:[0-9a-v]{20}");
        assertThat(out(call(hook, "secret-get", "--format=json", "--label", "L")))
                .isEqualTo("{\"password\":\"one\"}");
        call(hook, "secret-set", uri, "password=two");
        assertThat(out(call(hook, "secret-get", uri, "password"))).isEqualTo("two");
        call(hook, "secret-grant", "--relation", "etcd:" + relation, uri);
        assertError(1, notFound(uri), call(juju.updateStatus("etcd/0"), "secret-get", uri));
        juju.end(hook, 0);
        assertThat(out(call(juju.updateStatus("etcd/0"), "secret-get", uri, "password")))
                .isEqualTo("two");
    }

    @Test
    void what_a_failed_hook_added_names_nothing() {
        HookContext hook = juju.updateStatus("app/0");
        String uri = out(call(hook, "secret-add", "password=one"));
        juju.end(hook, 1);
        assertError(1, notFound(uri), call(juju.updateStatus("app/0"), "secret-get", uri));
    }

    @Test
    void units_read_the_secrets_of_their_application_without_a_grant_and_others_only_with_one() {
        juju.deploy("etcd", PureModel.PROVIDER, 1);
        int relation = juju.relate("app", "etcd");
        String uri = add("password=one");
        assertThat(out(call(juju.updateStatus("app/1"), "secret-get", uri, "password")))
                .isEqualTo("one");
        assertError(1, "permission denied", call(juju.updateStatus("etcd/0"), "secret-get", uri));
        commit("app/0", "secret-grant", "--relation", "" + relation, uri);
        assertThat(out(call(juju.updateStatus("etcd/0"), "secret-get", uri, "password")))
                .isEqualTo("one");
        commit("app/0", "secret-revoke", "--relation", "" + relation, uri);
        assertError(1, "permission denied", call(juju.updateStatus("etcd/0"), "secret-get", uri));
    }

    @Test
    void a_grant_dies_with_its_relation() {
        juju.deploy("etcd", PureModel.PROVIDER, 1);
        int relation = juju.relate("app", "etcd");
        String uri = add("password=one");
        commit("app/0", "secret-grant", "--relation", "" + relation, uri);
        juju.model.removeRelation(juju.model.relation(relation));
        juju.quieten();
        assertError(1, "permission denied", call(juju.updateStatus("etcd/0"), "secret-get", uri));
    }

    @Test
    void the_first_read_pins_a_revision_until_a_refresh_and_a_peek_does_not() {
        String uri = add("password=one");
        HookContext first = juju.updateStatus("app/1");
        assertThat(read(first, uri)).isEqualTo("one");
        commit("app/0", "secret-set", uri, "password=two");
        assertThat(read(first, uri)).isEqualTo("one");
        assertThat(read(first, uri, "--peek")).isEqualTo("two");
        assertThat(read(first, uri)).isEqualTo("one");
        assertThat(read(first, uri, "--refresh")).isEqualTo("two");
        assertThat(read(juju.updateStatus("app/1"), uri)).isEqualTo("two");
    }

    @Test
    void readers_that_are_behind_are_told_once_of_each_revision_under_their_own_label() {
        String uri = add("--label", "owner", "password=one");
        read(juju.updateStatus("app/1"), uri, "--label", "mine");
        commit("app/0", "secret-set", uri, "password=two");
        assertThat(juju.quieten()).contains("app/1 secret-changed (mine, revision 2)");
        assertThat(juju.quieten()).isEmpty();
        commit("app/0", "secret-set", uri, "password=three");
        HookContext changed = juju.begin("app/1");
        assertThat(changed.hook().orElseThrow().variables())
                .containsEntry("JUJU_SECRET_ID", uri)
                .containsEntry("JUJU_SECRET_LABEL", "mine")
                .doesNotContainKey("JUJU_SECRET_REVISION");
    }

    @Test
    void a_follower_that_gave_no_label_is_told_none() {
        String uri = add("--label", "owner", "password=one");
        read(juju.updateStatus("app/1"), uri);
        commit("app/0", "secret-set", uri, "password=two");
        assertThat(juju.begin("app/1").hook().orElseThrow().variables()).containsEntry("JUJU_SECRET_LABEL", "");
    }

    @Test
    void the_same_content_is_no_new_revision() {
        String uri = add("password=one");
        commit("app/0", "secret-set", uri, "password=one");
        assertThat(juju.model.secrets.all())
                .singleElement()
                .satisfies(secret -> assertThat(secret.latest()).isEqualTo(1));
    }

    @Test
    void the_owner_is_told_of_a_revision_that_nobody_reads_any_more() {
        String uri = add("--label", "owner", "password=one");
        read(juju.updateStatus("app/1"), uri);
        commit("app/0", "secret-set", uri, "password=two");
        assertThat(juju.nextHook("app/0")).isEmpty();
        read(juju.updateStatus("app/1"), uri, "--refresh");
        HookContext obsolete = juju.begin("app/0");
        assertThat(obsolete.name()).isEqualTo("secret-remove");
        assertThat(obsolete.hook().orElseThrow().variables()).containsEntry("JUJU_SECRET_REVISION", "1");
        call(obsolete, "secret-remove", uri, "--revision", "1");
        juju.end(obsolete, 0);
        assertThat(juju.model.secrets.all())
                .singleElement()
                .satisfies(secret -> assertThat(secret.revisions()).containsOnlyKeys(2));
        assertThat(juju.quieten()).isEmpty();
    }

    @Test
    void only_who_manages_a_secret_is_told_about_it() {
        String uri = add("--label", "L", "--description", "D", "password=one");
        String id = uri.substring("secret:".length());
        String info = "{\"" + id + "\":{\"description\":\"D\",\"label\":\"L\",\"owner\":\"application\","
                + "\"revision\":1,\"rotation\":\"never\"}}";
        HookContext leader = juju.updateStatus("app/0");
        assertThat(out(call(leader, "secret-info-get", "--format=json", uri))).isEqualTo(info);
        assertThat(out(call(leader, "secret-info-get", "--format=json", "--label", "L")))
                .isEqualTo(info);
        assertThat(out(call(leader, "secret-ids", "--format=json"))).isEqualTo("[\"" + id + "\"]");
        HookContext follower = juju.updateStatus("app/1");
        assertError(1, notFound(uri), call(follower, "secret-info-get", uri));
        assertThat(out(call(follower, "secret-ids", "--format=json"))).isEqualTo("null");
        assertError(1, notFound(uri), call(follower, "secret-grant", "--relation", "0", uri));
    }

    @Test
    void a_unit_owns_what_it_adds_for_itself() {
        HookContext hook = juju.updateStatus("app/1");
        String uri = out(call(hook, "secret-add", "--owner", "unit", "password=one"));
        juju.end(hook, 0);
        assertThat(read(juju.updateStatus("app/1"), uri)).isEqualTo("one");
        assertError(1, "permission denied", call(juju.updateStatus("app/0"), "secret-get", uri));
    }

    @Test
    void leadership_that_was_lost_in_the_hook_shows_at_once_and_one_that_never_was_at_the_commit() {
        String uri = add("password=one");
        HookContext old = juju.updateStatus("app/0");
        HookContext follower = juju.updateStatus("app/1");
        assertThat(call(follower, "secret-set", uri, "password=two").exitCode()).isZero();
        assertThat(juju.end(follower, 0)).isEqualTo(Outcome.REFUSED);
        juju.model.lead(juju.unit("app/1"));
        assertError(1, "this unit is not the leader", call(old, "secret-set", uri, "password=two"));
        assertError(1, "this unit is not the leader", call(old, "secret-add", "password=two"));
        assertError(1, "this unit is not the leader", call(old, "secret-remove", uri));
    }

    @Test
    void one_label_names_one_secret_of_its_owner() {
        HookContext hook = juju.updateStatus("app/0");
        call(hook, "secret-add", "--label", "L", "password=one");
        assertError(
                1, "secret with label \"L\" already exists", call(hook, "secret-add", "--label", "L", "password=two"));
        juju.end(hook, 0);
        HookContext later = juju.updateStatus("app/0");
        assertThat(call(later, "secret-add", "--label", "L", "password=two").exitCode())
                .isZero();
        assertThat(juju.end(later, 0)).isEqualTo(Outcome.REFUSED);
    }

    @Test
    void a_refresh_of_a_pending_update_moves_the_reader_with_the_commit() {
        String uri = add("password=one");
        HookContext hook = juju.updateStatus("app/0");
        assertThat(read(hook, uri)).isEqualTo("one");
        call(hook, "secret-set", uri, "password=two");
        assertThat(read(hook, uri)).isEqualTo("one");
        assertThat(read(hook, uri, "--refresh")).isEqualTo("two");
        juju.end(hook, 0);
        assertThat(read(juju.updateStatus("app/0"), uri)).isEqualTo("two");
    }

    @Test
    void failures_have_the_code_and_the_words_of_juju() {
        HookContext hook = juju.updateStatus("app/0");
        assertError(2, "secret URI \"x\" not valid", call(hook, "secret-get", "x"));
        assertError(2, "require either a secret URI or label", call(hook, "secret-get"));
        assertError(
                2,
                "specify one of --peek or --refresh but not both",
                call(hook, "secret-get", "--label", "L", "--peek", "--refresh"));
        String unknown = "secret:" + "0".repeat(20);
        assertError(1, notFound(unknown), call(hook, "secret-get", unknown));
        assertThat(call(hook, "secret-get", "--label", "L").stderr()).contains("not found");
        assertError(
                2,
                "invalid value \"99\" for option --relation: relation not found",
                call(hook, "secret-grant", "--relation", "99", unknown));
    }

    @ParameterizedTest
    @ValueSource(strings = {"ab", "Password", "1abc", "a_b_c", "abc-"})
    void bad_keys_are_refused(String key) {
        assertError(2, "key \"" + key + "\" not valid", call(juju.updateStatus("app/0"), "secret-add", key + "=x"));
    }

    private String add(String... args) {
        HookContext hook = juju.updateStatus("app/0");
        String uri = out(call(hook, "secret-add", args));
        juju.end(hook, 0);
        return uri;
    }

    private void commit(String unit, String command, String... args) {
        HookContext hook = juju.updateStatus(unit);
        assertThat(call(hook, command, args).exitCode()).isZero();
        assertThat(juju.end(hook, 0)).isEqualTo(Outcome.COMMITTED);
    }

    private static String read(HookContext hook, String uri, String... flags) {
        String[] args = new String[flags.length + 2];
        args[0] = uri;
        args[1] = "password";
        System.arraycopy(flags, 0, args, 2, flags.length);
        return out(call(hook, "secret-get", args));
    }

    private static String out(CommandReply reply) {
        assertThat(reply.stderr()).isEmpty();
        return reply.stdout().strip();
    }

    private static String notFound(String uri) {
        return "secret \"" + uri.substring("secret:".length()) + "\" not found";
    }

    private static void assertError(int exitCode, String message, CommandReply reply) {
        assertThat(reply).isEqualTo(CommandReply.error(exitCode, message));
    }
}
