// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.UnitName;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RelationViewTest {
    private static final UnitName SELF = new UnitName("app", 0);
    private static final RelationId ETCD = new RelationId("etcd", 7);

    @Test
    void a_joining_is_followed_by_a_change_of_the_same_unit_and_units_come_in_the_order_of_their_text() {
        assertThat(allHooks(RelationProgress.NONE, Map.of(etcd(2), 1L, etcd(10), 1L), Map.of("etcd", 0L), false))
                .containsExactly("joined etcd/10", "changed etcd/10", "joined etcd/2", "changed etcd/2");
    }

    @Test
    void a_changed_application_databag_is_announced_before_any_unit() {
        assertThat(allHooks(RelationProgress.NONE, Map.of(etcd(0), 1L), Map.of("etcd", 4L), false))
                .containsExactly("changed etcd", "joined etcd/0", "changed etcd/0");
    }

    @Test
    void many_commits_of_one_databag_give_one_change() {
        RelationProgress known = progress(etcd(0), 1);
        assertThat(allHooks(known, Map.of(etcd(0), 9L), Map.of("etcd", 5L), false))
                .containsExactly("changed etcd", "changed etcd/0");
    }

    @Test
    void a_version_that_went_back_is_a_change_too() {
        assertThat(allHooks(progress(etcd(0), 3), Map.of(etcd(0), 2L), Map.of(), false))
                .containsExactly("changed etcd/0");
    }

    @Test
    void departures_go_before_changes() {
        RelationProgress known = progress(etcd(0), 1);
        assertThat(allHooks(known, Map.of(etcd(1), 1L), Map.of("etcd", 5L), false))
                .containsExactly("departed etcd/0 (etcd/0)", "changed etcd", "joined etcd/1", "changed etcd/1");
    }

    @Test
    void an_ending_relation_loses_its_members_and_is_broken() {
        assertThat(allHooks(progress(etcd(0), 1), Map.of(etcd(0), 1L), Map.of("etcd", 5L), true))
                .containsExactly("departed etcd/0 (etcd/0)", "broken etcd");
    }

    @Test
    void a_dying_unit_is_told_that_it_is_the_one_that_departs() {
        RelationView view = view(progress(etcd(0), 1), Map.of(etcd(0), 1L), Map.of(), true);
        assertThat(view.next(SELF, true).map(Hook::variables))
                .hasValueSatisfying(variables -> assertThat(variables)
                        .containsEntry("JUJU_REMOTE_UNIT", "etcd/0")
                        .containsEntry("JUJU_DEPARTING_UNIT", "app/0"));
    }

    @Test
    void a_peer_relation_is_never_broken() {
        RelationProgress known = progress(new UnitName("app", 1), 1);
        RelationView view =
                new RelationView(new RelationId("restart", 0), true, "app", true, known, Map.of(), Map.of());
        Hook.OnRelation departed = (Hook.OnRelation) view.next(SELF, true).orElseThrow();
        assertThat(departed.phase()).isEqualTo(Hook.RelationPhase.DEPARTED);
        RelationView left = new RelationView(view.id(), true, "app", true, known.after(departed), Map.of(), Map.of());
        assertThat(left.next(SELF, true)).isEmpty();
    }

    /** All hooks until there is none, each succeeding. */
    private static List<String> allHooks(
            RelationProgress progress, Map<UnitName, Long> members, Map<String, Long> apps, boolean ending) {
        List<String> hooks = new ArrayList<>();
        RelationProgress now =
                progress.created() ? progress : progress.after(hook(Hook.RelationPhase.CREATED, Optional.empty(), 0));
        Optional<Hook> next = view(now, members, apps, ending).next(SELF, false);
        while (next.isPresent()) {
            Hook.OnRelation hook = (Hook.OnRelation) next.get();
            hooks.add(hook.phase().name().toLowerCase(Locale.ROOT) + " "
                    + hook.remoteUnit().map(UnitName::toString).orElse(hook.remoteApp())
                    + hook.departing().map(unit -> " (" + unit + ")").orElse(""));
            now = now.after(hook);
            next = view(now, members, apps, ending).next(SELF, false);
        }
        return hooks;
    }

    private static RelationView view(
            RelationProgress progress, Map<UnitName, Long> members, Map<String, Long> apps, boolean ending) {
        return new RelationView(ETCD, false, "etcd", ending, progress, members, apps);
    }

    private static RelationProgress progress(UnitName member, long version) {
        return RelationProgress.NONE
                .after(hook(Hook.RelationPhase.CREATED, Optional.empty(), 0))
                .after(hook(Hook.RelationPhase.JOINED, Optional.of(member), version))
                .after(hook(Hook.RelationPhase.CHANGED, Optional.of(member), version));
    }

    private static Hook.OnRelation hook(Hook.RelationPhase phase, Optional<UnitName> unit, long version) {
        return new Hook.OnRelation(phase, ETCD, "etcd", unit, Optional.empty(), version);
    }

    private static UnitName etcd(int number) {
        return new UnitName("etcd", number);
    }
}
