// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import io.rollingops.UnitName;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * The peer relation as the present hook found it.
 *
 * @param store the unit's view of the databags, with what the hook writes
 * @param leads whether this unit leads
 * @param askedNanos when that was asked, on the clock that counts suspended time
 */
record HookPeers(RelationId relation, JujuPeerStore store, boolean leads, long askedNanos) {

    /**
     * Finds it; nothing while there is none. The leadership is asked for before all databags (rule G3).
     *
     * @param endpoint of the peer relation
     * @param besides an endpoint whose relations somebody else will need
     * @param headBegun whether the head of the queue has begun, so that nothing is merged into it
     */
    static Optional<HookPeers> find(
            HookRuntime runtime, String endpoint, Optional<String> besides, BooleanSupplier headBegun) {
        UnitName self = runtime.self();
        boolean atPeers = runtime.event() instanceof CharmEvent.OnRelation change
                && change.relation().endpoint().equals(endpoint);
        besides.ifPresent(other -> runtime.data().list(atPeers ? List.of(other) : List.of(endpoint, other)));
        Optional<RelationId> relation = runtime.event() instanceof CharmEvent.OnRelation change && atPeers
                ? Optional.of(change.relation())
                : runtime.data().relations(endpoint).stream().findFirst();
        if (relation.isEmpty()) {
            return Optional.empty();
        }
        long askedNanos = runtime.clock().boot().getAsLong();
        Query<Boolean> leads = Query.isLeader();
        Query<NavigableMap<String, String>> application = Query.applicationDatabag(relation.get(), self.application());
        Query<NavigableMap<String, String>> own = Query.unitDatabag(relation.get(), self);
        HookCommands.Answers answers = runtime.commands().ask(List.of(leads, application, own));
        runtime.data().haveRead(relation.get(), answers.to(own), answers.to(application));
        JujuPeerStore store = new JujuPeerStore(
                self, runtime.data(), relation.get(), runtime.clock().calendar(), headBegun);
        return Optional.of(new HookPeers(relation.get(), store, answers.to(leads), askedNanos));
    }

    /** The other units of the relation. */
    List<UnitName> others(HookCommands commands) {
        return commands.ask(Query.relationUnits(relation));
    }
}
