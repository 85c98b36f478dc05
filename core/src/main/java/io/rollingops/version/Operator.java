// SPDX-License-Identifier: Apache-2.0
package io.rollingops.version;

import java.util.List;

/** What may stand before a version in a constraint, and what it means there. */
enum Operator {
    COMPATIBLE("~="),
    EXACTLY("=="),
    NOT("!="),
    AT_LEAST(">="),
    AT_MOST("<="),
    CARET("^"),
    TILDE("~"),
    EQUAL("="),
    ABOVE(">"),
    BELOW("<"),
    NOTHING("");

    /** Longer symbols stand before those that they begin with. */
    private static final Operator[] ALL = values();

    private static final int MAJOR = 0;
    private static final int MINOR = 1;
    private static final int PATCH = 2;

    private final String symbol;

    Operator(String symbol) {
        this.symbol = symbol;
    }

    /** The longest operator at that place of the text. */
    static Operator at(String text, int position) {
        int i = 0;
        while (!text.startsWith(ALL[i].symbol, position)) {
            i++; // the last one has no symbol and stands everywhere
        }
        return ALL[i];
    }

    String symbol() {
        return symbol;
    }

    /** Whether the operator works out its upper bound from the version; then no {@code .*} and no word may follow. */
    boolean derivesCeiling() {
        return this == CARET || this == TILDE || this == COMPATIBLE;
    }

    /** The meaning of the operator before a version. */
    VersionConstraint applyTo(Version version) {
        return switch (this) {
            case NOTHING, EQUAL, EXACTLY -> VersionConstraint.of(Range.single(version));
            case NOT -> outside(Ceiling.below(version), Floor.above(version));
            case ABOVE -> VersionConstraint.of(Range.from(Floor.above(version)));
            case AT_LEAST -> VersionConstraint.of(Range.from(Floor.at(version)));
            case BELOW -> VersionConstraint.of(Range.to(Ceiling.below(version)));
            case AT_MOST -> VersionConstraint.of(Range.to(Ceiling.at(version)));
            case CARET -> upTo(version, caretComponent(version));
            case TILDE -> upTo(version, version.precision() == 1 ? MAJOR : MINOR);
            case COMPATIBLE -> upTo(version, version.precision() == 2 ? MAJOR : MINOR);
        };
    }

    /**
     * The meaning of the operator before a version with {@code .*}: the block of all versions that begin so, from its
     * first development release to before that of the next block. With an inequality the {@code .*} means nothing.
     */
    VersionConstraint applyToBlock(Version version) {
        Floor floor = Floor.at(version.firstDev());
        Version next = version.successor();
        Ceiling ceiling = Ceiling.below(next.hasDev() ? next : next.firstDev());
        return switch (this) {
            case NOTHING, EQUAL, EXACTLY -> VersionConstraint.of(Range.between(floor, ceiling));
            case NOT -> outside(Ceiling.below(floor.version()), Floor.at(ceiling.version()));
            case ABOVE, AT_LEAST, BELOW, AT_MOST, CARET, TILDE, COMPATIBLE -> applyTo(version);
        };
    }

    private static VersionConstraint upTo(Version version, int raisedComponent) {
        return VersionConstraint.of(Range.between(Floor.at(version), Ceiling.below(version.raised(raisedComponent))));
    }

    private static VersionConstraint outside(Ceiling ceiling, Floor floor) {
        return VersionConstraint.ofAll(List.of(Range.to(ceiling), Range.from(floor)));
    }

    /** The first of major, minor and patch that is not 0, or else the last of them that was written. */
    private static int caretComponent(Version version) {
        int component = MAJOR;
        while (component < PATCH
                && component < version.precision() - 1
                && version.component(component).signum() == 0) {
            component++;
        }
        return component;
    }
}
