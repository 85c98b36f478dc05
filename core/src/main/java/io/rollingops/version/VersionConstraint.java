// SPDX-License-Identifier: Apache-2.0
package io.rollingops.version;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A set of versions, as Poetry writes it: {@code ^1.2}, {@code >=3.6,<4}, {@code ~14 || 16.*}.
 *
 * <p>Inside, it is a list of ranges in ascending order that neither overlap nor meet. Pre-releases are ordinary members
 * and not filtered; only a {@code <} bound leaves out the pre-releases of the bound itself. Constraints with the same
 * bounds are equal, however they were written. The text is the canonical one; reading it again gives a constraint that
 * allows the same versions, except for {@link #NONE}, whose text is no constraint.
 */
public final class VersionConstraint {
    /** The longest text that is read. */
    public static final int MAX_CHARS = 1024;
    /** The largest number of conditions in one text, over all its alternatives. */
    public static final int MAX_PARTS = 64;

    /** Allows every version. */
    public static final VersionConstraint ANY = new VersionConstraint(List.of(Range.ALL));
    /** Allows no version, as {@code >2,<1} does. */
    public static final VersionConstraint NONE = new VersionConstraint(List.of());

    private final List<Range> ranges;
    private final Optional<Version> hole;

    private VersionConstraint(List<Range> ranges) {
        this.ranges = ranges;
        this.hole = ranges.size() < 2 ? Optional.empty() : onlyVersionOutside(ranges);
    }

    /**
     * Reads a constraint.
     *
     * @throws VersionSyntaxException.InvalidConstraint naming the character that is wrong
     */
    public static VersionConstraint parse(String text) {
        return new ConstraintParser(text).parse();
    }

    /**
     * Whether the version meets the requirement. This is the function {@code verify_requirements} of the original; as
     * there, the requirement is read first.
     *
     * @throws VersionSyntaxException when one of the two cannot be read; its type tells which
     */
    public static boolean verifyRequirements(String version, String requirement) {
        VersionConstraint constraint = parse(requirement);
        return constraint.allows(Version.parse(version));
    }

    static VersionConstraint of(Range range) {
        return range.isAll() ? ANY : new VersionConstraint(List.of(range));
    }

    /** The union of ranges in any order. */
    static VersionConstraint ofAll(List<Range> ranges) {
        List<Range> united = unite(ranges);
        return united.size() == 1 ? of(united.get(0)) : new VersionConstraint(united);
    }

    /**
     * Whether the version belongs to the set. A union that leaves out exactly one version, as {@code !=1.0} does, allows
     * whatever is not that version; so the pre-releases of {@code 1.0} belong to it, although neither {@code <1.0} nor
     * {@code >1.0} has them.
     */
    public boolean allows(Version version) {
        if (hole.isPresent()) {
            return !Range.single(hole.get()).allows(version);
        }
        for (Range range : ranges) {
            if (range.allows(version)) {
                return true;
            }
        }
        return false;
    }

    List<Range> ranges() {
        return ranges;
    }

    /** What both allow. */
    public VersionConstraint and(VersionConstraint other) {
        if (ranges.size() == 1 && other.ranges.size() == 1) {
            return ranges.get(0)
                    .intersect(other.ranges.get(0))
                    .map(VersionConstraint::of)
                    .orElse(NONE);
        }
        boolean otherLeads = ranges.size() < 2 && other.ranges.size() > 1;
        return otherLeads ? intersect(other.ranges, ranges) : intersect(ranges, other.ranges);
    }

    /** What one of them allows. Ranges that meet become one, so {@code <1} or {@code >=1} is everything. */
    public VersionConstraint or(VersionConstraint other) {
        List<Range> all = new ArrayList<>(ranges);
        all.addAll(other.ranges);
        return ofAll(all);
    }

    public boolean isAny() {
        return ranges.size() == 1 && ranges.get(0).isAll();
    }

    public boolean isNone() {
        return ranges.isEmpty();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof VersionConstraint constraint && ranges.equals(constraint.ranges);
    }

    @Override
    public int hashCode() {
        return ranges.hashCode();
    }

    @Override
    public String toString() {
        return ConstraintText.of(ranges, hole);
    }

    private static VersionConstraint intersect(List<Range> leading, List<Range> following) {
        List<Range> shared = new ArrayList<>();
        int i = 0;
        int j = 0;
        while (i < leading.size() && j < following.size()) {
            Range ours = leading.get(i);
            Range theirs = following.get(j);
            ours.intersect(theirs).ifPresent(shared::add);
            if (theirs.endsAfter(ours)) {
                i++;
            } else {
                j++;
            }
        }
        return ofAll(shared);
    }

    private static List<Range> unite(List<Range> ranges) {
        List<Range> sorted = new ArrayList<>(ranges);
        sorted.sort(Range.ORDER);
        List<Range> united = new ArrayList<>(sorted.size());
        for (Range range : sorted) {
            int last = united.size() - 1;
            if (last >= 0 && united.get(last).adjoins(range)) {
                united.set(last, united.get(last).join(range));
            } else {
                united.add(range);
            }
        }
        return List.copyOf(united);
    }

    /** Takes the ranges one by one from everything; what remains may be a single version. */
    private static Optional<Version> onlyVersionOutside(List<Range> ranges) {
        List<Range> outside = new ArrayList<>();
        Range current = Range.ALL;
        for (Range range : ranges) {
            if (range.endsBefore(current)) {
                continue;
            } else if (current.endsBefore(range)) {
                break;
            }
            List<Range> rest = current.minus(range);
            if (rest.isEmpty()) {
                return Optional.empty();
            }
            outside.addAll(rest.subList(0, rest.size() - 1));
            current = rest.get(rest.size() - 1);
        }
        outside.add(current);
        List<Range> complement = unite(outside);
        return complement.size() == 1 ? complement.get(0).version() : Optional.empty();
    }
}
