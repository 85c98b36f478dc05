// SPDX-License-Identifier: Apache-2.0
package io.rollingops.upgrade;

import io.rollingops.json.Json;
import io.rollingops.version.Version;
import io.rollingops.version.VersionConstraint;
import io.rollingops.version.VersionSyntaxException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * What one part of an application, such as its charm or its workload, declares about its version. The texts are kept as
 * they were written. A model cannot be made unless all of them can be read, and the version satisfies its own
 * {@code upgradeSupported}; so an upgrade to the same version is always possible, and with it the way back.
 *
 * @param dependencies the other applications that it needs, by name, with the versions that will do
 * @param name what the part is called; compared with nothing
 * @param upgradeSupported the versions of this part that may be upgraded to this one
 * @param version its version
 */
public record DependencyModel(Map<String, String> dependencies, String name, String upgradeSupported, String version) {

    public DependencyModel {
        dependencies = Collections.unmodifiableMap(new LinkedHashMap<>(dependencies));
        List<Defect> defects = new ArrayList<>();
        dependencies.forEach((application, requirement) ->
                read("dependencies." + application, requirement, VersionConstraint::parse, defects));
        Optional<VersionConstraint> supported =
                read("upgrade_supported", upgradeSupported, VersionConstraint::parse, defects);
        Optional<Version> own = read("version", version, Version::parse, defects);
        if (supported.isPresent() && own.isPresent() && !supported.get().allows(own.get())) {
            defects.add(Defect.of(
                    "upgrade_supported",
                    "'" + upgradeSupported + "' does not allow the own version '" + version + "'"));
        }
        if (!defects.isEmpty()) {
            throw new InvalidDependencies(defects);
        }
    }

    /**
     * Reads a model; members that it does not know are ignored. The original makes texts of numbers, and so reads
     * {@code 14.10} as {@code 14.1}; here a number is no text.
     *
     * @throws InvalidDependencies naming every field that is wrong, with its value
     */
    static DependencyModel of(Json value) {
        if (!(value instanceof Json.Obj fields)) {
            throw new InvalidDependencies(List.of(Defect.of("", "must be an object, not " + value.kind())));
        }
        List<Defect> defects = new ArrayList<>();
        Json.Obj needed = Json.Obj.EMPTY;
        Optional<Json> member = fields.find("dependencies");
        if (member.isPresent() && member.get() instanceof Json.Obj object) {
            needed = object;
        } else {
            defects.add(Defect.missingOrNot("an object", "dependencies", member));
        }
        Map<String, String> dependencies = new LinkedHashMap<>();
        for (String application : needed.members().keySet()) {
            dependencies.put(application, text(needed, application, "dependencies." + application, defects));
        }
        String name = text(fields, "name", "name", defects);
        String upgradeSupported = text(fields, "upgrade_supported", "upgrade_supported", defects);
        String version = text(fields, "version", "version", defects);
        if (!defects.isEmpty()) {
            throw new InvalidDependencies(defects);
        }
        return new DependencyModel(dependencies, name, upgradeSupported, version);
    }

    /** Whether this one, being installed, may be upgraded to that one. Nothing but the two fields decides. */
    public boolean canUpgrade(DependencyModel newer) {
        return VersionConstraint.verifyRequirements(version, newer.upgradeSupported);
    }

    /** The members in the order of the original. */
    Json.Obj toJson() {
        Json.ObjectBuilder needed = Json.object();
        dependencies.forEach(needed::put);
        return Json.object()
                .put("dependencies", needed.build())
                .put("name", name)
                .put("upgrade_supported", upgradeSupported)
                .put("version", version)
                .build();
    }

    private static <T> Optional<T> read(String field, String text, Function<String, T> reader, List<Defect> defects) {
        try {
            return Optional.of(reader.apply(text));
        } catch (VersionSyntaxException e) {
            defects.add(Defect.of(field, String.valueOf(e.getMessage())));
            return Optional.empty();
        }
    }

    private static String text(Json.Obj object, String member, String field, List<Defect> defects) {
        Optional<Json> value = object.find(member);
        if (value.isPresent() && value.get() instanceof Json.Str text) {
            return text.value();
        }
        defects.add(Defect.missingOrNot("a string", field, value));
        return "";
    }
}
