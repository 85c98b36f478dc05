// SPDX-License-Identifier: Apache-2.0
package io.rollingops.version;

/**
 * Where a range ends. {@code <2.0} ends before the pre-releases of {@code 2.0} as well, that is at its first development
 * release; {@code <2.0rc1} and {@code <=2.0} end where they say.
 */
final class Ceiling {
    private final Version version;
    private final boolean inclusive;
    private final Version effective;

    private Ceiling(Version version, boolean inclusive) {
        this.version = version;
        this.inclusive = inclusive;
        this.effective = inclusive || version.hasPre() || version.hasDev() ? version : version.firstDev();
    }

    static Ceiling at(Version version) {
        return new Ceiling(version, true);
    }

    static Ceiling below(Version version) {
        return new Ceiling(version, false);
    }

    /** The bound as it was written. */
    Version version() {
        return version;
    }

    boolean inclusive() {
        return inclusive;
    }

    /** Whether a version lies below. A local label counts only if this bound has one. */
    boolean admits(Version candidate) {
        int order = (effective.hasLocal() ? candidate : candidate.withoutLocal()).compareTo(effective);
        return inclusive ? order <= 0 : order < 0;
    }

    /** Whether a range that ends here ends after one that ends there. */
    boolean isAfter(Ceiling other) {
        int order = effective.compareTo(other.effective);
        return order > 0 || (order == 0 && inclusive && !other.inclusive);
    }

    /** Whether nothing lies both above that floor and below this ceiling. */
    boolean isBelow(Floor floor) {
        int order = effective.compareTo(floor.version());
        return order < 0 || (order == 0 && !(inclusive && floor.inclusive()));
    }

    /** Whether a range that ends here and one that begins there leave out nothing and share nothing. */
    boolean meets(Floor floor) {
        return inclusive != floor.inclusive() && version.equals(floor.version());
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Ceiling ceiling && inclusive == ceiling.inclusive && version.equals(ceiling.version);
    }

    @Override
    public int hashCode() {
        return 31 * version.hashCode() + Boolean.hashCode(inclusive);
    }
}
