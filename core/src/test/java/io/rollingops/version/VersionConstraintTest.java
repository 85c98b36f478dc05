// SPDX-License-Identifier: Apache-2.0
package io.rollingops.version;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rollingops.version.VersionSyntaxException.InvalidConstraint;
import io.rollingops.version.VersionSyntaxException.InvalidVersion;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class VersionConstraintTest {

    @ParameterizedTest(name = "{0}: {2} with {1} is {3}")
    @CsvSource(delimiter = '|', textBlock = """
            caret      | ^1.2.3     | 1.2.3   | true
            caret      | ^1.2.3     | 1.9.9   | true
            caret      | ^1.2.3     | 2.0.0   | false
            caret      | ^1.2.3     | 1.2.2   | false
            caret      | ^0.2.3     | 0.2.9   | true
            caret      | ^0.2.3     | 0.3.0   | false
            caret      | ^0.0.3     | 0.0.3   | true
            caret      | ^0.0.3     | 0.0.4   | false
            caret      | ^0         | 0.9.9   | true
            caret      | ^0         | 1.0     | false
            tilde      | ~1.2.3     | 1.2.9   | true
            tilde      | ~1.2.3     | 1.3.0   | false
            tilde      | ~1.2       | 1.2.0   | true
            tilde      | ~1.2       | 1.3     | false
            tilde      | ~1         | 1.9.9   | true
            tilde      | ~1         | 2.0.0   | false
            wildcard   | *          | 7.1     | true
            wildcard   | 1.*        | 1.9.9   | true
            wildcard   | 1.*        | 2.0.0   | false
            wildcard   | 1.2.*      | 1.2.7   | true
            wildcard   | 1.2.*      | 1.3.0   | false
            inequality | >1.0       | 1.0.0   | false
            inequality | >1.0       | 1.0.1   | true
            inequality | >=1.0,<2   | 1.9     | true
            inequality | >=1.0,<2   | 2.0     | false
            inequality | <=1.2      | 1.2     | true
            inequality | !=1.2      | 1.2.0   | false
            inequality | 0.1        | 0.1.0   | true
            inequality | 0.1        | 0.1.1   | false
            """)
    void what_the_originals_tests_ask_of_requirements(
            String kind, String requirement, String version, boolean expected) {
        assertThat(VersionConstraint.verifyRequirements(version, requirement))
                .as(kind)
                .isEqualTo(expected);
    }

    @Test
    void the_requirement_is_read_before_the_version() {
        assertThat(VersionConstraint.verifyRequirements("14.9", "^14")).isTrue();
        assertThat(VersionConstraint.verifyRequirements("15", "^14")).isFalse();
        assertThatThrownBy(() -> VersionConstraint.verifyRequirements("bad", "worse"))
                .isInstanceOf(InvalidConstraint.class);
        assertThatThrownBy(() -> VersionConstraint.verifyRequirements("bad", "^14"))
                .isInstanceOf(InvalidVersion.class);
    }

    @Test
    void a_bound_that_cannot_be_met_allows_nothing_and_is_no_error() {
        VersionConstraint impossible = VersionConstraint.parse(">2,<1");
        assertThat(impossible).isEqualTo(VersionConstraint.NONE).hasToString("<empty>");
        assertThat(impossible.isNone()).isTrue();
        assertThat(impossible.allows(Version.parse("1.5"))).isFalse();
        assertThat(impossible.or(VersionConstraint.parse("1"))).hasToString("1");
    }

    @Test
    void alternatives_that_close_the_gap_are_everything() {
        VersionConstraint all = VersionConstraint.parse("<1 || >=1");
        assertThat(all).isEqualTo(VersionConstraint.ANY).isEqualTo(VersionConstraint.parse("x.*"));
        assertThat(all.isAny()).isTrue();
        assertThat(all.allows(Version.parse("1a1"))).isTrue();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "^1|^1.0.0|true",
                "^1.2.3|>=1.2.3,<2|true",
                "1.*|1.*.*|true",
                "!=1|<1.0,>0 ,!=0.5|false",
                "!=1|>=0,!=1|false",
                "^1|^1.1|false",
                ">1|>=1|false",
                "<1|<=1|false"
            })
    void constraints_with_the_same_bounds_are_equal(String one, String other, boolean equal) {
        VersionConstraint a = VersionConstraint.parse(one);
        VersionConstraint b = VersionConstraint.parse(other);
        assertThat(a.equals(b)).isEqualTo(equal);
        if (equal) {
            assertThat(a).hasSameHashCodeAs(b);
        }
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void among_plain_releases_and_is_both_and_or_is_either(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        VersionConstraint a = plain(random);
        VersionConstraint b = plain(random);
        for (int i = 0; i < 100; i++) {
            Version version = Version.parse(RandomTexts.release(random));
            assertThat(a.and(b).allows(version))
                    .as("%s in %s and %s", version, a, b)
                    .isEqualTo(a.allows(version) && b.allows(version));
            assertThat(a.or(b).allows(version))
                    .as("%s in %s or %s", version, a, b)
                    .isEqualTo(a.allows(version) || b.allows(version));
            assertThat(b.and(a)).isEqualTo(a.and(b));
            assertThat(b.or(a)).isEqualTo(a.or(b));
        }
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void an_alternative_takes_nothing_away(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < 50; i++) {
            VersionConstraint a = VersionConstraint.parse(RandomTexts.constraint(random));
            VersionConstraint b = VersionConstraint.parse(RandomTexts.constraint(random));
            Version version = Version.parse(RandomTexts.version(random));
            if (a.allows(version)) {
                assertThat(a.or(b).allows(version))
                        .as("%s in %s or %s", version, a, b)
                        .isTrue();
            }
        }
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void the_canonical_text_allows_the_same_versions_and_settles(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < 50; i++) {
            VersionConstraint constraint = VersionConstraint.parse(RandomTexts.constraint(random));
            if (constraint.isNone()) {
                continue;
            }
            VersionConstraint again = VersionConstraint.parse(constraint.toString());
            assertThat(VersionConstraint.parse(again.toString())).hasToString(again.toString());
            for (Version version : versions(random)) {
                assertThat(again.allows(version))
                        .as("%s in %s", version, constraint)
                        .isEqualTo(constraint.allows(version));
            }
        }
    }

    static LongStream seeds() {
        return LongStream.range(0, 200);
    }

    private static VersionConstraint plain(SplittableRandom random) {
        String[] operators = {"", "!=", ">", ">=", "<", "<=", "^", "~"};
        StringBuilder text = new StringBuilder();
        for (int more = random.nextInt(4); more >= 0; more--) {
            text.append(operators[random.nextInt(operators.length)]).append(RandomTexts.release(random));
            text.append(more == 0 ? "" : random.nextBoolean() ? "," : "||");
        }
        return VersionConstraint.parse(text.toString());
    }

    private static List<Version> versions(SplittableRandom random) {
        List<Version> versions = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            versions.add(Version.parse(RandomTexts.version(random)));
        }
        return versions;
    }
}
