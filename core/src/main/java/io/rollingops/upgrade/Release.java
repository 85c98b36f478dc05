// SPDX-License-Identifier: Apache-2.0
package io.rollingops.upgrade;

import java.util.Optional;

/**
 * What a program brings onto a unit, by a name that is equal if and only if the same is brought: the revision of a charm,
 * the image of a pod, the version that an operator asked for. Nothing is ordered by it.
 */
public record Release(String name) {
    public static final int MAX_CHARS = 256;

    public Release {
        if (name.isBlank() || name.length() > MAX_CHARS) {
            throw new IllegalArgumentException("a release has a name of 1 to " + MAX_CHARS + " characters");
        }
    }

    /** Reads a databag's value; nothing for one that can be no release. */
    static Optional<Release> read(String text) {
        return text.isBlank() || text.length() > MAX_CHARS ? Optional.empty() : Optional.of(new Release(text));
    }

    @Override
    public String toString() {
        return name;
    }
}
