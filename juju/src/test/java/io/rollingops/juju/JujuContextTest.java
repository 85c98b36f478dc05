// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.rollingops.UnitName;
import io.rollingops.juju.CharmEvent.Lifecycle;
import io.rollingops.juju.CharmEvent.RelationPhase;
import io.rollingops.juju.CharmEvent.SecretPhase;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

/** What is made of the environment that Juju gives. */
class JujuContextTest {

    @Test
    void a_hook_of_the_units_life_with_empty_variables_that_count_as_absent() {
        JujuContext context = parse("hooks/config-changed", Map.of("JUJU_VERSION", "", "CHARM_DIR", "/other"));
        assertThat(context.unit()).isEqualTo(UnitName.parse("app/10"));
        assertThat(context.event()).isEqualTo(Lifecycle.CONFIG_CHANGED);
        assertThat(context.version()).isEmpty();
        assertThat(context.charmFolder()).isEqualTo(Path.of("/charm"));
        assertThat(context.modelUuid()).isEqualTo("cdac5656-2423-4388-8f30-41854b4cca7d");
    }

    @Test
    void relation_hooks_about_a_unit_and_about_an_application() {
        Map<String, String> relation = Map.of(
                "JUJU_RELATION",
                "my-db",
                "JUJU_RELATION_ID",
                "my-db:17",
                "JUJU_REMOTE_APP",
                "db",
                "JUJU_REMOTE_UNIT",
                "");
        assertThat(parse("hooks/my-db-relation-changed", relation).event())
                .isEqualTo(new CharmEvent.OnRelation(
                        RelationPhase.CHANGED, new RelationId("my-db", 17), "db", Optional.empty(), Optional.empty()));
        Map<String, String> departing = new HashMap<>(relation);
        departing.put("JUJU_REMOTE_UNIT", "db/2");
        departing.put("JUJU_DEPARTING_UNIT", "app/10");
        assertThat(parse("hooks/my-db-relation-departed", departing).event())
                .isEqualTo(new CharmEvent.OnRelation(
                        RelationPhase.DEPARTED,
                        new RelationId("my-db", 17),
                        "db",
                        Optional.of(UnitName.parse("db/2")),
                        Optional.of(UnitName.parse("app/10"))));
    }

    @Test
    void secret_hooks_with_and_without_label_and_revision() {
        assertThat(parse("hooks/secret-changed", Map.of("JUJU_SECRET_ID", "secret:abc", "JUJU_SECRET_LABEL", ""))
                        .event())
                .isEqualTo(new CharmEvent.OnSecret(
                        SecretPhase.CHANGED, "secret:abc", Optional.empty(), OptionalInt.empty()));
        Map<String, String> remove =
                Map.of("JUJU_SECRET_ID", "secret:abc", "JUJU_SECRET_LABEL", "mine", "JUJU_SECRET_REVISION", "3");
        assertThat(parse("hooks/secret-remove", remove).event())
                .isEqualTo(new CharmEvent.OnSecret(
                        SecretPhase.REMOVE, "secret:abc", Optional.of("mine"), OptionalInt.of(3)));
    }

    @Test
    void actions_and_hooks_that_a_charm_dispatches_itself() {
        assertThat(parse("actions/restart", Map.of("JUJU_ACTION_UUID", "u-1")).event())
                .isEqualTo(new CharmEvent.OnAction("restart", "u-1"));
        assertThat(parse("hooks/rollingops_lock_granted", Map.of()).event())
                .isEqualTo(new CharmEvent.Custom("rollingops_lock_granted"));
        assertThat(parse("actions/start", Map.of()).event())
                .as("an action may be called like a hook")
                .isEqualTo(new CharmEvent.OnAction("start", ""));
    }

    @Test
    void a_missing_variable_is_named() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> JujuContext.parse(Map.of("JUJU_UNIT_NAME", "app/0")))
                .withMessageContaining("JUJU_DISPATCH_PATH");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> JujuContext.parse(Map.of("JUJU_UNIT_NAME", "")))
                .withMessageContaining("JUJU_UNIT_NAME");
    }

    private static JujuContext parse(String dispatchPath, Map<String, String> more) {
        Map<String, String> environment = new HashMap<>(Map.of(
                "JUJU_UNIT_NAME",
                "app/10",
                "JUJU_MODEL_NAME",
                "testing",
                "JUJU_MODEL_UUID",
                "cdac5656-2423-4388-8f30-41854b4cca7d",
                "JUJU_CHARM_DIR",
                "/charm",
                "JUJU_DISPATCH_PATH",
                dispatchPath));
        environment.putAll(more);
        return JujuContext.parse(environment);
    }
}
