// SPDX-License-Identifier: Apache-2.0
package io.rollingops.k8s;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.rollingops.upgrade.UpgradeAnswer;
import io.rollingops.upgrade.UpgradeCommand;
import io.rollingops.upgrade.UpgradeError;
import io.rollingops.upgrade.UpgradePause;
import io.rollingops.upgrade.UpgradeState;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Upgrades of three pods, driven by the partition of their StatefulSet. */
@Timeout(60)
class StatefulSetPartitionTest {
    private static final int PODS = 3;
    private static final UpgradeCommand.Check CHECK =
            new UpgradeCommand.Check(Optional.empty(), new UpgradePause.BySubstrate(), Optional.empty());

    private final Cluster cluster = new Cluster(PODS, "web:1.0");

    @AfterEach
    void close() {
        cluster.close();
    }

    @Test
    void pods_are_replaced_one_by_one_after_a_halt_and_the_partition_goes_2_1_0() {
        Application web = new Application(cluster, PODS);
        cluster.patches();

        assertThat(web.ask(CHECK)).isInstanceOf(UpgradeAnswer.Done.class);
        assertThat(cluster.patches()).containsExactly(2);
        cluster.refresh("web:1.1");
        assertThat(web.roll()).as("the highest, then it halts").containsExactly(2);
        assertThat(cluster.patches()).isEmpty();

        assertThat(web.ask(new UpgradeCommand.Resume(new UpgradePause.Never())).message())
                .isEqualTo("Upgrade will resume on unit 1");
        assertThat(web.roll()).containsExactly(1, 0);
        assertThat(cluster.patches()).containsExactly(1, 0);

        assertThat(List.of(cluster.image(0), cluster.image(1), cluster.image(2)))
                .containsExactly("web:1.1", "web:1.1", "web:1.1");
        assertThat(web.states()).allMatch(isState(UpgradeState.IDLE));
        assertThat(web.hasStack()).isFalse();
    }

    @Test
    void a_failure_holds_the_partition_and_the_way_back_begins_with_the_highest() {
        Application web = new Application(cluster, PODS);
        web.ask(new UpgradeCommand.Check(Optional.empty(), new UpgradePause.Never(), Optional.empty()));
        cluster.refresh("web:1.1");

        assertThat(web.roll(Optional.of("web:1.1"), 1)).containsExactly(2, 1);
        assertThat(web.states().get(1)).contains(UpgradeState.FAILED);
        assertThat(cluster.image(0)).isEqualTo("web:1.0");
        assertThat(cluster.podsThatAreNotReady()).isEqualTo(1);
        assertThat(cluster.patches()).containsExactly(2, 1);

        assertThat(web.ask(new UpgradeCommand.Rollback("it does not come up"))).isInstanceOf(UpgradeAnswer.Done.class);
        assertThat(cluster.patches()).containsExactly(2);
        cluster.ready(1); // Kubernetes replaces nothing else while a pod is not ready
        cluster.refresh("web:1.0");
        assertThat(web.roll()).containsExactly(2);
        web.ask(new UpgradeCommand.Resume(new UpgradePause.Never()));
        assertThat(web.roll()).as("the lowest was never replaced").containsExactly(1);

        assertThat(List.of(cluster.image(0), cluster.image(1), cluster.image(2)))
                .containsExactly("web:1.0", "web:1.0", "web:1.0");
        assertThat(web.states()).allMatch(isState(UpgradeState.IDLE));
    }

    @Test
    void without_trust_the_check_is_refused_with_the_remedy_and_nothing_is_stored() {
        Application web = new Application(cluster, PODS);
        cluster.forbid(true);

        UpgradeAnswer answer = web.ask(CHECK);

        assertThat(answer)
                .isEqualTo(new UpgradeAnswer.Refused(
                        "Kubernetes StatefulSet patch failed", "`juju trust` needed; juju trust web --scope=cluster"));
        assertThat(web.hasStack()).isFalse();
        cluster.forbid(false);
        assertThat(web.ask(CHECK)).isInstanceOf(UpgradeAnswer.Done.class);
    }

    @Test
    void trust_that_is_lost_on_the_way_fails_no_unit_and_is_tried_again() {
        Application web = new Application(cluster, PODS);
        web.ask(new UpgradeCommand.Check(Optional.empty(), new UpgradePause.Never(), Optional.empty()));
        cluster.refresh("web:1.1");
        cluster.forbid(true);

        assertThat(web.roll()).containsExactly(2);
        assertThat(web.shownBy(0)).contains("juju trust");
        assertThat(web.states()).noneMatch(isState(UpgradeState.FAILED));
        cluster.forbid(false);
        cluster.patches();

        assertThat(web.roll()).containsExactly(1, 0);
        assertThat(cluster.patches()).containsExactly(1, 0);
        assertThat(web.states()).allMatch(isState(UpgradeState.IDLE));
    }

    @Test
    void a_partition_is_read_where_there_is_one() {
        StatefulSetPartition partition = new StatefulSetPartition(cluster.client(), Cluster.NAMESPACE, Cluster.NAME);

        assertThat(partition.current()).isEqualTo(OptionalInt.of(0));
        partition.set(2);
        partition.set(2);
        assertThat(partition.current()).isEqualTo(OptionalInt.of(2));
        assertThatThrownBy(() -> partition.set(-1)).isInstanceOf(IllegalArgumentException.class);
        assertThat(partition.current()).isEqualTo(OptionalInt.of(2));
    }

    @Test
    void a_statefulset_that_is_not_there_is_told_by_name() {
        StatefulSetPartition partition = new StatefulSetPartition(cluster.client(), "elsewhere", "api");

        assertThat(partition.current()).isEmpty();
        assertThat(catchThrowableOfType(UpgradeError.KubernetesClientError.class, () -> partition.set(1))
                        .cause())
                .isEqualTo("there is no StatefulSet api in namespace elsewhere");
    }

    private static Predicate<Optional<UpgradeState>> isState(UpgradeState state) {
        return found -> found.equals(Optional.of(state));
    }
}
