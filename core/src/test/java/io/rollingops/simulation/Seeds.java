// SPDX-License-Identifier: Apache-2.0
package io.rollingops.simulation;

import java.util.Optional;
import java.util.stream.LongStream;
import org.junit.jupiter.api.TestInfo;

/** Which seeds a test tries, and how one of them is tried again. */
final class Seeds {
    private static final String ONE = "rollingops.seed";

    private Seeds() {}

    /** Those below {@code count}, or the one that was asked for. */
    static LongStream below(long count) {
        return Optional.ofNullable(Long.getLong(ONE))
                .map(LongStream::of)
                .orElseGet(() -> LongStream.range(0, count))
                .parallel();
    }

    /** The command that runs this test with that seed alone. */
    static String again(TestInfo test, long seed) {
        return "mvn test -pl core -Dtest='%s#%s' -D%s=%d"
                .formatted(
                        test.getTestClass().orElseThrow().getSimpleName(),
                        test.getTestMethod().orElseThrow().getName(),
                        ONE,
                        seed);
    }

    /** What broke in a run that did not come to a judgement, with the command for it. */
    static AssertionError broke(TestInfo test, long seed, Throwable why) {
        return new AssertionError("seed " + seed + " broke off; again: " + again(test, seed), why);
    }
}
