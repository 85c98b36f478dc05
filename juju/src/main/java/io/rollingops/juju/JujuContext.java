// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import io.rollingops.UnitName;
import io.rollingops.juju.CharmEvent.Lifecycle;
import io.rollingops.juju.CharmEvent.OnRelation;
import io.rollingops.juju.CharmEvent.RelationPhase;
import io.rollingops.juju.CharmEvent.SecretPhase;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * What Juju tells a charm process in its environment, read once. A variable that is there and empty counts as absent.
 *
 * @param unit whose charm this is
 * @param modelName the model
 * @param modelUuid the model, for machines
 * @param charmFolder where the charm lies
 * @param version of Juju, empty where it does not say
 * @param event what the process was started for
 * @param dispatch the number under which the unit's own worker has dispatched this hook, if it has
 */
public record JujuContext(
        UnitName unit,
        String modelName,
        String modelUuid,
        Path charmFolder,
        String version,
        CharmEvent event,
        OptionalLong dispatch) {
    private static final String DISPATCH_PATH = "JUJU_DISPATCH_PATH";

    /**
     * Reads an environment.
     *
     * @throws IllegalArgumentException naming the variable that is missing or wrong
     */
    public static JujuContext parse(Map<String, String> environment) {
        return new JujuContext(
                UnitName.parse(required(environment, "JUJU_UNIT_NAME")),
                find(environment, "JUJU_MODEL_NAME").orElse(""),
                find(environment, "JUJU_MODEL_UUID").orElse(""),
                Path.of(find(environment, "JUJU_CHARM_DIR")
                        .or(() -> find(environment, "CHARM_DIR"))
                        .orElse("")),
                find(environment, "JUJU_VERSION").orElse(""),
                event(environment),
                dispatch(environment));
    }

    private static OptionalLong dispatch(Map<String, String> environment) {
        Optional<String> number =
                find(environment, WorkerConfig.DISPATCH_VARIABLE).filter(text -> text.matches("[0-9]{1,18}"));
        return number.isPresent() ? OptionalLong.of(Long.parseLong(number.get())) : OptionalLong.empty();
    }

    private static CharmEvent event(Map<String, String> environment) {
        Path path = Path.of(required(environment, DISPATCH_PATH));
        String name = path.getFileName().toString();
        if (Path.of("actions").equals(path.getParent())) {
            return new CharmEvent.OnAction(
                    name, find(environment, "JUJU_ACTION_UUID").orElse(""));
        }
        for (Lifecycle hook : Lifecycle.values()) {
            if (hook.hookName().equals(name)) {
                return hook;
            }
        }
        for (SecretPhase phase : SecretPhase.values()) {
            if (phase.hook().equals(name)) {
                return new CharmEvent.OnSecret(
                        phase,
                        required(environment, "JUJU_SECRET_ID"),
                        find(environment, "JUJU_SECRET_LABEL"),
                        revision(environment));
            }
        }
        if (find(environment, "JUJU_RELATION_ID").isPresent()) {
            for (RelationPhase phase : RelationPhase.values()) {
                if (name.endsWith(phase.suffix())) {
                    return relationEvent(phase, environment);
                }
            }
        }
        return new CharmEvent.Custom(name);
    }

    private static CharmEvent relationEvent(RelationPhase phase, Map<String, String> environment) {
        return new OnRelation(
                phase,
                RelationId.parse(required(environment, "JUJU_RELATION_ID")),
                find(environment, "JUJU_REMOTE_APP").orElse(""),
                find(environment, "JUJU_REMOTE_UNIT").map(UnitName::parse),
                find(environment, "JUJU_DEPARTING_UNIT").map(UnitName::parse));
    }

    private static OptionalInt revision(Map<String, String> environment) {
        Optional<String> text = find(environment, "JUJU_SECRET_REVISION");
        return text.isPresent() ? OptionalInt.of(Integer.parseInt(text.get())) : OptionalInt.empty();
    }

    private static String required(Map<String, String> environment, String name) {
        return find(environment, name)
                .orElseThrow(() -> new IllegalArgumentException(
                        "the variable " + name + " is not set; a charm is started by Juju, not by hand"));
    }

    private static Optional<String> find(Map<String, String> environment, String name) {
        return Optional.ofNullable(environment.get(name)).filter(value -> !value.isEmpty());
    }
}
