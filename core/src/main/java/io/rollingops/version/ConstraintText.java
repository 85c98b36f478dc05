// SPDX-License-Identifier: Apache-2.0
package io.rollingops.version;

import java.util.List;
import java.util.Optional;

/**
 * The canonical text of a set of ranges. A range that a wildcard would give is written as one, so {@code
 * >=1.0.dev0,<2} is {@code ==1.*}, and a union that such a range is missing from is {@code !=1.*}.
 */
final class ConstraintText {
    private ConstraintText() {}

    static String of(List<Range> ranges, Optional<Version> hole) {
        if (ranges.isEmpty()) {
            return "<empty>";
        } else if (hole.isPresent()) {
            return "!=" + hole.get();
        }
        return missingBlock(ranges)
                .map(block -> "!=" + block + ".*")
                .orElseGet(() -> String.join(
                        " || ", ranges.stream().map(ConstraintText::of).toList()));
    }

    private static String of(Range range) {
        if (range.isAll()) {
            return "*";
        }
        Optional<Version> single = range.version();
        if (single.isPresent()) {
            return single.get().toString();
        }
        return block(range).map(block -> "==" + block + ".*").orElseGet(() -> bounds(range));
    }

    private static String bounds(Range range) {
        String floor = range.floor()
                .map(f -> (f.inclusive() ? ">=" : ">") + f.version())
                .orElse("");
        String ceiling = range.ceiling()
                .map(c -> (c.inclusive() ? "<=" : "<") + c.version())
                .orElse("");
        return floor + (floor.isEmpty() || ceiling.isEmpty() ? "" : ",") + ceiling;
    }

    private static Optional<Version> block(Range range) {
        if (range.floor().isEmpty() || range.ceiling().isEmpty()) {
            return Optional.empty();
        }
        Floor floor = range.floor().get();
        Ceiling ceiling = range.ceiling().get();
        return floor.inclusive() && !ceiling.inclusive() && floor.version().isFirstDev()
                ? block(floor.version(), ceiling.version())
                : Optional.empty();
    }

    private static Optional<Version> missingBlock(List<Range> ranges) {
        if (ranges.size() != 2) {
            return Optional.empty();
        }
        Optional<Ceiling> begin = ranges.get(0).ceiling();
        Optional<Floor> end = ranges.get(1).floor();
        if (begin.isEmpty()
                || end.isEmpty()
                || ranges.get(0).floor().isPresent()
                || ranges.get(1).ceiling().isPresent()) {
            return Optional.empty();
        }
        return !begin.get().inclusive()
                        && end.get().inclusive()
                        && end.get().version().isFirstDev()
                ? block(begin.get().version(), end.get().version())
                : Optional.empty();
    }

    /** What stands before the {@code .*} of the wildcard that begins at one version and ends before the other. */
    private static Optional<Version> block(Version begin, Version end) {
        if (isNoEdge(begin) || isNoEdge(end) || !end.isPostAfter(begin)) {
            return Optional.empty();
        } else if (begin.hasPost()) {
            return begin.isSameRelease(end) ? Optional.of(begin.withoutDev()) : Optional.empty();
        }
        return end.releaseBefore().filter(begin::isSameRelease);
    }

    private static boolean isNoEdge(Version version) {
        return version.hasLocal() || version.hasPre() || (version.hasDev() && !version.isFirstDev());
    }
}
