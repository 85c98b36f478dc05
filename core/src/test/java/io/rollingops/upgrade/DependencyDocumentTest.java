// SPDX-License-Identifier: Apache-2.0
package io.rollingops.upgrade;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.rollingops.json.JsonException;
import io.rollingops.json.JsonText;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The golden file comes from pydantic 1; {@code src/test/python/make_dependency_golden.py} made it. */
class DependencyDocumentTest {

    @ParameterizedTest
    @MethodSource("golden")
    void a_document_has_the_bytes_of_the_original(String wire) {
        assertThat(DependencyDocument.read(wire).write()).isEqualTo(wire);
        assertThat(DependencyDocument.read(JsonText.write(JsonText.parse(wire))).write())
                .isEqualTo(wire);
    }

    @Test
    void labels_and_dependencies_keep_the_order_of_declaration() {
        Map<String, String> needed = new LinkedHashMap<>();
        needed.put("zookeeper", "^3.6");
        needed.put("a", "*");
        Map<String, DependencyModel> models = new LinkedHashMap<>();
        models.put("snap", new DependencyModel(needed, "svc", "^3", "3.3.2"));
        models.put("charm", new DependencyModel(Map.of(), "app", ">0", "2"));

        DependencyDocument document = new DependencyDocument(models);
        needed.clear();
        models.clear();

        assertThat(document.write())
                .isEqualTo("{\"snap\": {\"dependencies\": {\"zookeeper\": \"^3.6\", \"a\": \"*\"}, \"name\": \"svc\","
                        + " \"upgrade_supported\": \"^3\", \"version\": \"3.3.2\"}, \"charm\": {\"dependencies\": {},"
                        + " \"name\": \"app\", \"upgrade_supported\": \">0\", \"version\": \"2\"}}");
        assertThat(DependencyDocument.read(document.write())).isEqualTo(document);
    }

    @Test
    void a_defect_names_label_field_and_value() {
        assertThatThrownBy(() -> DependencyDocument.read(
                        "{\"charm\":{\"dependencies\":{\"zk\":\"1.x\"},\"name\":\"app\",\"upgrade_supported\":\">0\","
                                + "\"version\":\"2\"},\"snap\":{\"dependencies\":{},\"name\":\"svc\",\"version\":\"1\"},"
                                + "\"rock\":7}"))
                .isInstanceOf(InvalidDependencies.class)
                .hasMessage(
                        "charm.dependencies.zk: '1.x' is not a version constraint: at character 2, '.x' cannot stand"
                                + " here; write '.*' for any number; snap.upgrade_supported: is missing"
                                + "; rock: must be an object, not the number 7");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "[]", "null", "{", "{\"charm\":{},\"charm\":{}}"})
    void what_is_no_object_is_an_error(String text) {
        assertThatThrownBy(() -> DependencyDocument.read(text)).isInstanceOf(JsonException.class);
    }

    @Test
    void a_document_is_read_up_to_the_limit_and_not_one_character_further() {
        String blanks = " ".repeat(DependencyDocument.MAX_CHARS - 2);
        assertThat(DependencyDocument.read(blanks + "{}").models()).isEmpty();
        assertThatThrownBy(() -> DependencyDocument.read(blanks + " {}"))
                .isInstanceOf(JsonException.class)
                .hasMessageContaining("over the limit of 65536");
    }

    static Stream<String> golden() {
        return Vectors.lines("/golden/dependencies.txt");
    }
}
