// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rollingops.UnitName;
import java.util.List;
import org.junit.jupiter.api.Test;

class JujuExecTest {
    private static final UnitName UNIT = new UnitName("my-app", 0);

    @Test
    void one_argument_is_passed_on_as_it_is() throws CommandFailure {
        assertThat(parse("-u", "my-app/0", "JUJU_DISPATCH_PATH=hooks/x /charm/dispatch")
                        .commands())
                .isEqualTo("JUJU_DISPATCH_PATH=hooks/x /charm/dispatch");
    }

    @Test
    void several_arguments_are_quoted_and_joined_flags_and_all() throws CommandFailure {
        assertThat(parse("-u", "my-app/0", "echo", "-n", "it's", "a b").commands())
                .isEqualTo("echo -n 'it'\"'\"'s' 'a b'");
    }

    @Test
    void the_unit_may_stand_first_as_name_or_tag_or_be_the_only_one() throws CommandFailure {
        assertThat(parse("my-app/0", "true").unit()).isEqualTo(UNIT);
        assertThat(parse("unit-my-app-0", "true").unit()).isEqualTo(UNIT);
        assertThat(parse("true").unit()).isEqualTo(UNIT);
        assertThat(parse("-u", "", "true").unit()).isEqualTo(UNIT);
    }

    @Test
    void the_relation_and_the_remote_unit_become_those_of_the_context() throws CommandFailure {
        JujuExec exec = parse("-r", "etcd:7", "--remote-unit", "etcd/0", "-u", "my-app/0", "true");
        assertThat(exec.relation()).hasValue(7);
        assertThat(exec.remoteUnit()).hasValue(new UnitName("etcd", 0));
    }

    @Test
    void inside_a_hook_it_is_refused() {
        assertThatThrownBy(() -> JujuExec.parse(List.of("true"), "my-app/0-start-1", List.of(UNIT)))
                .isInstanceOfSatisfying(
                        CommandFailure.class,
                        e -> assertThat(e.reply())
                                .isEqualTo(
                                        CommandReply.error(
                                                2,
                                                "juju-exec cannot be called from within a hook, have context \"my-app/0-start-1\"")));
    }

    @Test
    void a_unit_of_another_machine_is_not_found() {
        assertThatThrownBy(() -> parse("-u", "app/9", "true"))
                .isInstanceOfSatisfying(
                        CommandFailure.class,
                        e -> assertThat(e.reply())
                                .isEqualTo(CommandReply.error(1, "unit \"app/9\" not found on this machine")));
    }

    private static JujuExec parse(String... args) throws CommandFailure {
        return JujuExec.parse(List.of(args), "", List.of(UNIT));
    }
}
