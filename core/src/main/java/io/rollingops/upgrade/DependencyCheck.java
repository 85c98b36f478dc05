// SPDX-License-Identifier: Apache-2.0
package io.rollingops.upgrade;

import io.rollingops.upgrade.UpgradeError.DependencyError;
import io.rollingops.version.Version;
import io.rollingops.version.VersionConstraint;
import io.rollingops.version.VersionSyntaxException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Compares the versions that other applications report with those that a document declares to need. The original stores
 * the declaration and leaves the comparison to each charm.
 *
 * @param findings every requirement that is not known to be met, in the order of declaration
 */
public record DependencyCheck(List<Finding> findings) {

    public DependencyCheck {
        findings = List.copyOf(findings);
    }

    /** What is wrong with a requirement. */
    public enum Reason {
        /** The version found is not one of those required. */
        NOT_SATISFIED,
        /** What was found is no version. */
        NOT_A_VERSION,
        /** Nothing was reported. The application may just not be related, so this alone is no obstacle. */
        NOT_REPORTED
    }

    /**
     * One requirement that is not known to be met.
     *
     * @param label which part requires it
     * @param dependency the name of the application that is required
     * @param required the versions of it that would do
     * @param found the version that it reports, if it reports any
     */
    public record Finding(String label, String dependency, String required, Optional<String> found, Reason reason) {
        private static final int SHOWN_CHARS = 80;

        @Override
        public String toString() {
            String outcome = switch (reason) {
                case NOT_SATISFIED -> "found " + found.orElse("");
                case NOT_A_VERSION -> "found '" + shown(found.orElse("")) + "', which is no version";
                case NOT_REPORTED -> "which reports none";
            };
            return label + " needs " + dependency + " " + required + ", " + outcome;
        }

        /** What another application reports may be anything. */
        private static String shown(String text) {
            return text.substring(0, Math.min(text.length(), SHOWN_CHARS)).replaceAll("\\p{Cntrl}", "?");
        }
    }

    /**
     * Compares.
     *
     * @param reported the versions of other applications, by the names that the document uses
     */
    public static DependencyCheck of(DependencyDocument declared, Map<String, String> reported) {
        List<Finding> findings = new ArrayList<>();
        declared.models()
                .forEach((label, model) -> model.dependencies().forEach((dependency, required) -> {
                    Optional<String> found = Optional.ofNullable(reported.get(dependency));
                    reason(required, found)
                            .ifPresent(reason -> findings.add(new Finding(label, dependency, required, found, reason)));
                }));
        return new DependencyCheck(findings);
    }

    /** The error to raise before anything is replaced; empty when every version that was reported will do. */
    public Optional<DependencyError> refusal() {
        List<Finding> obstacles = findings.stream()
                .filter(finding -> finding.reason != Reason.NOT_REPORTED)
                .toList();
        if (obstacles.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(new DependencyError(
                "Dependencies not satisfied",
                obstacles.stream().map(Finding::toString).collect(Collectors.joining("; ")),
                "First bring the other applications to the versions required: "
                        + obstacles.stream()
                                .map(finding -> finding.dependency + " " + finding.required)
                                .distinct()
                                .collect(Collectors.joining("; "))));
    }

    private static Optional<Reason> reason(String required, Optional<String> found) {
        if (found.isEmpty()) {
            return Optional.of(Reason.NOT_REPORTED);
        }
        try {
            Version version = Version.parse(found.get());
            return VersionConstraint.parse(required).allows(version)
                    ? Optional.empty()
                    : Optional.of(Reason.NOT_SATISFIED);
        } catch (VersionSyntaxException.InvalidVersion e) {
            return Optional.of(Reason.NOT_A_VERSION);
        }
    }
}
