// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import io.rollingops.UnitName;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;

/** What a charm process was started for. */
public sealed interface CharmEvent {

    /** The last part of {@code JUJU_DISPATCH_PATH}: {@code install}, {@code restart-relation-changed}. */
    String hookName();

    /** A hook of the unit's own life. */
    enum Lifecycle implements CharmEvent {
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
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    /** What happened to a relation. */
    enum RelationPhase {
        CREATED,
        JOINED,
        CHANGED,
        DEPARTED,
        BROKEN;

        /** The hook of this phase at that endpoint. */
        public String hook(String endpoint) {
            return endpoint + suffix();
        }

        String suffix() {
            return "-relation-" + name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * A hook about a relation.
     *
     * @param phase what happened
     * @param relation which relation
     * @param remoteApp the other application; of a peer relation, the own one
     * @param remoteUnit the unit that it is about; empty when it is about the application
     * @param departing the unit that goes away, when one does: the remote unit, or this one
     */
    record OnRelation(
            RelationPhase phase,
            RelationId relation,
            String remoteApp,
            Optional<UnitName> remoteUnit,
            Optional<UnitName> departing)
            implements CharmEvent {
        @Override
        public String hookName() {
            return phase.hook(relation.endpoint());
        }
    }

    /** What happened to a secret. */
    enum SecretPhase {
        CHANGED,
        ROTATE,
        REMOVE,
        EXPIRED;

        /** The hook of this phase. */
        public String hook() {
            return "secret-" + name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * A hook about a secret.
     *
     * @param phase what happened
     * @param id of the secret, {@code secret:...}
     * @param label that this unit knows it by, if it gave it one
     * @param revision the one that is no longer needed, or has expired
     */
    record OnSecret(SecretPhase phase, String id, Optional<String> label, OptionalInt revision) implements CharmEvent {
        @Override
        public String hookName() {
            return phase.hook();
        }
    }

    /**
     * An action that a person asked for.
     *
     * @param name of the action
     * @param uuid of this run of it
     */
    record OnAction(String name, String uuid) implements CharmEvent {
        @Override
        public String hookName() {
            return name;
        }
    }

    /**
     * A hook that Juju has no variables for: one that a process of the charm dispatches itself through {@code
     * juju-exec}, or one that is not known here.
     *
     * @param name of the hook
     */
    record Custom(String name) implements CharmEvent {
        @Override
        public String hookName() {
            return name;
        }
    }
}
