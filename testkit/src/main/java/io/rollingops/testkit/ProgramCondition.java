// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.platform.commons.support.AnnotationSupport;

/** Decides for {@link RequiresProgram} whether a test runs, is skipped or fails. */
final class ProgramCondition implements ExecutionCondition {
    private final Map<String, String> environment;

    ProgramCondition() {
        this(System.getenv());
    }

    ProgramCondition(Map<String, String> environment) {
        this.environment = environment;
    }

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        return decide(AnnotationSupport.findRepeatableAnnotations(context.getElement(), RequiresProgram.class));
    }

    ConditionEvaluationResult decide(List<RequiresProgram> required) {
        for (RequiresProgram program : required) {
            if (!isOnPath(program.value())) {
                String missing = "'" + program.value() + "' is not on the path; install it with: apt-get install "
                        + program.debianPackage();
                if (mustRun()) {
                    throw new ExtensionConfigurationException(missing);
                }
                return ConditionEvaluationResult.disabled(missing);
            }
        }
        return ConditionEvaluationResult.enabled("all programs are there");
    }

    private boolean mustRun() {
        String ci = environment.getOrDefault("CI", "");
        return !(ci.isEmpty() || ci.equals("false"))
                || environment.getOrDefault("ROLLINGOPS_REQUIRE_SERVERS", "").equals("1");
    }

    private boolean isOnPath(String program) {
        for (String directory : environment.getOrDefault("PATH", "").split(File.pathSeparator, -1)) {
            if (!directory.isEmpty() && Files.isExecutable(Path.of(directory, program))) {
                return true;
            }
        }
        return false;
    }
}
