// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.upgrade;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.UnitName;
import io.rollingops.peer.PeerCommand;
import io.rollingops.peer.PeerReply;
import io.rollingops.peer.UnitRecord;
import io.rollingops.spi.CatchUp;
import io.rollingops.spi.PeerStore;
import io.rollingops.testing.InMemoryPeerStore;
import io.rollingops.upgrade.DependencyDocument;
import io.rollingops.upgrade.OwnFacts;
import io.rollingops.upgrade.Substrate;
import io.rollingops.upgrade.UnitUpgrade;
import io.rollingops.upgrade.UpgradeAnswer;
import io.rollingops.upgrade.UpgradeDecision;
import io.rollingops.upgrade.UpgradeReply;
import io.rollingops.upgrade.UpgradeRequest;
import io.rollingops.upgrade.UpgradeState;
import io.rollingops.upgrade.UpgradeView;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The guards of what an upgrade writes in a replicated store. */
class StoreHostTest {
    private static final Duration LIMIT = Duration.ofSeconds(1);
    private static final UnitName FIRST = new UnitName("web", 0);
    private static final UnitName SECOND = new UnitName("web", 1);
    private static final UpgradeDecision.Write PAUSE =
            new UpgradeDecision.Write.OfApplication(Map.of("upgrade-pause", "0"));

    private final InMemoryPeerStore store = new InMemoryPeerStore("web", InstantSource.system());
    private final StoreHost host = new StoreHost(
            store.as(FIRST),
            new CatchUp(store.as(FIRST), System::nanoTime),
            wanted -> new OwnFacts(
                    Substrate.VM, new DependencyDocument(Map.of()), wanted, Optional.empty(), Map.of(), false),
            (bad, text) -> {});

    @BeforeEach
    void join() {
        submit(FIRST, new PeerCommand.Join());
        submit(SECOND, new PeerCommand.Join());
        submit(FIRST, new PeerCommand.Lead(1));
    }

    @Test
    void an_order_is_taken_out_in_the_same_write_that_carries_it_out() {
        write("order");
        assertThat(host.waitingRequest()).contains("order");
        host.carriesOut("order");

        assertThat(host.write(PAUSE, host.view())).isTrue();

        assertThat(shared()).isEqualTo(Map.of("upgrade-pause", "0"));
        host.answer(Optional.of(new UpgradeReply("1", new UpgradeAnswer.Done("paused"))));
        assertThat(shared()).containsOnlyKeys("upgrade-pause", UpgradeReply.KEY);
    }

    @Test
    void an_order_that_another_one_has_replaced_is_not_carried_out() {
        write("order");
        host.carriesOut("order");
        UpgradeView view = host.view();
        write("later");

        assertThat(host.write(PAUSE, view)).isFalse();

        assertThat(shared()).isEqualTo(Map.of(UpgradeRequest.KEY, "later"));
    }

    @Test
    void what_was_decided_on_values_that_have_changed_is_not_written() {
        UpgradeView view = host.view();
        assertThat(store.submitAsOperator("ann", new PeerCommand.WriteOrder(Map.of(), Map.of("upgrade-stack", "[0]"))))
                .isEqualTo(new PeerReply.Done());

        assertThat(host.write(PAUSE, view)).isFalse();

        assertThat(host.view().stack().units()).containsExactly(FIRST);
        assertThat(host.write(PAUSE, host.view())).isTrue();
    }

    @Test
    void a_unit_that_leads_no_more_writes_nothing_for_the_application_and_knows_it_at_once() {
        UpgradeView view = host.view();
        assertThat(view.leads()).isTrue();
        submit(SECOND, new PeerCommand.Lead(2));
        write("order");

        assertThat(host.write(PAUSE, view)).isFalse();

        assertThat(host.view().leads()).isFalse();
        assertThat(host.waitingRequest()).isEmpty();
    }

    @Test
    void the_state_of_an_upgrade_stands_beside_that_of_the_queue() {
        UpgradeView view = host.view();

        assertThat(host.write(new UpgradeDecision.Write.OfUnit(Map.of(UnitUpgrade.STATE, "ready")), view))
                .isTrue();

        assertThat(host.view().own().is(UpgradeState.READY)).isTrue();
        assertThat(store.state().snapshot().record(FIRST))
                .as("its queue can be read as before")
                .contains(UnitRecord.NEW);
    }

    private Map<String, String> shared() {
        return store.state().snapshot().shared();
    }

    private void write(String text) {
        assertThat(store.submitAsOperator(
                        "ann", new PeerCommand.WriteOrder(Map.of(), Map.of(UpgradeRequest.KEY, text))))
                .isEqualTo(new PeerReply.Done());
    }

    private void submit(UnitName unit, PeerCommand command) {
        PeerStore.Answer answer = store.as(unit).submit(command, LIMIT);
        assertThat(answer.reply()).isNotInstanceOf(PeerReply.Refused.class);
    }
}
