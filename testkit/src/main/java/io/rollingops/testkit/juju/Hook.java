// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import io.rollingops.UnitName;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** A hook that is due for a unit, with everything its environment says about it. */
sealed interface Hook {

    /** The name after {@code hooks/}. */
    String hookName();

    /** What the environment has more than that of every hook. */
    Map<String, String> variables();

    /** The hook with its subject, for people. */
    default String describe() {
        return hookName();
    }

    /** A hook of the unit's life, about nothing but the unit. */
    enum Plain implements Hook {
        INSTALL,
        START,
        STOP,
        REMOVE,
        CONFIG_CHANGED,
        UPDATE_STATUS,
        UPGRADE_CHARM,
        LEADER_ELECTED;

        @Override
        public String hookName() {
            return lowerCase(this);
        }

        @Override
        public Map<String, String> variables() {
            return Map.of();
        }
    }

    /** What happened in a relation. */
    enum RelationPhase {
        CREATED,
        JOINED,
        CHANGED,
        DEPARTED,
        BROKEN
    }

    /**
     * A hook about a relation.
     *
     * @param remoteUnit whose joining, change or departure it is; empty for the application's databag and the relation
     * @param departing who goes away, in a departure: the remote unit, or this one
     * @param version of the databag that changed or of the unit that joined, as it was when the hook was chosen
     */
    record OnRelation(
            RelationPhase phase,
            RelationId relation,
            String remoteApp,
            Optional<UnitName> remoteUnit,
            Optional<UnitName> departing,
            long version)
            implements Hook {
        @Override
        public String hookName() {
            return relation.endpoint() + "-relation-" + lowerCase(phase);
        }

        @Override
        public Map<String, String> variables() {
            Variables variables = new Variables()
                    .put("JUJU_RELATION", relation.endpoint())
                    .put("JUJU_RELATION_ID", relation.toString())
                    .put("JUJU_REMOTE_APP", remoteApp)
                    .put("JUJU_REMOTE_UNIT", remoteUnit.map(UnitName::toString).orElse(""));
            departing.ifPresent(unit -> variables.put("JUJU_DEPARTING_UNIT", unit.toString()));
            return variables.all();
        }

        @Override
        public String describe() {
            return hookName() + " (" + relation + ", "
                    + remoteUnit.map(UnitName::toString).orElse(remoteApp) + ")";
        }
    }

    /** What happened to a secret. */
    enum SecretPhase {
        CHANGED,
        REMOVE
    }

    /**
     * A hook about a secret.
     *
     * @param label the one by which this unit knows it, or empty
     * @param revision the newest, for a change; the one nobody needs any more, for a removal
     */
    record OnSecret(SecretPhase phase, String secret, String label, int revision) implements Hook {
        @Override
        public String hookName() {
            return "secret-" + lowerCase(phase);
        }

        @Override
        public Map<String, String> variables() {
            Variables variables =
                    new Variables().put("JUJU_SECRET_ID", "secret:" + secret).put("JUJU_SECRET_LABEL", label);
            if (phase == SecretPhase.REMOVE) {
                variables.put("JUJU_SECRET_REVISION", Integer.toString(revision));
            }
            return variables.all();
        }

        @Override
        public String describe() {
            return hookName() + " (" + (label.isEmpty() ? secret : label) + ", revision " + revision + ")";
        }
    }

    private static String lowerCase(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
