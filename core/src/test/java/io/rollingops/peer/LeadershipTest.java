// SPDX-License-Identifier: Apache-2.0
package io.rollingops.peer;

import static io.rollingops.peer.Replica.unit;
import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.peer.PeerReply.Reason;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Which unit leads, in which term of the store. */
class LeadershipTest {
    private static final PeerCommand WRITE = new PeerCommand.WriteApplication(Map.of(), Map.of("a", "1"));

    @Test
    void the_unit_of_the_newest_term_leads() {
        Replica store = Replica.ofUnits(2);

        assertThat(store.leads(0, 3)).isEqualTo(new PeerReply.Done());
        assertThat(store.leads(1, 4)).isEqualTo(new PeerReply.Done());

        assertThat(store.state().leadership()).hasValue(new PeerState.Leadership(unit(1), 4));
        assertThat(store.state().snapshot().leader()).hasValue(unit(1));
    }

    @Test
    void saying_it_twice_is_harmless() {
        Replica store = Replica.ofUnits(1);
        store.leads(0, 3);
        assertThat(store.leads(0, 3)).isEqualTo(new PeerReply.Done());
        assertThat(store.state().leadership()).hasValue(new PeerState.Leadership(unit(0), 3));
    }

    @Test
    void one_term_has_one_leader_and_an_older_term_is_over() {
        Replica store = Replica.ofUnits(2);
        store.leads(0, 3);
        assertThat(store.refusal(1, new PeerCommand.Lead(3))).isEqualTo(Reason.STALE);
        assertThat(store.refusal(1, new PeerCommand.Lead(2))).isEqualTo(Reason.STALE);
        assertThat(store.refusal(0, new PeerCommand.Lead(2))).isEqualTo(Reason.STALE);
    }

    @Test
    void a_former_leader_can_neither_write_for_the_application_nor_end_a_lease() {
        Replica store = Replica.ofUnits(2);
        store.leads(0, 3);
        assertThat(store.by(0, WRITE)).isEqualTo(new PeerReply.Done());
        store.leads(1, 4);

        assertThat(store.refusal(0, WRITE)).isEqualTo(Reason.NOT_ALLOWED);
        assertThat(store.refusal(0, store.expiry(1))).isEqualTo(Reason.NOT_ALLOWED);
    }

    @Test
    void without_a_leader_nobody_writes_for_the_application() {
        assertThat(Replica.ofUnits(1).refusal(0, WRITE)).isEqualTo(Reason.NOT_ALLOWED);
    }

    @Test
    void a_change_of_leader_changes_no_grant() {
        Replica store = Replica.ofUnits(2);
        store.requests(0, "restart");
        store.starts(0);
        Grant running = store.grant();

        store.leads(1, 1);
        store.leads(0, 2);

        assertThat(store.grant()).isEqualTo(running);
    }
}
