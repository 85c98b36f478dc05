// SPDX-License-Identifier: Apache-2.0
package io.rollingops.version;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The versions between a floor and a ceiling, either of which may be missing. A range from a version to itself is a
 * <em>single</em> version; where rules differ for these, they do so since a version without a local label stands for
 * all its labels.
 */
final class Range {
    static final Range ALL = new Range(null, null);

    /** By floor, then by ceiling; the order in which a union holds its ranges. */
    static final Comparator<Range> ORDER = (a, b) -> {
        int order = compareFloors(a.floor, b.floor);
        return order == 0 ? compareCeilings(a.ceiling, b.ceiling) : order;
    };

    private final @Nullable Floor floor;
    private final @Nullable Ceiling ceiling;
    private final boolean single;

    private Range(@Nullable Floor floor, @Nullable Ceiling ceiling) {
        this.floor = floor;
        this.ceiling = ceiling;
        this.single = floor != null
                && ceiling != null
                && floor.inclusive()
                && ceiling.inclusive()
                && floor.version().equals(ceiling.version());
    }

    static Range single(Version version) {
        return new Range(Floor.at(version), Ceiling.at(version));
    }

    static Range from(Floor floor) {
        return new Range(floor, null);
    }

    static Range to(Ceiling ceiling) {
        return new Range(null, ceiling);
    }

    static Range between(Floor floor, Ceiling ceiling) {
        return new Range(floor, ceiling);
    }

    Optional<Floor> floor() {
        return Optional.ofNullable(floor);
    }

    Optional<Ceiling> ceiling() {
        return Optional.ofNullable(ceiling);
    }

    boolean isAll() {
        return floor == null && ceiling == null;
    }

    boolean allows(Version version) {
        return (floor == null || floor.admits(version)) && (ceiling == null || ceiling.admits(version));
    }

    /** The version, if there is just one. */
    Optional<Version> version() {
        return single && floor != null ? Optional.of(floor.version()) : Optional.empty();
    }

    /** What is in both; empty when nothing is. */
    Optional<Range> intersect(Range other) {
        if (single || other.single) {
            return intersectSingle(other);
        }
        boolean otherIsLater = beginsBefore(other);
        if (otherIsLater ? endsBefore(other) : other.endsBefore(this)) {
            return Optional.empty();
        }
        return Optional.of(new Range(otherIsLater ? other.floor : floor, endsAfter(other) ? other.ceiling : ceiling));
    }

    /** Whether their union is one range: some version is in both, or this one ends where the later begins. */
    boolean adjoins(Range later) {
        return touches(later) || (ceiling != null && later.floor != null && ceiling.meets(later.floor));
    }

    /** The one range that both make, when this one adjoins the later. */
    Range join(Range later) {
        if (single && later.single) {
            return later.allows(onlyVersion()) ? later : this; // else the later one is only a label of this one
        } else if (single || later.single) {
            return single ? later.joinSingle(onlyVersion()) : joinSingle(later.onlyVersion());
        }
        return new Range(beginsBefore(later) ? floor : later.floor, endsAfter(later) ? ceiling : later.ceiling);
    }

    /** What remains without the other: nothing, one range or two. */
    List<Range> minus(Range other) {
        if (other.single ? !allows(other.onlyVersion()) : !touches(other)) {
            return List.of(this);
        }
        List<Range> rest = new ArrayList<>(2);
        if (other.floor != null && beginsBefore(other)) {
            Version edge = other.floor.version();
            rest.add(new Range(floor, other.floor.inclusive() ? Ceiling.below(edge) : Ceiling.at(edge)));
        }
        if (other.ceiling != null && endsAfter(other)) {
            Version edge = other.ceiling.version();
            rest.add(new Range(other.ceiling.inclusive() ? Floor.above(edge) : Floor.at(edge), ceiling));
        }
        return rest;
    }

    boolean endsAfter(Range other) {
        return other.ceiling != null && (ceiling == null || ceiling.isAfter(other.ceiling));
    }

    /** Whether all its versions lie below the other range. */
    boolean endsBefore(Range other) {
        return ceiling != null && other.floor != null && ceiling.isBelow(other.floor);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Range range
                && Objects.equals(floor, range.floor)
                && Objects.equals(ceiling, range.ceiling);
    }

    @Override
    public int hashCode() {
        return 31 * Objects.hashCode(floor) + Objects.hashCode(ceiling);
    }

    private Optional<Range> intersectSingle(Range other) {
        if (single && other.single) {
            return allows(other.onlyVersion())
                    ? Optional.of(other)
                    : other.allows(onlyVersion()) ? Optional.of(this) : Optional.empty();
        }
        Range point = single ? this : other;
        Range range = single ? other : this;
        if (range.allows(point.onlyVersion())) {
            return Optional.of(point);
        }
        if (range.floor != null && range.beginsWithLabelOf(point)) {
            return Optional.of(
                    new Range(range.floor, Ceiling.below(point.onlyVersion().raised(2))));
        }
        return Optional.empty();
    }

    /** Unlike Poetry, which forgets {@code 1.0} in {@code 1.0 || >=1.0+x}. */
    private Range joinSingle(Version version) {
        if (allows(version)) {
            return this;
        } else if (ceiling != null && ceiling.version().equals(version)) {
            return new Range(floor, Ceiling.at(ceiling.version()));
        }
        Version begin = floor != null && floor.version().equals(version) ? floor.version() : version;
        return new Range(Floor.at(begin), ceiling);
    }

    private boolean touches(Range other) {
        if (single && other.single) {
            return allows(other.onlyVersion()) || other.allows(onlyVersion());
        } else if (single) {
            return other.touches(this);
        } else if (other.single) {
            return allows(other.onlyVersion()) || beginsWithLabelOf(other);
        }
        return !endsBefore(other) && !other.endsBefore(this);
    }

    /** {@code >=1.0+x} and {@code 1.0}: the range does not allow the version, but begins with one of its labels. */
    private boolean beginsWithLabelOf(Range point) {
        return floor != null && floor.version().hasLocal() && point.allows(floor.version());
    }

    private Version onlyVersion() {
        return version().orElseThrow();
    }

    private boolean beginsBefore(Range other) {
        return other.floor != null && (floor == null || floor.isBefore(other.floor));
    }

    private static int compareFloors(@Nullable Floor a, @Nullable Floor b) {
        if (a == null || b == null) {
            return a == null ? (b == null ? 0 : -1) : 1;
        }
        return a.isBefore(b) ? -1 : b.isBefore(a) ? 1 : 0;
    }

    private static int compareCeilings(@Nullable Ceiling a, @Nullable Ceiling b) {
        if (a == null || b == null) {
            return a == null ? (b == null ? 0 : 1) : -1;
        }
        int order = a.version().compareTo(b.version());
        return order == 0 ? Boolean.compare(a.inclusive(), b.inclusive()) : order;
    }
}
