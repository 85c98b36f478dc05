// SPDX-License-Identifier: Apache-2.0
package io.rollingops.upgrade;

import io.rollingops.json.Json;
import java.util.Optional;

/**
 * One thing that is wrong with a dependency document.
 *
 * @param label the entry's label; empty for a model that stands alone
 * @param field the field, such as {@code version} or {@code dependencies.zookeeper}; empty for the entry as a whole
 * @param problem what is wrong there, with the value that was found
 */
public record Defect(String label, String field, String problem) {

    static Defect of(String field, String problem) {
        return new Defect("", field, problem);
    }

    static Defect missingOrNot(String expected, String field, Optional<Json> found) {
        return of(
                field,
                found.map(value -> "must be " + expected + ", not " + value.kind())
                        .orElse("is missing"));
    }

    Defect under(String newLabel) {
        return new Defect(newLabel, field, problem);
    }

    /** Label and field with a dot between, as far as there are any. */
    public String place() {
        return label + (label.isEmpty() || field.isEmpty() ? "" : ".") + field;
    }

    @Override
    public String toString() {
        return place().isEmpty() ? problem : place() + ": " + problem;
    }
}
