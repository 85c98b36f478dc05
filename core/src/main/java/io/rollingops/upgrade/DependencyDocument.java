// SPDX-License-Identifier: Apache-2.0
package io.rollingops.upgrade;

import io.rollingops.json.Json;
import io.rollingops.json.JsonException;
import io.rollingops.json.JsonText;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What an application declares: one model for each of its parts, under free labels such as {@code charm} and
 * {@code snap}, in the order of declaration. It is stored under the key {@code dependencies} of the application databag,
 * and there it is byte for byte that of the original.
 */
public record DependencyDocument(Map<String, DependencyModel> models) {
    /** The longest text that is read. */
    public static final int MAX_CHARS = 1 << 16;

    public DependencyDocument {
        models = Collections.unmodifiableMap(new LinkedHashMap<>(models));
    }

    /**
     * Reads a document.
     *
     * @throws JsonException when the text is no JSON object
     * @throws InvalidDependencies naming label, field and value of everything that is wrong
     */
    public static DependencyDocument read(String text) {
        Map<String, DependencyModel> models = new LinkedHashMap<>();
        List<Defect> defects = new ArrayList<>();
        entries(text).forEach((label, value) -> {
            try {
                models.put(label, DependencyModel.of(value));
            } catch (InvalidDependencies e) {
                e.defects().forEach(defect -> defects.add(defect.under(label)));
            }
        });
        if (!defects.isEmpty()) {
            throw new InvalidDependencies(defects);
        }
        return new DependencyDocument(models);
    }

    /** The text for the databag. */
    public String write() {
        Json.ObjectBuilder object = Json.object();
        models.forEach((label, model) -> object.put(label, model.toJson()));
        return PythonJson.write(object.build());
    }

    /** The entries of a document, which need not be valid models. */
    static Map<String, Json> entries(String text) {
        if (text.length() > MAX_CHARS) {
            throw new JsonException(
                    "the document is " + text.length() + " characters long, over the limit of " + MAX_CHARS);
        }
        return JsonText.parseObject(text).members();
    }
}
