// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import io.rollingops.UnitName;
import io.rollingops.peer.Databags;
import io.rollingops.peer.PeerCommand;
import io.rollingops.peer.PeerSnapshot;
import io.rollingops.spi.PeerStore;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;

/**
 * The peer relation as one hook sees it. It reads the own databag and that of the application; the databags of other
 * units only when they are asked for, since each costs a process. What a command changes becomes durable when the hook
 * has succeeded, and not before (rule X4). For the thread of the hook.
 */
public final class JujuPeerStore implements PeerStore {
    private final UnitName self;
    private final RelationData data;
    private final RelationId relation;
    private final InstantSource clock;
    private final BooleanSupplier headBegun;

    private List<UnitName> others = List.of();

    /**
     * The store of one unit.
     *
     * @param relation the peer relation
     * @param clock the wall clock, for stamps
     * @param headBegun whether the head of the queue runs, or its result is known and not yet recorded
     */
    JujuPeerStore(
            UnitName self, RelationData data, RelationId relation, InstantSource clock, BooleanSupplier headBegun) {
        this.self = self;
        this.data = data;
        this.relation = relation;
        this.clock = clock;
        this.headBegun = headBegun;
    }

    @Override
    public UnitName self() {
        return self;
    }

    /** This unit, and the other units that were {@link #readOthers read}. */
    @Override
    public PeerSnapshot snapshot() {
        return databags().snapshot();
    }

    @Override
    public Answer submit(PeerCommand command, Duration limit) {
        if (!(command instanceof PeerCommand.ByUnit byUnit)) {
            throw new IllegalArgumentException(
                    "in databags each unit writes its own, and " + command + " is not about the unit that sends it");
        }
        Databags before = databags();
        Databags.Applied applied = before.apply(byUnit, clock.instant(), headBegun.getAsBoolean());
        write(before, applied.bags());
        return new Answer(applied.reply(), 0);
    }

    /** A hook sees one moment: nothing changes while it runs but by itself. */
    @Override
    public Runnable onChange(Runnable listener) {
        return () -> {};
    }

    /** Adds the databags of other units to what is seen, fetched together; those that cannot be read are left out. */
    void readOthers(List<UnitName> units) {
        others = List.copyOf(data.prefetch(relation, units));
    }

    /** Shows that this unit is there and follows this protocol, if its databag does not show it. */
    void adopt() {
        Databags before = databags();
        write(before, before.adopted(clock.instant()));
    }

    Databags databags() {
        NavigableMap<UnitName, Map<String, String>> bags = new TreeMap<>();
        bags.put(self, data.unit(relation, self));
        others.forEach(unit -> bags.put(unit, data.unit(relation, unit)));
        return new Databags(self, data.application(relation, self.application()), bags);
    }

    private void write(Databags before, Databags after) {
        Map<String, String> changes = new HashMap<>();
        after.own().forEach((key, value) -> {
            if (!value.equals(before.own().get(key))) {
                changes.put(key, value);
            }
        });
        before.own().keySet().stream()
                .filter(key -> !after.own().containsKey(key))
                .forEach(key -> changes.put(key, ""));
        data.writeUnit(relation, changes);
    }
}
