// SPDX-License-Identifier: Apache-2.0
package io.rollingops.version;

import java.util.List;
import java.util.SplittableRandom;

/** Texts for the tests that loop over seeds: good ones from a grammar, and the same with a few characters changed. */
final class RandomTexts {
    private static final List<String> NUMBERS = List.of("0", "0", "1", "1", "2", "3", "10", "01");
    private static final List<String> PRE = List.of("a1", "rc", "-beta.2", "_c_0", "PRE1", "a");
    private static final List<String> POST = List.of(".post1", "-1", "rev2", ".post0");
    private static final List<String> DEV = List.of(".dev0", "dev1", "-dev_2");
    private static final List<String> LOCAL = List.of("+x", "+1", "+01.a", "+A-b");
    private static final List<String> OPERATORS =
            List.of("", "", "=", "==", "!=", "!=", ">", ">=", "<", "<=", "^", "~", "~=");
    private static final List<String> SPLINTERS = List.of(
            "0", "1", ".", "*", ",", "|", " ", "<", ">", "=", "!", "~", "^", "v", "x", "-", "+", "a", "_", "dev",
            "post", "\t", "\n", "\u00a0", "\u017f", "\u0661", "\ud83d", "[", "%", "\0");

    private RandomTexts() {}

    static String version(SplittableRandom random) {
        StringBuilder text = new StringBuilder(random.nextInt(15) == 0 ? "1!" : "");
        text.append(oneOf(NUMBERS, random));
        for (int more = random.nextInt(4); more > 0; more--) {
            text.append('.').append(oneOf(NUMBERS, random));
        }
        for (List<String> tags : List.of(PRE, POST, DEV, LOCAL)) {
            if (random.nextInt(6) == 0) {
                text.append(oneOf(tags, random));
            }
        }
        return text.toString();
    }

    /** A version of digits and dots only. */
    static String release(SplittableRandom random) {
        return random.nextInt(4) + "." + random.nextInt(3) + (random.nextBoolean() ? "" : "." + random.nextInt(3));
    }

    static String constraint(SplittableRandom random) {
        StringBuilder text = new StringBuilder();
        for (int groups = random.nextInt(3); groups >= 0; groups--) {
            for (int parts = random.nextInt(3); parts >= 0; parts--) {
                String operator = oneOf(OPERATORS, random);
                boolean block = random.nextInt(5) == 0 && !operator.startsWith("^") && !operator.startsWith("~");
                text.append(operator)
                        .append(version(random))
                        .append(block ? ".*" : "")
                        .append(parts > 0 ? oneOf(List.of(",", " ", ", ", " , "), random) : "");
            }
            text.append(groups > 0 ? oneOf(List.of("|", "||", " || "), random) : "");
        }
        return text.toString();
    }

    /** Almost a constraint, or nothing like one. */
    static String mutilated(SplittableRandom random) {
        StringBuilder text = new StringBuilder(random.nextInt(4) == 0 ? "" : constraint(random));
        for (int changes = random.nextInt(6); changes >= 0; changes--) {
            int at = random.nextInt(text.length() + 1);
            if (at < text.length() && random.nextBoolean()) {
                text.deleteCharAt(at);
            } else {
                text.insert(at, oneOf(SPLINTERS, random));
            }
        }
        return text.toString();
    }

    private static String oneOf(List<String> choices, SplittableRandom random) {
        return choices.get(random.nextInt(choices.size()));
    }
}
