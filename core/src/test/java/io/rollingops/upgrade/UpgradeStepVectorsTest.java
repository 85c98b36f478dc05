// SPDX-License-Identifier: Apache-2.0
package io.rollingops.upgrade;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.json.Json;
import io.rollingops.json.JsonText;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * One event on one unit, as the original handled it. Where we differ on purpose, {@code upgrade-step-differences.jsonl}
 * has what we do and why, with the number of the original's defect where it has one. Of statuses that file has only
 * those that contradict the original: where it shows nothing, or no reason, we may tell what a unit waits for.
 */
class UpgradeStepVectorsTest {
    private static final Map<Long, Json.Obj> DIFFERENCES = Vectors.rows("upgrade-step-differences").stream()
            .collect(Collectors.toMap(row -> row.integer("id"), Function.identity()));
    private static final int DIFFERENT_ROWS = 183;

    /** Without its peer relation a unit has no databag; a host that has none asks for no decision. */
    private static boolean hasRelation(Json.Obj row) {
        return row.bool("relation");
    }

    static Stream<Arguments> rows() {
        return Vectors.rows("state-steps").stream()
                .filter(UpgradeStepVectorsTest::hasRelation)
                .map(row -> Arguments.of(row.integer("id"), row.string("substrate"), row.string("event"), row));
    }

    @ParameterizedTest(name = "row {0}, {1}, {2}")
    @MethodSource("rows")
    void a_unit_does_what_it_does_in_the_original_or_what_the_list_of_differences_says(
            long id, String substrate, String event, Json.Obj row) {
        Json.Obj ours = new StepWorld(row).run();

        Map<String, Json> expected = expected(row);
        if (DIFFERENCES.containsKey(id)) {
            expected.putAll(DIFFERENCES.get(id).object("ours").members());
        }
        expected.forEach((field, value) -> {
            Json found = field.equals("stack") ? stack(ours.string("stack")) : ours.get(field);
            boolean isSilent = field.equals("status") && isTold(value, found);
            assertThat(isSilent ? value : found).as(field).isEqualTo(value);
        });
    }

    @Test
    void each_difference_names_its_reason_and_differs_indeed() {
        Map<Long, Json.Obj> rows = Vectors.rows("state-steps").stream()
                .collect(Collectors.toMap(row -> row.integer("id"), Function.identity()));
        assertThat(DIFFERENCES).hasSize(DIFFERENT_ROWS).allSatisfy((id, difference) -> {
            assertThat(difference.string("reason")).hasSizeGreaterThan(10);
            Map<String, Json> theirs = expected(Objects.requireNonNull(rows.get(id)));
            assertThat(difference.object("ours").members())
                    .isNotEmpty()
                    .allSatisfy((field, value) -> assertThat(value).isNotEqualTo(theirs.get(field)));
        });
    }

    /** What the original left behind; nothing where it crashed. */
    private static Map<String, Json> expected(Json.Obj row) {
        Map<String, Json> fields = new LinkedHashMap<>();
        if (row.object("expected").get("raises") instanceof Json.Null) {
            for (String field : List.of(
                    "states",
                    "dependencies_written",
                    "status",
                    "granted",
                    "partitions_set",
                    "rollback_logged",
                    "action_failed")) {
                fields.put(field, row.object("expected").get(field));
            }
            fields.put("stack", emptyIfNone(row.object("expected").get("stack")));
        }
        return fields;
    }

    private static Json stack(String text) {
        return text.isEmpty() ? new Json.Arr(List.of()) : JsonText.parse(text);
    }

    /** An absent stack and an empty one are the same to every reader. */
    private static Json emptyIfNone(Json stack) {
        return stack instanceof Json.Null ? new Json.Arr(List.of()) : stack;
    }

    /** Whether we only say more than the original does. */
    private static boolean isTold(Json theirs, Json ours) {
        if (!(theirs instanceof Json.Arr their) || !(ours instanceof Json.Arr our)) {
            return theirs instanceof Json.Null;
        }
        String text = ((Json.Str) their.items().get(1)).value();
        boolean sameKind = their.items().get(0).equals(our.items().get(0));
        boolean isActive = their.items().get(0).equals(Json.of("active"));
        return sameKind && !isActive && ((Json.Str) our.items().get(1)).value().startsWith(text);
    }
}
