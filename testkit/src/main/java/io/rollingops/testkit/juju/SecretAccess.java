// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import io.rollingops.UnitName;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;

/**
 * Secrets as one hook sees them. A secret that it adds can be read, set and granted at once, and exists for others only
 * after the commit; reading acts on the model at once, since the first read pins a revision.
 */
final class SecretAccess {
    private final HookContext context;
    private final UnitName unit;
    private final SecretStore store;
    /** The secrets that this unit could change when the hook began: its own, and the application's for the leader. */
    private final Set<String> managed = new HashSet<>();

    private final Map<String, SecretChange.Create> creates = new LinkedHashMap<>();
    private final Map<String, SecretChange.Update> updates = new LinkedHashMap<>();
    private final List<SecretChange> others = new ArrayList<>();

    /** What may be told about a secret to the unit that manages it. */
    record Info(
            String id, int revision, boolean ofApplication, Secret.Settings settings, Map<String, Integer> grants) {}

    SecretAccess(HookContext context) {
        this.context = context;
        this.unit = context.unit.name;
        this.store = context.model.secrets;
        boolean leads = context.unit.app.believesToLead(unit);
        for (Secret secret : store.all()) {
            if (SecretStore.managedBy(unit, leads, secret)) {
                managed.add(secret.id());
            }
        }
    }

    String add(boolean ofApplication, Secret.Settings settings, Map<String, String> content) throws CommandFailure {
        if (ofApplication) {
            requireLeadership();
        }
        String label = settings.label().orElse("");
        if (!label.isEmpty() && pendingWithLabel(label).isPresent()) {
            throw CommandFailure.failed("secret with label \"" + label + "\" already exists");
        }
        String id = context.model.newSecretId();
        creates.put(id, new SecretChange.Create(id, ofApplication, settings, content));
        return id;
    }

    void set(String id, Secret.Settings settings, Optional<Map<String, String>> content) throws CommandFailure {
        SecretChange.Create created = creates.get(id);
        if (created != null) {
            creates.put(
                    id,
                    new SecretChange.Create(
                            id,
                            created.ofApplication(),
                            created.settings().overlaidWith(settings),
                            content.orElse(created.content())));
            return;
        }
        requireStillLeading(id);
        SecretChange.Update before =
                updates.getOrDefault(id, new SecretChange.Update(id, Secret.Settings.NONE, Optional.empty()));
        updates.put(
                id, new SecretChange.Update(id, before.settings().overlaidWith(settings), content.or(before::content)));
    }

    void grant(String id, String target, int relation) throws CommandFailure {
        if (!creates.containsKey(id) && !managed.contains(id)) {
            throw notFound(id);
        }
        others.add(new SecretChange.Grant(id, target, relation));
    }

    void revoke(String id, String target) throws CommandFailure {
        requireStillLeading(id);
        others.add(new SecretChange.Revoke(id, target));
    }

    void remove(String id, OptionalInt revision) throws CommandFailure {
        requireStillLeading(id);
        if (creates.remove(id) == null) {
            others.add(new SecretChange.Remove(id, revision));
        }
    }

    /** How a secret is read. */
    enum Reading {
        /** The revision that this unit has read before; the newest one, the first time. */
        TRACKED,
        /** The newest revision, and from now on this one. */
        REFRESH,
        /** The newest revision, once. */
        PEEK
    }

    /** Reads by id, and attaches the label if there is one; or reads by label alone. */
    Map<String, String> get(Optional<String> id, Optional<String> label, Reading reading) throws CommandFailure {
        String found = id.isPresent() ? id.get() : idWithLabel(label.orElseThrow());
        SecretChange.Create created = creates.get(found);
        if (created != null) {
            return created.content();
        }
        Secret secret = store.find(found).orElseThrow(() -> notFound(found));
        if (!secret.readableBy(unit)) {
            throw CommandFailure.failed("permission denied");
        }
        Optional<Map<String, String>> pending =
                Optional.ofNullable(updates.get(found)).flatMap(SecretChange.Update::content);
        if (pending.isPresent() && reading != Reading.TRACKED) {
            if (reading == Reading.REFRESH) {
                others.add(new SecretChange.Track(found));
            }
            return pending.get();
        }
        return read(secret, id.isPresent() ? label : Optional.empty(), reading);
    }

