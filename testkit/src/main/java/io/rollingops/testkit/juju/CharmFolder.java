// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import io.rollingops.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Reads what a charm folder says about its charm: {@code metadata.yaml}, {@code config.yaml} and {@code actions.yaml}, the
 * last two if they are there. It must lie as Juju unpacks it; {@code charmcraft.yaml} is for the packing only.
 */
final class CharmFolder {

    private CharmFolder() {}

    /**
     * The charm's metadata.
     *
     * @throws IOException when the folder has no metadata or a file cannot be read
     * @throws IllegalArgumentException when a file is not what it should be
     */
    static CharmMetadata read(Path folder) throws IOException {
        Json.Obj metadata = load(folder.resolve("metadata.yaml"))
                .orElseThrow(() -> new IOException(folder + " has no metadata.yaml"));
        Json.Obj config = load(folder.resolve("config.yaml")).orElse(Json.Obj.EMPTY);
        Json.Obj actions = load(folder.resolve("actions.yaml")).orElse(Json.Obj.EMPTY);
        return new CharmMetadata(
                metadata.string("name"),
                endpoints(child(metadata, "peers")),
                endpoints(child(metadata, "requires")),
                endpoints(child(metadata, "provides")),
                options(child(config, "options")),
                defaultsOf(actions));
    }

    private static Map<String, String> endpoints(Json.Obj section) {
        Map<String, String> endpoints = new LinkedHashMap<>();
        for (String endpoint : section.members().keySet()) {
            endpoints.put(endpoint, section.object(endpoint).string("interface"));
        }
        return endpoints;
    }

    private static Map<String, Optional<Json>> options(Json.Obj section) {
        Map<String, Optional<Json>> options = new LinkedHashMap<>();
        for (String option : section.members().keySet()) {
            options.put(option, child(section, option).find("default"));
        }
        return options;
    }

    private static Map<String, Json.Obj> defaultsOf(Json.Obj actions) {
        Map<String, Json.Obj> defaults = new LinkedHashMap<>();
        for (String action : actions.members().keySet()) {
            Json.Obj parameters = child(child(actions, action), "params");
            Json.ObjectBuilder values = Json.object();
            for (String parameter : parameters.members().keySet()) {
                child(parameters, parameter).find("default").ifPresent(value -> values.put(parameter, value));
            }
            defaults.put(action, values.build());
        }
        return defaults;
    }

    private static Json.Obj child(Json.Obj parent, String name) {
        return parent.find(name)
                .filter(Json.Obj.class::isInstance)
                .map(Json.Obj.class::cast)
                .orElse(Json.Obj.EMPTY);
    }

    private static Optional<Json.Obj> load(Path file) {
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        try {
            if (YamlText.parse(Files.readString(file)) instanceof Json.Obj object) {
                return Optional.of(object);
            }
        } catch (IOException e) {
            throw new IllegalArgumentException("cannot read " + file, e);
        }
        throw new IllegalArgumentException(file + " must hold a YAML map");
    }
}
