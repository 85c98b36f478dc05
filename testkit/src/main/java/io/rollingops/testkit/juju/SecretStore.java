// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import io.rollingops.UnitName;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/** All committed secrets of the model. For one thread. */
final class SecretStore {
    private final Map<String, Secret> secrets = new TreeMap<>();

    Collection<Secret> all() {
        return List.copyOf(secrets.values());
    }

    Optional<Secret> find(String id) {
        return Optional.ofNullable(secrets.get(id));
    }

    /** The secret that this unit, or its application, gave that label. */
    Optional<Secret> ownedWithLabel(UnitName unit, String label) {
        return secrets.values().stream()
                .filter(secret -> secret.belongsTo(unit))
                .filter(secret -> secret.settings().label().equals(Optional.of(label)))
                .findFirst();
    }

    /** The secret that this unit attached that label to as a reader. */
    Optional<Secret> consumedWithLabel(UnitName unit, String label) {
        return secrets.values().stream()
                .filter(secret ->
                        consumer(unit, secret).flatMap(Secret.Consumer::label).equals(Optional.of(label)))
                .findFirst();
    }

    void put(Secret secret) {
        secrets.put(secret.id(), secret);
    }

    void change(String id, UnaryOperator<Secret> change) {
        secrets.computeIfPresent(id, (key, secret) -> change.apply(secret));
    }

    void remove(String id) {
        secrets.remove(id);
    }

    /** Grants live as long as their relation. */
    void relationRemoved(int relation) {
        secrets.replaceAll((id, secret) -> secret.withoutGrantsOf(relation));
    }

    /** A unit's secrets go with it, and so do its claims on others. */
    void unitRemoved(UnitName unit) {
        secrets.values().removeIf(secret -> secret.unit().equals(Optional.of(unit)));
        secrets.replaceAll((id, secret) -> secret.forgottenBy(unit).revokedFrom(unit.toString()));
    }

    void applicationRemoved(String application) {
        secrets.values().removeIf(secret -> secret.application().equals(application));
    }

    /**
     * The hooks about secrets that are due for a unit.
     *
     * @param manages whether the unit may manage the secrets of its application
     * @param announced the newest revision that {@code secret-changed} has told the unit of, by secret
     * @param reported the revisions that {@code secret-remove} has told the unit of, as {@code id/revision}
     */
    List<Hook.OnSecret> hooksFor(
            UnitName unit, boolean manages, Map<String, Integer> announced, Collection<String> reported) {
        List<Hook.OnSecret> hooks = new ArrayList<>();
        for (Secret secret : secrets.values()) {
            Optional<Secret.Consumer> consumer = consumer(unit, secret);
            if (consumer.isPresent()
                    && consumer.get().revision() < secret.latest()
                    && announced.getOrDefault(secret.id(), 0) < secret.latest()) {
                hooks.add(new Hook.OnSecret(
                        Hook.SecretPhase.CHANGED, secret.id(), labelFor(unit, manages, secret), secret.latest()));
            }
        }
        for (Secret secret : secrets.values()) {
            if (managedBy(unit, manages, secret)) {
                for (int revision : secret.revisions().keySet()) {
                    if (secret.obsolete(revision) && !reported.contains(secret.id() + "/" + revision)) {
                        hooks.add(new Hook.OnSecret(
                                Hook.SecretPhase.REMOVE, secret.id(), labelFor(unit, manages, secret), revision));
                    }
                }
            }
        }
        return hooks;
    }

    /** Whether the unit may change the secret: it owns it, or leads the application that does. */
    static boolean managedBy(UnitName unit, boolean leads, Secret secret) {
        return secret.belongsTo(unit) && (secret.unit().isPresent() || leads);
    }

    private static String labelFor(UnitName unit, boolean manages, Secret secret) {
        Optional<String> own = consumer(unit, secret).flatMap(Secret.Consumer::label);
        return own.or(() -> managedBy(unit, manages, secret) ? secret.settings().label() : Optional.empty())
                .orElse("");
    }

    private static Optional<Secret.Consumer> consumer(UnitName unit, Secret secret) {
        return Optional.ofNullable(secret.consumers().get(unit));
    }
}