    private Map<String, String> read(Secret secret, Optional<String> newLabel, Reading reading) {
        Optional<Secret.Consumer> before =
                Optional.ofNullable(secret.consumers().get(unit));
        int revision = reading == Reading.TRACKED
                ? before.map(Secret.Consumer::revision).orElse(secret.latest())
                : secret.latest();
        Optional<String> label = newLabel.or(() -> before.flatMap(Secret.Consumer::label));
        if (reading != Reading.PEEK) {
            store.put(secret.readBy(unit, new Secret.Consumer(label, revision)));
        } else if (before.isPresent()) {
            store.put(
                    secret.readBy(unit, new Secret.Consumer(label, before.get().revision())));
        }
        return secret.content(revision);
    }

    /** What this unit may know of a secret that it manages. */
    Info info(Optional<String> id, Optional<String> label) throws CommandFailure {
        String found = id.isPresent() ? id.get() : idWithLabel(label.orElseThrow());
        SecretChange.Create created = creates.get(found);
        if (created != null) {
            return new Info(found, 1, created.ofApplication(), created.settings(), grantsOf(found, Map.of()));
        }
        if (!managed.contains(found)) {
            throw notFound(found);
        }
        Secret secret = store.find(found).orElseThrow(() -> notFound(found));
        SecretChange.Update update =
                updates.getOrDefault(found, new SecretChange.Update(found, Secret.Settings.NONE, Optional.empty()));
        return new Info(
                found,
                secret.latest(),
                secret.unit().isEmpty(),
                secret.settings().overlaidWith(update.settings()),
                grantsOf(found, secret.grants()));
    }

    /** The secrets that this unit manages, the new ones of this hook among them. */
    List<String> ids() {
        List<String> ids = new ArrayList<>(creates.keySet());
        store.all().stream().map(Secret::id).filter(managed::contains).forEach(ids::add);
        return ids;
    }

    List<SecretChange> changes() {
        List<SecretChange> all = new ArrayList<>(creates.values());
        all.addAll(updates.values());
        all.addAll(others);
        return all;
    }

    private Map<String, Integer> grantsOf(String id, Map<String, Integer> committed) {
        Map<String, Integer> grants = new TreeMap<>(committed);
        for (SecretChange change : others) {
            if (change instanceof SecretChange.Grant grant && grant.id().equals(id)) {
                grants.put(grant.target(), grant.relation());
            } else if (change instanceof SecretChange.Revoke revoke
                    && revoke.id().equals(id)) {
                grants.remove(revoke.target());
            }
        }
        return grants;
    }

    private String idWithLabel(String label) throws CommandFailure {
        return pendingWithLabel(label)
                .or(() -> store.ownedWithLabel(unit, label).map(Secret::id))
                .or(() -> store.consumedWithLabel(unit, label).map(Secret::id))
                .orElseThrow(() -> CommandFailure.failed("secret with label \"" + label + "\" not found"));
    }

    private Optional<String> pendingWithLabel(String label) {
        return creates.values().stream()
                .filter(create -> create.settings().label().equals(Optional.of(label)))
                .map(SecretChange.Create::id)
                .findFirst();
    }

    /** Leadership lost since the hook began shows here; what was never ours is refused at the commit only. */
    private void requireStillLeading(String id) throws CommandFailure {
        boolean ofApplication =
                store.find(id).filter(secret -> secret.unit().isEmpty()).isPresent();
        if (ofApplication && managed.contains(id)) {
            requireLeadership();
        }
    }

    private void requireLeadership() throws CommandFailure {
        if (!context.isLeader()) {
            throw CommandFailure.failed("this unit is not the leader");
        }
    }

    private static CommandFailure notFound(String id) {
        return CommandFailure.failed("secret \"" + id + "\" not found");
    }
}
