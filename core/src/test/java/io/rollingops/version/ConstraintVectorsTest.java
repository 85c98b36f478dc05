// SPDX-License-Identifier: Apache-2.0
package io.rollingops.version;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each row of the vectors is a test; {@code differences.tsv} names those whose answer is ours. */
class ConstraintVectorsTest {
    private static final Map<List<String>, Vectors.Difference> DIFFERENCES = Vectors.differences().stream()
            .collect(Collectors.toMap(d -> List.of(d.file(), d.first(), d.second()), Function.identity()));

    @ParameterizedTest(name = "{0}: {1} {2} -> {3}")
    @MethodSource
    void a_version_is_allowed_or_not(String file, String version, String constraint, String expected) {
        assertThat(answer(version, constraint)).isEqualTo(expected);
    }

    @ParameterizedTest(name = "{0} -> {1}")
    @MethodSource
    void a_constraint_has_a_canonical_text(String constraint, String expected) {
        assertThat(canonical(constraint)).isEqualTo(expected);
    }

    @ParameterizedTest(name = "{0} {1} -> {2}")
    @MethodSource
    void what_the_vectors_do_not_ask_is_answered_as_decided(String first, String second, String expected) {
        assertThat(second.isEmpty() ? canonical(first) : answer(first, second)).isEqualTo(expected);
    }

    @Test
    void each_difference_names_a_row_that_poetry_core_answers_otherwise() {
        Map<List<String>, String> theirs = Stream.of("constraints", "quirks", "canonical")
                .flatMap(file -> Vectors.lines(file)
                        .map(row -> Map.entry(
                                List.of(file, row.get(0), row.size() == 2 ? "" : row.get(1)), row.get(row.size() - 1))))
                .distinct()
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));

        assertThat(DIFFERENCES.values()).hasSizeGreaterThan(100).allSatisfy(difference -> {
            assertThat(difference.ours()).isNotEqualTo(difference.theirs());
            List<String> row = List.of(difference.file(), difference.first(), difference.second());
            assertThat(difference.file().equals("beyond") || difference.theirs().equals(theirs.get(row)))
                    .as(row.toString())
                    .isTrue();
        });
    }

    static Stream<Object[]> a_version_is_allowed_or_not() {
        return Stream.of("constraints", "quirks")
                .flatMap(file -> Vectors.lines(file)
                        .map(row -> new Object[] {
                            file, row.get(0), row.get(1), expected(file, row.get(0), row.get(1), row.get(2))
                        }));
    }

    static Stream<Object[]> a_constraint_has_a_canonical_text() {
        return Vectors.lines("canonical").map(row ->
                new Object[] {row.get(0), expected("canonical", row.get(0), "", row.get(1))});
    }

    static Stream<Object[]> what_the_vectors_do_not_ask_is_answered_as_decided() {
        return DIFFERENCES.values().stream()
                .filter(difference -> difference.file().equals("beyond"))
                .map(difference -> new Object[] {difference.first(), difference.second(), difference.ours()});
    }

    private static String expected(String file, String first, String second, String theirs) {
        Vectors.Difference difference = DIFFERENCES.get(List.of(file, first, second));
        return difference == null ? theirs : difference.ours();
    }

    private static String answer(String version, String constraint) {
        try {
            return Boolean.toString(VersionConstraint.verifyRequirements(version, constraint));
        } catch (VersionSyntaxException e) {
            return "error";
        }
    }

    private static String canonical(String constraint) {
        try {
            return VersionConstraint.parse(constraint).toString();
        } catch (VersionSyntaxException e) {
            return "error";
        }
    }
}
