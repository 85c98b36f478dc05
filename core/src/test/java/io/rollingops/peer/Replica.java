// SPDX-License-Identifier: Apache-2.0
package io.rollingops.peer;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.Operation;
import io.rollingops.OperationId;
import io.rollingops.OperationResult;
import io.rollingops.UnitName;
import io.rollingops.json.Json;
import io.rollingops.json.JsonText;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;

/** A replicated store as a test drives it: one state, one command after the other, a clock that stands still. */
public final class Replica {
    public static final String APP = "app";
    public static final Instant START = Instant.ofEpochSecond(1_800_000_000);
    public static final Duration TTL = Duration.ofSeconds(30);

    private static final Author OPERATOR = new Author.Operator("ada");

    private PeerState state = PeerState.empty(APP);
    private Instant now = START;
    private List<PeerEvent> events = List.of();

    /** A store whose units are members and have a lease each. */
    public static Replica ofUnits(int count) {
        Replica replica = new Replica();
        for (int i = 0; i < count; i++) {
            replica.by(i, new PeerCommand.Join());
            replica.opensLease(i, 1);
        }
        return replica;
    }

    public static UnitName unit(int number) {
        return new UnitName(APP, number);
    }

    public PeerState state() {
        return state;
    }

    public Grant grant() {
        return state.grant();
    }

    public Member member(int unit) {
        return Objects.requireNonNull(state.members().get(unit(unit)));
    }

    public UnitRecord record(int unit) {
        return member(unit).record().orElseThrow();
    }

    /** The callbacks in a unit's queue, head first. */
    public List<String> queue(int unit) {
        return record(unit).queue().operations().stream()
                .map(Operation::callbackId)
                .toList();
    }

    /** What the last command made happen. */
    public List<PeerEvent> events() {
        return events;
    }

    /** What all senders' clocks show from now on. */
    public Replica at(Instant time) {
        now = time;
        return this;
    }

    /** The store begins anew from that snapshot. */
    public void restore(String snapshot) {
        state = StateCodec.read(JsonText.parseObject(snapshot));
    }

    public PeerReply by(int unit, PeerCommand command) {
        return by(new Author.Unit(unit(unit)), command);
    }

    public PeerReply byOperator(PeerCommand command) {
        return by(OPERATOR, command);
    }

    public PeerReply by(Author author, PeerCommand command) {
        PeerState.Applied applied = state.apply(author, now, command);
        state = applied.state();
        events = applied.events();
        return applied.reply();
    }

    /** A command that must be refused: it changes nothing and makes nothing happen. */
    public PeerReply.Reason refusal(Author author, PeerCommand command) {
        PeerState before = state;
        PeerReply reply = by(author, command);
        assertThat(reply).isInstanceOf(PeerReply.Refused.class);
        assertThat(state).isSameAs(before);
        assertThat(events).isEmpty();
        assertThat(((PeerReply.Refused) reply).message()).isNotBlank();
        return ((PeerReply.Refused) reply).reason();
    }

    public PeerReply.Reason refusal(int unit, PeerCommand command) {
        return refusal(new Author.Unit(unit(unit)), command);
    }

    public PeerReply.Reason refusalOfOperator(PeerCommand command) {
        return refusal(OPERATOR, command);
    }

    public void opensLease(int unit, long number) {
        done(by(unit, new PeerCommand.OpenLease(leaseId(unit, number), number, TTL, Optional.empty())));
    }

    public static String leaseId(int unit, long number) {
        return "lease-" + unit + "-" + number;
    }

    public static PeerCommand.Request request(String callback) {
        return request(callback, OptionalInt.empty());
    }

    public static PeerCommand.Request request(String callback, OptionalInt maxRetry) {
        return new PeerCommand.Request(callback, Json.Obj.EMPTY, maxRetry);
    }

    public OperationId requests(int unit, String callback) {
        return requests(unit, request(callback));
    }

    public OperationId requests(int unit, PeerCommand.Request request) {
        PeerReply reply = by(unit, request);
        assertThat(reply).isInstanceOf(PeerReply.Queued.class);
        return Objects.requireNonNull(((PeerReply.Queued) reply).operations().get(unit(unit)));
    }

    /** The unit starts under the present grant, which must be its own. */
    public void starts(int unit) {
        starts(unit, false);
    }

    public void starts(int unit, boolean holds) {
        assertThat(by(unit, new PeerCommand.Start(grant().epoch(), holds))).isInstanceOf(PeerReply.Started.class);
    }

    /** The unit answers its running grant with a result of the head of its queue. */
    public void finishes(int unit, OperationResult result) {
        done(by(unit, finish(unit, result)));
    }

    public PeerCommand.Finish finish(int unit, OperationResult result) {
        OperationId head = record(unit).queue().head().orElseThrow().id();
        return new PeerCommand.Finish(grant().epoch(), head, result, "", false);
    }

    public void runs(int unit, OperationResult result) {
        starts(unit);
        finishes(unit, result);
    }

    public PeerReply leads(int unit, long term) {
        return by(unit, new PeerCommand.Lead(term));
    }

    /** The leader, who must be known, lets the unit's lease expire. */
    public void expires(int unit) {
        done(by(new Author.Unit(state.leadership().orElseThrow().unit()), expiry(unit)));
    }

    public PeerCommand.Expire expiry(int unit) {
        UnitLease lease = member(unit).lease().orElseThrow();
        return new PeerCommand.Expire(unit(unit), lease.id(), lease.keepAlives());
    }

    private static void done(PeerReply reply) {
        assertThat(reply).isEqualTo(new PeerReply.Done());
    }
}
