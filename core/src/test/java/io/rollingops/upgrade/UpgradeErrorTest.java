// SPDX-License-Identifier: Apache-2.0
package io.rollingops.upgrade;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class UpgradeErrorTest {

    @ParameterizedTest
    @MethodSource("errors")
    void an_error_says_what_why_and_what_to_do_and_its_text_all_three(List<UpgradeError> pair) {
        UpgradeError brief = pair.get(0);
        UpgradeError full = pair.get(1);
        assertThat(brief).hasSameClassAs(full).hasMessage("not healthy; cause: unit 2 is down");
        assertThat(List.of(brief.message(), brief.cause(), brief.resolution()))
                .containsExactly("not healthy", "unit 2 is down", "");
        assertThat(full).hasMessage("not healthy; cause: unit 2 is down; resolution: start it");
        assertThat(List.of(full.message(), full.cause(), full.resolution()))
                .containsExactly("not healthy", "unit 2 is down", "start it");
    }

    static Stream<List<UpgradeError>> errors() {
        String message = "not healthy";
        String cause = "unit 2 is down";
        String resolution = "start it";
        return Stream.of(
                List.of(
                        new UpgradeError.ClusterNotReadyError(message, cause),
                        new UpgradeError.ClusterNotReadyError(message, cause, resolution)),
                List.of(
                        new UpgradeError.VersionError(message, cause),
                        new UpgradeError.VersionError(message, cause, resolution)),
                List.of(
                        new UpgradeError.DependencyError(message, cause),
                        new UpgradeError.DependencyError(message, cause, resolution)),
                List.of(
                        new UpgradeError.KubernetesClientError(message, cause),
                        new UpgradeError.KubernetesClientError(message, cause, resolution)));
    }
}
