// SPDX-License-Identifier: Apache-2.0
package io.rollingops.upgrade;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.upgrade.DependencyCheck.Finding;
import io.rollingops.upgrade.DependencyCheck.Reason;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class DependencyCheckTest {
    private static final DependencyDocument DECLARED = DependencyDocument.read(
            "{\"charm\":{\"dependencies\":{\"zookeeper\":\"^3.6\",\"tls\":\"*\"},\"name\":\"kafka\","
                    + "\"upgrade_supported\":\">0\",\"version\":\"3\"},"
                    + "\"snap\":{\"dependencies\":{\"zookeeper\":\">=3.5\"},\"name\":\"charmed-kafka\","
                    + "\"upgrade_supported\":\"^3\",\"version\":\"3.3\"}}");

    @Test
    void versions_that_will_do_are_no_finding() {
        DependencyCheck check = DependencyCheck.of(DECLARED, Map.of("zookeeper", "3.6.3", "tls", "1", "other", "x"));
        assertThat(check.findings()).isEmpty();
        assertThat(check.refusal()).isEmpty();
    }

    @Test
    void a_finding_names_label_dependency_required_and_found() {
        DependencyCheck check = DependencyCheck.of(DECLARED, Map.of("zookeeper", "3.5.9", "tls", "edge\n"));
        assertThat(check.findings())
                .containsExactly(
                        new Finding("charm", "zookeeper", "^3.6", Optional.of("3.5.9"), Reason.NOT_SATISFIED),
                        new Finding("charm", "tls", "*", Optional.of("edge\n"), Reason.NOT_A_VERSION));
        assertThat(check.refusal()).hasValueSatisfying(error -> {
            assertThat(error.message()).isEqualTo("Dependencies not satisfied");
            assertThat(error.cause())
                    .isEqualTo("charm needs zookeeper ^3.6, found 3.5.9;"
                            + " charm needs tls *, found 'edge?', which is no version");
            assertThat(error.resolution())
                    .isEqualTo("First bring the other applications to the versions required: zookeeper ^3.6; tls *");
        });
    }

    @Test
    void an_application_that_reports_nothing_is_a_finding_but_no_obstacle() {
        DependencyCheck check = DependencyCheck.of(DECLARED, Map.of("tls", "1"));
        assertThat(check.findings())
                .extracting(Finding::toString)
                .containsExactly(
                        "charm needs zookeeper ^3.6, which reports none",
                        "snap needs zookeeper >=3.5, which reports none");
        assertThat(check.refusal()).isEmpty();
    }

    @Test
    void each_part_has_its_own_requirement() {
        DependencyCheck check = DependencyCheck.of(DECLARED, Map.of("zookeeper", "3", "tls", "1"));
        assertThat(check.refusal())
                .hasValueSatisfying(
                        error -> assertThat(error.resolution()).endsWith("zookeeper ^3.6; zookeeper >=3.5"));
    }
}
