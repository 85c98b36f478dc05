// SPDX-License-Identifier: Apache-2.0
package io.rollingops.upgrade;

import io.rollingops.json.Json;
import io.rollingops.json.JsonException;
import io.rollingops.upgrade.UpgradeError.VersionError;
import io.rollingops.version.VersionConstraint;
import io.rollingops.version.VersionSyntaxException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.StringJoiner;

/**
 * Decides whether what is installed may be upgraded to what the new program declares. Never throws, whatever is stored:
 *
 * <ol>
 *   <li>A label on both sides: the stored version must satisfy the declared {@code upgrade_supported}, or the upgrade is
 *       refused. Nothing else of the stored entry matters; what is wrong with the rest of it is a notice.
 *   <li>A label that only the new program has: nothing of that kind was installed as far as is known. Passes, with a
 *       notice. The same for a document that is absent or empty, as after an upgrade from a program that stored none.
 *   <li>A label that only the store has: the part is gone. Passes, with a notice.
 *   <li>A stored version that cannot be read, or a document that cannot: refused, with the place and a way out.
 * </ol>
 *
 * <p>The original crashes in cases 2 and 4, and in case 1 if anything in the stored entry is not valid; then the hook
 * that ran it is retried for ever. All refusals are collected; those of case 1 have its texts. A lower version is no
 * obstacle: it is the way back.
 *
 * @param refusal why the upgrade must not go on; empty when it may
 * @param notices what a person should know, but nothing depends on
 */
public record VersionCheck(Optional<VersionError> refusal, List<Notice> notices) {
    private static final String KEY = "dependencies";

    public VersionCheck {
        notices = List.copyOf(notices);
    }

    /**
     * Something about the stored document.
     *
     * @param place the label, or label and field; empty for the document as a whole
     */
    public record Notice(String place, String text) {
        @Override
        public String toString() {
            return place.isEmpty() ? text : place + ": " + text;
        }
    }

    /**
     * Compares the stored document with the declared one.
     *
     * @param stored the value of the databag key {@code dependencies}; empty when there is none
     */
    public static VersionCheck of(Optional<String> stored, DependencyDocument declared) {
        if (stored.isEmpty() || stored.get().isEmpty()) {
            return new VersionCheck(
                    Optional.empty(), List.of(new Notice("", "no dependencies are stored; nothing was compared")));
        }
        Map<String, Json> entries;
        try {
            entries = DependencyDocument.entries(stored.get());
        } catch (JsonException e) {
            return new VersionCheck(Optional.of(unreadable(e)), List.of());
        }
        List<Notice> notices = new ArrayList<>();
        List<Refusal> refusals = new ArrayList<>();
        declared.models().forEach((label, model) -> {
            Optional<Json> entry = Optional.ofNullable(entries.get(label));
            if (entry.isEmpty()) {
                notices.add(new Notice(label, "is not stored; its version was not compared"));
            } else {
                notices.addAll(doubts(label, entry.get()));
                compare(label, entry.get(), model).ifPresent(refusals::add);
            }
        });
        for (String label : entries.keySet()) {
            if (!declared.models().containsKey(label)) {
                notices.add(new Notice(label, "is stored, but no longer declared"));
            }
        }
        return new VersionCheck(error(refusals), notices);
    }

    /** Why one label stands in the way. */
    private record Refusal(String label, String reason, String requirement, String resolution) {}

    private static Optional<Refusal> compare(String label, Json entry, DependencyModel model) {
        String requirement = model.upgradeSupported();
        String resolution = "Correct '" + label + ".version' in the databag key '" + KEY + "', or remove '" + label
                + "' from it to upgrade without this check";
        Optional<String> version = storedVersion(entry);
        if (version.isEmpty()) {
            return Optional.of(new Refusal(label, "has no stored version", requirement, resolution));
        }
        try {
            return VersionConstraint.verifyRequirements(version.get(), requirement)
                    ? Optional.empty()
                    : Optional.of(new Refusal(
                            label, version.get() + " can not be upgraded to " + model.version(), requirement, ""));
        } catch (VersionSyntaxException.InvalidVersion e) {
            return Optional.of(
                    new Refusal(label, "has a stored version that can not be read", requirement, resolution));
        }
    }

    private static Optional<String> storedVersion(Json entry) {
        return entry instanceof Json.Obj fields
                        && fields.find("version").orElse(Json.Null.INSTANCE) instanceof Json.Str text
                ? Optional.of(text.value())
                : Optional.empty();
    }

    /** What else is wrong with a stored entry. */
    private static List<Notice> doubts(String label, Json entry) {
        try {
            DependencyModel.of(entry);
            return List.of();
        } catch (InvalidDependencies e) {
            return e.defects().stream()
                    .map(defect -> new Notice(defect.under(label).place(), defect.problem()))
                    .toList();
        }
    }

    private static Optional<VersionError> error(List<Refusal> refusals) {
        if (refusals.isEmpty()) {
            return Optional.empty();
        }
        StringBuilder message = new StringBuilder("Versions incompatible");
        StringBuilder cause = new StringBuilder("Upgrades only supported for specific versions");
        StringJoiner resolution = new StringJoiner("; ");
        for (Refusal refusal : refusals) {
            message.append(", ").append(refusal.label).append(' ').append(refusal.reason);
            cause.append(", ")
                    .append(refusal.label)
                    .append(" versions satisfying requirement ")
                    .append(refusal.requirement);
            if (!refusal.resolution.isEmpty()) {
                resolution.add(refusal.resolution);
            }
        }
        return Optional.of(new VersionError(message.toString(), cause.toString(), resolution.toString()));
    }

    private static VersionError unreadable(JsonException e) {
        return new VersionError(
                "Stored dependencies can not be read",
                "Databag key '" + KEY + "': " + e.getMessage(),
                "Restore the value of '" + KEY + "', or remove it to upgrade without this check");
    }
}
