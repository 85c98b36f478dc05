// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.io.TempDir;
import org.junit.platform.commons.support.AnnotationSupport;

class ProgramConditionTest {
    @TempDir
    Path bin;

    @RequiresProgram(value = "first", debianPackage = "package-one")
    @RequiresProgram(value = "second", debianPackage = "package-two")
    private static final class NeedsTwo {}

    @Test
    void a_test_runs_when_all_its_programs_are_on_the_path() throws IOException {
        install("first");
        install("second");
        assertThat(decide(Map.of()).isDisabled()).isFalse();
        assertThat(decide(Map.of("CI", "true")).isDisabled()).isFalse();
    }

    @Test
    void a_test_is_skipped_when_one_is_missing_and_told_what_to_install() throws IOException {
        install("first");
        ConditionEvaluationResult result = decide(Map.of("CI", "false"));
        assertThat(result.isDisabled()).isTrue();
        assertThat(result.getReason().orElseThrow()).contains("'second'", "apt-get install package-two");
    }

    @Test
    void a_test_fails_on_ci_when_one_is_missing() {
        for (Map<String, String> environment :
                List.of(Map.of("CI", "true"), Map.of("CI", "1"), Map.of("ROLLINGOPS_REQUIRE_SERVERS", "1"))) {
            assertThatThrownBy(() -> decide(environment)).hasMessageContaining("apt-get install package-one");
        }
    }

    private ConditionEvaluationResult decide(Map<String, String> environment) {
        Map<String, String> all = new HashMap<>(environment);
        all.put("PATH", "/nowhere:" + bin);
        return new ProgramCondition(all)
                .decide(AnnotationSupport.findRepeatableAnnotations(NeedsTwo.class, RequiresProgram.class));
    }

    private void install(String program) throws IOException {
        Files.createFile(
                bin.resolve(program),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-xr-x")));
    }
}
