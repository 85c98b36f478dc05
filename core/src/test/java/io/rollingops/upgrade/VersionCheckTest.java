// SPDX-License-Identifier: Apache-2.0
package io.rollingops.upgrade;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.json.Json;
import io.rollingops.json.JsonText;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Each row of the vectors is a test; {@code upgrade-differences.jsonl} has our answers where the original crashes. */
class VersionCheckTest {
    private static final Map<Long, Json.Obj> DIFFERENCES = Vectors.rows("upgrade-differences").stream()
            .collect(Collectors.toMap(row -> row.integer("row"), Function.identity()));

    private static final DependencyDocument DECLARED = DependencyDocument.read(
            "{\"charm\":{\"dependencies\":{},\"name\":\"app\",\"upgrade_supported\":\">1\",\"version\":\"3\"},"
                    + "\"snap\":{\"dependencies\":{},\"name\":\"svc\",\"upgrade_supported\":\"^3\",\"version\":\"3.3\"}}");

    @ParameterizedTest(name = "row {0}")
    @MethodSource("rows")
    void the_stored_versions_are_compared_with_the_declared_ones(long number, Json.Obj row) {
        Json.Obj expected =
                DIFFERENCES.containsKey(number) ? DIFFERENCES.get(number).object("ours") : row.object("expected");

        VersionCheck check = VersionCheck.of(
                row.get("stored") instanceof Json.Obj stored ? Optional.of(JsonText.write(stored)) : Optional.empty(),
                DependencyDocument.read(JsonText.write(row.get("new"))));

        assertThat(result(check)).isEqualTo(expected);
        if (DIFFERENCES.containsKey(number)) {
            assertThat(check.notices().stream().map(VersionCheck.Notice::place).map(Json::of))
                    .isEqualTo(DIFFERENCES.get(number).array("notices"));
        } else {
            assertThat(check.notices())
                    .allSatisfy(notice -> assertThat(notice.text()).isEqualTo("is stored, but no longer declared"));
        }
    }

    @Test
    void each_difference_names_a_row_on_which_the_original_crashes() {
        List<Json.Obj> rows = Vectors.rows("upgrade-supported-check");
        assertThat(DIFFERENCES).hasSize(15).allSatisfy((number, difference) -> {
            Json.Obj expected = rows.get(number.intValue() - 1).object("expected");
            assertThat(expected.string("result"))
                    .isEqualTo(difference.string("theirs"))
                    .isIn("invalid-stored-dependencies", "no-stored-dependencies");
        });
    }

    @Test
    void all_refusals_are_collected_in_the_order_of_declaration() {
        VersionCheck check = VersionCheck.of(
                Optional.of("{\"snap\":{\"version\":\"2.8.0\"},\"charm\":{\"version\":\"1\"}}"), DECLARED);

        assertThat(check.refusal()).hasValueSatisfying(error -> {
            assertThat(error.message())
                    .isEqualTo("Versions incompatible, charm 1 can not be upgraded to 3,"
                            + " snap 2.8.0 can not be upgraded to 3.3");
            assertThat(error.cause())
                    .isEqualTo("Upgrades only supported for specific versions,"
                            + " charm versions satisfying requirement >1, snap versions satisfying requirement ^3");
            assertThat(error.resolution()).isEmpty();
        });
    }

    @Test
    void the_way_back_to_the_stored_version_is_open() {
        assertThat(VersionCheck.of(Optional.of(DECLARED.write()), DECLARED))
                .isEqualTo(new VersionCheck(Optional.empty(), List.of()));
    }

    @Test
    void a_lower_version_is_no_obstacle() {
        String stored = DECLARED.write().replace("\"version\": \"3\"", "\"version\": \"100\"");
        assertThat(stored).contains("100");
        assertThat(VersionCheck.of(Optional.of(stored), DECLARED).refusal()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{}|has no stored version",
                "7|has no stored version",
                "null|has no stored version",
                "{\"version\":7}|has no stored version",
                "{\"version\":\"latest\"}|has a stored version that can not be read",
                "{\"version\":\"\"}|has a stored version that can not be read"
            })
    void a_stored_version_that_cannot_be_read_refuses_the_upgrade_and_says_what_to_do(String entry, String reason) {
        String stored = "{\"charm\":" + entry + ",\"snap\":{\"version\":\"3\"}}";
        assertThat(VersionCheck.of(Optional.of(stored), DECLARED).refusal()).hasValueSatisfying(error -> {
            assertThat(error.message()).isEqualTo("Versions incompatible, charm " + reason);
            assertThat(error.cause()).endsWith(", charm versions satisfying requirement >1");
            assertThat(error.resolution())
                    .isEqualTo("Correct 'charm.version' in the databag key 'dependencies',"
                            + " or remove 'charm' from it to upgrade without this check");
        });
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {"{|the text ends", "[]|expected an object", "x|line 1"})
    void a_document_that_cannot_be_read_refuses_the_upgrade_and_says_what_to_do(String stored, String problem) {
        assertThat(VersionCheck.of(Optional.of(stored), DECLARED).refusal()).hasValueSatisfying(error -> {
            assertThat(error.message()).isEqualTo("Stored dependencies can not be read");
            assertThat(error.cause()).startsWith("Databag key 'dependencies': ").contains(problem);
            assertThat(error.resolution()).contains("Restore");
        });
    }

    @Test
    void what_could_not_be_compared_or_is_doubtful_is_a_notice() {
        assertThat(notices("")).containsExactly("no dependencies are stored; nothing was compared");
        assertThat(notices("{\"rock\":1,\"snap\":{\"dependencies\":{},\"name\":\"\",\"upgrade_supported\":\"~>3\","
                        + "\"version\":\"3\"}}"))
                .containsExactly(
                        "charm: is not stored; its version was not compared",
                        "snap.upgrade_supported: '~>3' is not a version constraint: at character 1, '~>' is not an"
                                + " operator; write ~ or ~=",
                        "rock: is stored, but no longer declared");
    }

    static List<Object[]> rows() {
        List<Object[]> rows = new ArrayList<>();
        for (Json.Obj row : Vectors.rows("upgrade-supported-check")) {
            rows.add(new Object[] {(long) rows.size() + 1, row});
        }
        return rows;
    }

    private static Json.Obj result(VersionCheck check) {
        return check.refusal()
                .map(error -> Json.object()
                        .put("result", "VersionError")
                        .put("message", error.message())
                        .put("cause", error.cause())
                        .put("resolution", error.resolution())
                        .build())
                .orElseGet(() -> Json.object().put("result", "ok").build());
    }

    private static List<String> notices(String stored) {
        VersionCheck check = VersionCheck.of(Optional.of(stored), DECLARED);
        assertThat(check.refusal()).isEmpty();
        return check.notices().stream().map(VersionCheck.Notice::toString).toList();
    }
}
