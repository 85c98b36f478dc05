// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import io.rollingops.juju.CharmEvent.Lifecycle;
import io.rollingops.juju.CharmEvent.OnRelation;
import io.rollingops.juju.CharmEvent.OnSecret;
import io.rollingops.juju.CharmEvent.RelationPhase;
import io.rollingops.juju.CharmEvent.SecretPhase;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;

/** What the present hook is for the relation to etcd, and which relation that is. For the thread of the hook. */
final class EtcdHook {
    private static final Set<Lifecycle> LIFE = Set.of(
            Lifecycle.START,
            Lifecycle.CONFIG_CHANGED,
            Lifecycle.LEADER_ELECTED,
            Lifecycle.UPDATE_STATUS,
            Lifecycle.UPGRADE_CHARM);
    private static final Set<RelationPhase> PHASES =
            Set.of(RelationPhase.CREATED, RelationPhase.CHANGED, RelationPhase.BROKEN);

    private final HookRuntime runtime;
    private final String endpoint;
    private final String peerRelation;

    EtcdHook(HookRuntime runtime, String endpoint, String peerRelation) {
        this.runtime = runtime;
        this.endpoint = endpoint;
        this.peerRelation = peerRelation;
    }

    /** The hooks in which something about etcd may have to be done. */
    static Set<String> observed(String endpoint) {
        Set<String> hooks = new LinkedHashSet<>();
        LIFE.forEach(event -> hooks.add(event.hookName()));
        PHASES.forEach(phase -> hooks.add(phase.hook(endpoint)));
        hooks.add(SecretPhase.CHANGED.hook());
        hooks.add(SecretPhase.REMOVE.hook());
        return hooks;
    }

    /** Whether everything is looked at: not in the hooks that a roll consists of. */
    boolean isThorough() {
        CharmEvent event = runtime.event();
        return (event instanceof Lifecycle life && LIFE.contains(life))
                || isAtEtcd()
                || event.hookName().equals(RelationPhase.CREATED.hook(peerRelation));
    }

    boolean isAtEtcd() {
        return runtime.event() instanceof OnRelation change
                && change.relation().endpoint().equals(endpoint);
    }

    boolean isBroken() {
        return isAtEtcd() && relationEvent().phase() == RelationPhase.BROKEN;
    }

    /** Whether the provider's databag, or a secret of it, is known to have changed. */
    boolean isNews() {
        return runtime.event() instanceof OnSecret
                || (isAtEtcd()
                        && relationEvent().phase() == RelationPhase.CHANGED
                        && relationEvent().remoteUnit().isEmpty());
    }

    /** The relation whose hook this is, if it is one {@link #isAtEtcd at etcd}. */
    RelationId itself() {
        return relationEvent().relation();
    }

    private OnRelation relationEvent() {
        return (OnRelation) runtime.event();
    }

    /**
     * The relation to etcd; of several the oldest, on all units alike.
     *
     * @param known what the unit has noted of the answer
     */
    Optional<RelationId> relation(Optional<EtcdAnswer.Known> known) {
        if (runtime.event() instanceof OnSecret) {
            return known.map(EtcdAnswer.Known::relation);
        }
        if (isAtEtcd() && known.map(EtcdAnswer.Known::relation).orElse(itself()).equals(itself())) {
            return Optional.of(itself());
        }
        return runtime.data().relations(endpoint).stream().min(Comparator.comparing(RelationId::number));
    }

    /** The provider's application at that relation. */
    String application(RelationId relation, Optional<EtcdAnswer.Known> known) {
        if (isAtEtcd() && itself().equals(relation)) {
            return relationEvent().remoteApp();
        }
        return known.filter(before -> before.relation().equals(relation))
                .map(EtcdAnswer.Known::application)
                .orElseGet(() -> runtime.commands().ask(Query.relationApplication(relation)));
    }
}
