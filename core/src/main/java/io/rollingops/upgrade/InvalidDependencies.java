// SPDX-License-Identifier: Apache-2.0
package io.rollingops.upgrade;

import java.util.List;
import java.util.stream.Collectors;

/** A dependency model or document is not valid; all its defects are told at once. */
public final class InvalidDependencies extends IllegalArgumentException {
    private final List<Defect> defects;

    InvalidDependencies(List<Defect> defects) {
        super(defects.stream().map(Defect::toString).collect(Collectors.joining("; ")));
        this.defects = List.copyOf(defects);
    }

    public List<Defect> defects() {
        return defects;
    }
}
