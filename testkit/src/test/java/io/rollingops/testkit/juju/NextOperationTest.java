// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.UnitName;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class NextOperationTest {
    private static final UnitName SELF = new UnitName("app", 0);
    private static final UnitName OTHER = new UnitName("app", 1);
    private static final RelationId PEERS = new RelationId("restart", 0);
    private static final UnitView.Lifetime RUNNING = new UnitView.Lifetime(true, true, false, false);
    private static final UnitView.Lifetime STOPPED = new UnitView.Lifetime(true, false, true, false);
    private static final UnitView.Lifetime REMOVED = new UnitView.Lifetime(true, false, true, true);
    private static final Hook.OnSecret SECRET = new Hook.OnSecret(Hook.SecretPhase.CHANGED, "id", "", 2);

    @Test
    void an_idle_unit_has_nothing_to_do() {
        assertThat(NextOperation.of(new View().view())).isEmpty();
    }

    @Test
    void a_new_unit_is_installed_before_anything_else() {
        View unit = new View();
        unit.lifetime = UnitView.Lifetime.NEW;
        unit.due = new UnitView.Due(false, false, true, true);
        unit.leads = true;
        unit.relations = List.of(relation(RelationProgress.NONE, Map.of()));
        unit.secrets = List.of(SECRET);
        unit.action = OptionalInt.of(1);
        assertThat(next(unit)).isEqualTo(new Operation.RunHook(Hook.Plain.INSTALL));
    }

    @Test
    void the_events_come_in_the_order_of_juju() {
        View unit = new View();
        unit.due = new UnitView.Due(true, true, true, true);
        unit.leads = true;
        unit.relations = List.of(relation(RelationProgress.NONE, Map.of(OTHER, 1L)));
        unit.secrets = List.of(SECRET);
        unit.action = OptionalInt.of(1);
        unit.commands = OptionalInt.of(2);

        assertThat(next(unit)).isEqualTo(new Operation.RunHook(Hook.Plain.START));
        unit.due = new UnitView.Due(false, true, true, true);
        assertThat(hookName(unit)).isEqualTo("restart-relation-created");
        unit.relations = List.of(relation(created(), Map.of(OTHER, 1L)));
        assertThat(next(unit)).isEqualTo(new Operation.AcceptLeadership());
        unit.accepted = true;
        assertThat(next(unit)).isEqualTo(new Operation.RunHook(SECRET));
        unit.secrets = List.of();
        assertThat(next(unit)).isEqualTo(new Operation.RunAction(1));
        unit.action = OptionalInt.empty();
        assertThat(next(unit)).isEqualTo(new Operation.RunCommands(2));
        unit.commands = OptionalInt.empty();
        assertThat(next(unit)).isEqualTo(new Operation.UpgradeCharm());
        unit.due = new UnitView.Due(false, false, true, true);
        assertThat(next(unit)).isEqualTo(new Operation.RunHook(Hook.Plain.CONFIG_CHANGED));
        unit.due = new UnitView.Due(false, false, false, true);
        assertThat(hookName(unit)).isEqualTo("restart-relation-joined");
        unit.relations = List.of();
        assertThat(next(unit)).isEqualTo(new Operation.RunHook(Hook.Plain.UPDATE_STATUS));
    }

    @Test
    void a_queued_hook_goes_before_events_and_actions_but_after_commands() {
        View unit = new View();
        unit.pending = Optional.of(new PendingHook(Hook.Plain.START, PendingHook.State.QUEUED));
        unit.leads = true;
        unit.secrets = List.of(SECRET);
        unit.action = OptionalInt.of(1);
        assertThat(next(unit)).isEqualTo(new Operation.RunHook(Hook.Plain.START));
        unit.commands = OptionalInt.of(2);
        assertThat(next(unit)).isEqualTo(new Operation.RunCommands(2));
    }

    @Test
    void a_unit_in_error_runs_actions_and_commands_and_nothing_else() {
        View unit = new View();
        unit.pending = Optional.of(new PendingHook(Hook.Plain.CONFIG_CHANGED, PendingHook.State.FAILED));
        unit.leads = true;
        unit.due = new UnitView.Due(true, true, true, true);
        unit.relations = List.of(relation(RelationProgress.NONE, Map.of()));
        unit.secrets = List.of(SECRET);
        assertThat(NextOperation.of(unit.view())).isEmpty();
        unit.commands = OptionalInt.of(2);
        assertThat(next(unit)).isEqualTo(new Operation.RunCommands(2));
        unit.action = OptionalInt.of(1);
        assertThat(next(unit)).isEqualTo(new Operation.RunAction(1));
    }

    @Test
    void a_failed_hook_runs_again_when_its_time_has_come() {
        View unit = new View();
        unit.pending = Optional.of(new PendingHook(Hook.Plain.CONFIG_CHANGED, PendingHook.State.RETRY_DUE));
        assertThat(next(unit)).isEqualTo(new Operation.RunHook(Hook.Plain.CONFIG_CHANGED));
    }

    @Test
    void a_leader_that_lost_the_lease_resigns_even_while_a_hook_is_pending() {
        View unit = new View();
        unit.accepted = true;
        unit.pending = Optional.of(new PendingHook(Hook.Plain.START, PendingHook.State.QUEUED));
        assertThat(next(unit)).isEqualTo(new Operation.ResignLeadership());
    }

    @Test
    void a_dying_unit_leaves_its_relations_and_stops_and_is_removed() {
        View unit = new View();
        unit.dying = true;
        unit.due = new UnitView.Due(false, true, true, true);
        RelationProgress joined = created().after(hook(Hook.RelationPhase.JOINED));
        unit.relations = List.of(relation(joined.after(hook(Hook.RelationPhase.CHANGED)), Map.of(OTHER, 1L)));
        assertThat(hookName(unit)).isEqualTo("restart-relation-departed");
        unit.relations = List.of();
        assertThat(next(unit)).isEqualTo(new Operation.RunHook(Hook.Plain.STOP));
        unit.lifetime = STOPPED;
        assertThat(next(unit)).isEqualTo(new Operation.RunHook(Hook.Plain.REMOVE));
        unit.lifetime = REMOVED;
        assertThat(next(unit)).isEqualTo(new Operation.Die());
    }

    @Test
    void a_unit_that_dies_before_it_was_installed_just_goes() {
        View unit = new View();
        unit.dying = true;
        unit.lifetime = UnitView.Lifetime.NEW;
        assertThat(next(unit)).isEqualTo(new Operation.Die());
    }

    private static Operation next(View unit) {
        return NextOperation.of(unit.view()).orElseThrow();
    }

    private static String hookName(View unit) {
        return ((Operation.RunHook) next(unit)).hook().hookName();
    }

    private static RelationProgress created() {
        return RelationProgress.NONE.after(hook(Hook.RelationPhase.CREATED));
    }

    private static Hook.OnRelation hook(Hook.RelationPhase phase) {
        Optional<UnitName> remote = phase == Hook.RelationPhase.CREATED ? Optional.empty() : Optional.of(OTHER);
        return new Hook.OnRelation(phase, PEERS, "app", remote, Optional.empty(), 1);
    }

    private static RelationView relation(RelationProgress progress, Map<UnitName, Long> members) {
        return new RelationView(PEERS, true, "app", false, progress, members, Map.of());
    }

    /** A unit that runs and has nothing to do; tests change what they are about. */
    private static final class View {
        boolean dying;
        UnitView.Lifetime lifetime = RUNNING;
        Optional<PendingHook> pending = Optional.empty();
        UnitView.Due due = UnitView.Due.NOTHING;
        boolean accepted;
        boolean leads;
        List<RelationView> relations = List.of();
        List<Hook.OnSecret> secrets = List.of();
        OptionalInt action = OptionalInt.empty();
        OptionalInt commands = OptionalInt.empty();

        UnitView view() {
            List<RelationView> seen = dying
                    ? relations.stream()
                            .map(relation -> new RelationView(
                                    relation.id(),
                                    relation.peer(),
                                    relation.remoteApp(),
                                    true,
                                    relation.progress(),
                                    relation.members(),
                                    relation.apps()))
                            .toList()
                    : relations;
            return new UnitView(SELF, dying, lifetime, pending, due, accepted, leads, seen, secrets, action, commands);
        }
    }
}
