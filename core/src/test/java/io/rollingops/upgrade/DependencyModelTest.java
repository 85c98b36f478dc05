// SPDX-License-Identifier: Apache-2.0
package io.rollingops.upgrade;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rollingops.json.Json;
import io.rollingops.json.JsonText;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The rows come from the original, run with poetry-core 2.3.2. */
class DependencyModelTest {

    @ParameterizedTest
    @MethodSource("models")
    void a_model_is_valid_or_says_why_not(Json.Obj row) {
        Json.Obj model = row.object("model");
        if (row.bool("valid")) {
            assertThat(DependencyModel.of(model).toJson().members())
                    .allSatisfy((field, value) -> assertThat(value).isEqualTo(model.get(field)));
        } else {
            assertThatThrownBy(() -> DependencyModel.of(model))
                    .isInstanceOfSatisfying(
                            InvalidDependencies.class,
                            e -> assertThat(e.defects())
                                    .singleElement()
                                    .satisfies(
                                            defect -> assertThat(reason(defect)).isEqualTo(row.string("reason"))));
        }
    }

    @ParameterizedTest
    @MethodSource("pairs")
    void one_model_can_be_upgraded_to_the_other_or_not(Json.Obj row) {
        DependencyModel old = DependencyModel.of(row.get("old"));
        assertThat(old.canUpgrade(DependencyModel.of(row.get("new")))).isEqualTo(row.bool("expected"));
    }

    @Test
    void all_defects_are_told_at_once_with_field_and_value() {
        assertThatThrownBy(() -> new DependencyModel(Map.of("zookeeper", "balrog"), "kafka", "=>1", "latest"))
                .isInstanceOf(InvalidDependencies.class)
                .hasMessage("dependencies.zookeeper: 'balrog' is not a version constraint: at character 1, a number was"
                        + " expected, not 'balrog'; write it like 1.2.3, 1.2rc1 or 1.2.post1"
                        + "; upgrade_supported: '=>1' is not a version constraint: at character 1, '=>' is not an"
                        + " operator; write >="
                        + "; version: 'latest' is not a version: at character 1, a number was expected, not 'latest';"
                        + " write it like 1.2.3, 1.2rc1 or 1.2.post1");
    }

    @Test
    void a_version_must_satisfy_its_own_requirement() {
        assertThatThrownBy(() -> new DependencyModel(Map.of(), "kafka", "<7", "7"))
                .isInstanceOf(InvalidDependencies.class)
                .hasMessage("upgrade_supported: '<7' does not allow the own version '7'");
    }

    @Test
    void a_field_that_is_missing_or_of_the_wrong_kind_is_named() {
        assertThat(defects("{\"dependencies\":[],\"name\":null,\"version\":14.10}"))
                .containsExactly(
                        "dependencies: must be an object, not an array",
                        "name: must be a string, not null",
                        "upgrade_supported: is missing",
                        "version: must be a string, not the number 14.1");
        assertThat(defects("{\"dependencies\":{\"zk\":3},\"name\":\"\",\"upgrade_supported\":\"*\",\"version\":\"1\"}"))
                .containsExactly("dependencies.zk: must be a string, not the number 3");
        assertThat(defects("[]")).containsExactly("must be an object, not an array");
    }

    static List<Json.Obj> models() {
        return Vectors.rows("dependency-models");
    }

    static List<Json.Obj> pairs() {
        return Vectors.rows("can-upgrade");
    }

    private static Stream<String> defects(String json) {
        try {
            DependencyModel.of(JsonText.parse(json));
            return Stream.of();
        } catch (InvalidDependencies e) {
            return e.defects().stream().map(Defect::toString);
        }
    }

    /** Our defect in the words of the vectors. */
    private static String reason(Defect defect) {
        if (defect.problem().equals("is missing")) {
            return "missing:" + defect.field();
        } else if (defect.problem().contains("does not allow the own version")) {
            return "version-not-supported-by-own-upgrade_supported";
        }
        return defect.field().equals("version")
                ? "bad-version"
                : "bad:" + defect.field().split("\\.", 2)[0];
    }
}
