// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.upgrade;

import io.rollingops.RollingOpsException;
import io.rollingops.UnitName;
import io.rollingops.json.Json;
import io.rollingops.peer.PeerCommand;
import io.rollingops.peer.PeerReply;
import io.rollingops.peer.PeerSnapshot;
import io.rollingops.peer.UnitRecord;
import io.rollingops.spi.CatchUp;
import io.rollingops.spi.PeerStore;
import io.rollingops.upgrade.ApplicationUpgrade;
import io.rollingops.upgrade.OwnFacts;
import io.rollingops.upgrade.Release;
import io.rollingops.upgrade.UnitUpgrade;
import io.rollingops.upgrade.UpgradeDecision;
import io.rollingops.upgrade.UpgradeHost;
import io.rollingops.upgrade.UpgradeReply;
import io.rollingops.upgrade.UpgradeRequest;
import io.rollingops.upgrade.UpgradeStatus;
import io.rollingops.upgrade.UpgradeView;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.Function;

/**
 * The databags of an upgrade in a replicated store, and the turn as an operation of its own kind in the unit's queue. For
 * one thread.
 *
 * <p>A view is never older than what this process wrote: after each write, and after each one whose fate is not known, the
 * next view waits until the store's answer is seen here. The first view of a process waits for an answer as well.
 */
final class StoreHost implements UpgradeHost {
    private static final Duration LIMIT = Duration.ofSeconds(10);

    private final PeerStore store;
    private final CatchUp catchUp;
    private final Function<Release, OwnFacts> facts;
    private final BiConsumer<Boolean, String> story;
    private boolean isSettled;
    private long mustSee;
    private PeerSnapshot seen;
    private Optional<String> request = Optional.empty();
    private String shown = "";

    /**
     * The host of one unit.
     *
     * @param facts what the unit knows itself, given the release that the application wants, or that it has
     * @param story is told what the unit shows, and whether it needs a person
     */
    StoreHost(PeerStore store, CatchUp catchUp, Function<Release, OwnFacts> facts, BiConsumer<Boolean, String> story) {
        this.store = store;
        this.catchUp = catchUp;
        this.facts = facts;
        this.story = story;
        this.seen = store.snapshot();
    }

    @Override
    public UpgradeView view() {
        seen = fresh();
        return view(seen, store.self(), seen.leader().equals(Optional.of(store.self())), facts);
    }

    /**
     * The view of a unit, from what the store holds.
     *
     * @param facts what the unit knows itself, given the release that the application wants, or that it has
     */
    static UpgradeView view(PeerSnapshot from, UnitName self, boolean leads, Function<Release, OwnFacts> facts) {
        Map<UnitName, Map<String, String>> bags = new TreeMap<>();
        from.members().forEach((unit, member) -> bags.put(unit, StoredKeys.unit(member)));
        Map<String, String> own = bags.getOrDefault(self, Map.of());
        Release wanted = Optional.of(from.shared().getOrDefault(ApplicationUpgrade.TARGET, ""))
                .filter(text -> !text.isBlank() && text.length() <= Release.MAX_CHARS)
                .map(Release::new)
                .or(() -> UnitUpgrade.read(own).offered())
                .orElse(new Release("unknown"));
        return UpgradeView.read(
                self, leads, facts.apply(wanted), from.members().keySet(), bags, from.shared(), OptionalInt.empty());
    }

    @Override
    public boolean write(UpgradeDecision.Write write, UpgradeView view) {
        if (write instanceof UpgradeDecision.Write.OfUnit) {
            Map<String, String> own = Optional.ofNullable(seen.members().get(view.self()))
                    .map(StoredKeys::unit)
                    .orElse(Map.of());
            return submit(new PeerCommand.WriteUnit(
                    StoredKeys.stored(StoredKeys.seen(own)), StoredKeys.stored(write.changes())));
        }
        Map<String, String> expected = new HashMap<>(ApplicationUpgrade.seen(seen.shared()));
        Map<String, String> changes = new HashMap<>(write.changes());
        request.ifPresent(text -> {
            expected.put(UpgradeRequest.KEY, text);
            changes.put(UpgradeRequest.KEY, "");
        });
        boolean written = submit(new PeerCommand.WriteApplication(expected, changes));
        if (written) {
            request = Optional.empty();
        }
        return written;
    }

    /** The operator's request that waits for this unit, because it leads. */
    Optional<String> waitingRequest() {
        PeerSnapshot now = fresh();
        boolean leads = now.leader().equals(Optional.of(store.self()));
        return Optional.ofNullable(now.shared().get(UpgradeRequest.KEY)).filter(text -> leads);
    }

    /** From now on the next write for the application takes that request out, and is refused when it is gone. */
    void carriesOut(String text) {
        request = Optional.of(text);
    }

    /** What was carried out is over, with an answer or without. */
    void answer(Optional<UpgradeReply> reply) {
        PeerSnapshot now = fresh();
        Map<String, String> expected = new HashMap<>();
        Map<String, String> changes = new HashMap<>();
        String before = now.shared().getOrDefault(UpgradeReply.KEY, "");
        reply.ifPresent(answer -> {
            expected.put(UpgradeReply.KEY, before);
            changes.put(UpgradeReply.KEY, UpgradeReply.added(before, answer));
        });
        request.ifPresent(text -> {
            expected.put(UpgradeRequest.KEY, text);
            changes.put(UpgradeRequest.KEY, "");
        });
        request = Optional.empty();
        submit(new PeerCommand.WriteApplication(expected, changes));
    }

    /** The turn is an operation like any other, so it is never beside one; one that waits already will do. */
    @Override
    public boolean takeTurn() {
        boolean isQueued = store.snapshot()
                .record(store.self())
                .map(UnitRecord::queue)
                .filter(queue -> queue.contains(UpgradeAgent.CALLBACK))
                .isPresent();
        if (!isQueued) {
            submit(new PeerCommand.Request(UpgradeAgent.CALLBACK, Json.Obj.EMPTY, OptionalInt.empty()));
        }
        return false;
    }

    @Override
    public void show(UpgradeStatus status) {
        if (!status.text().equals(shown)) {
            shown = status.text();
            story.accept(status.kind() == UpgradeStatus.Kind.BLOCKED, status.text());
        }
    }

    @Override
    public void showNothing() {
        shown = "";
    }

    /** What the store holds, not older than what this process has been told. */
    private PeerSnapshot fresh() {
        if (!isSettled) {
            submit(new PeerCommand.WriteUnit(Map.of(), Map.of()));
        }
        try {
            if (!catchUp.await(mustSee, LIMIT)) {
                throw new RollingOpsException.Unavailable(
                        "this agent has not caught up with the store yet; it goes on by itself");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new RollingOpsException.Unavailable("the agent is stopping");
        }
        return store.snapshot();
    }

    /** Whether it was done; not when something has changed, or the unit leads no more. */
    private boolean submit(PeerCommand command) {
        isSettled = false;
        PeerStore.Answer answer = store.submit(command, LIMIT);
        isSettled = true;
        mustSee = Math.max(mustSee, answer.revision());
        if (answer.reply() instanceof PeerReply.Refused refused) {
            if (refused.reason() == PeerReply.Reason.STALE || refused.reason() == PeerReply.Reason.NOT_ALLOWED) {
                return false;
            }
            throw new RollingOpsException.Refused(refused.message());
        }
        return true;
    }
}
