// SPDX-License-Identifier: Apache-2.0
package io.rollingops.version;

/**
 * Where a range begins.
 *
 * @param version the first version, or the last one before it
 * @param inclusive whether that version belongs to the range
 */
record Floor(Version version, boolean inclusive) {

    static Floor at(Version version) {
        return new Floor(version, true);
    }

    static Floor above(Version version) {
        return new Floor(version, false);
    }

    /**
     * Whether a version lies above. A local label counts only if this bound has one, so {@code 1.0+x} is not above
     * {@code 1.0}; and neither is {@code 1.0.post1}, as PEP 440 wants it.
     */
    boolean admits(Version candidate) {
        Version compared = inclusive || version.hasPost() ? candidate : candidate.withoutPost();
        int order = (version.hasLocal() ? compared : compared.withoutLocal()).compareTo(version);
        return inclusive ? order >= 0 : order > 0;
    }

    /** Whether a range that begins here begins before one that begins there. */
    boolean isBefore(Floor other) {
        int order = version.compareTo(other.version);
        return order < 0 || (order == 0 && inclusive && !other.inclusive);
    }
}
