// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import io.rollingops.UnitName;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The part of a commit that concerns secrets: all of it is checked, and then applied. */
final class SecretCommit {
    private final SecretStore secrets;
    private final UnitName unit;
    private final boolean leads;

    /**
     * The commit of one unit.
     *
     * @param leads whether the unit holds the lease now
     */
    SecretCommit(SecretStore secrets, UnitName unit, boolean leads) {
        this.secrets = secrets;
        this.unit = unit;
        this.leads = leads;
    }

    void check(List<SecretChange> changes) throws CommitRefused {
        Set<String> created = new HashSet<>();
        for (SecretChange change : changes) {
            if (change instanceof SecretChange.Create create) {
                if (create.ofApplication() && !leads) {
                    throw new CommitRefused("checking leadership continuity: \"" + unit + "\" is not leader of \""
                            + unit.application() + "\"");
                }
                created.add(create.id());
                checkLabel(create.id(), create.settings().label());
            } else if (!(change instanceof SecretChange.Track) && !created.contains(change.id())) {
                Optional<Secret> secret = secrets.find(change.id());
                if (secret.isEmpty()) {
                    throw new CommitRefused("secret \"" + change.id() + "\" not found");
                }
                if (!SecretStore.managedBy(unit, leads, secret.get())) {
                    throw new CommitRefused("permission denied");
                }
                if (change instanceof SecretChange.Update update) {
                    checkLabel(update.id(), update.settings().label());
                }
            }
        }
    }

    private void checkLabel(String id, Optional<String> label) throws CommitRefused {
        Optional<Secret> other = label.flatMap(text -> secrets.ownedWithLabel(unit, text));
        if (other.isPresent() && !other.get().id().equals(id)) {
            throw new CommitRefused("secret with label \"" + label.get() + "\" already exists");
        }
    }

    void apply(List<SecretChange> changes) {
        changes.forEach(this::apply);
    }

    private void apply(SecretChange change) {
        if (change instanceof SecretChange.Create create) {
            secrets.put(Secret.create(
                    create.id(),
                    unit.application(),
                    create.ofApplication() ? Optional.empty() : Optional.of(unit),
                    create.settings(),
                    create.content()));
        } else if (change instanceof SecretChange.Update update) {
            secrets.change(update.id(), secret -> secret.updated(update.settings(), update.content()));
        } else if (change instanceof SecretChange.Grant grant) {
            secrets.change(grant.id(), secret -> secret.grantedTo(grant.target(), grant.relation()));
        } else if (change instanceof SecretChange.Revoke revoke) {
            secrets.change(revoke.id(), secret -> secret.revokedFrom(revoke.target()));
        } else if (change instanceof SecretChange.Track track) {
            secrets.change(track.id(), this::tracked);
        } else if (change instanceof SecretChange.Remove remove) {
            remove(remove);
        }
    }

    private Secret tracked(Secret secret) {
        Optional<String> label =
                Optional.ofNullable(secret.consumers().get(unit)).flatMap(Secret.Consumer::label);
        return secret.readBy(unit, new Secret.Consumer(label, secret.latest()));
    }

    /** Removing the last revision removes the secret. */
    private void remove(SecretChange.Remove remove) {
        Optional<Secret> secret = secrets.find(remove.id());
        boolean whole = remove.revision().isEmpty()
                || secret.filter(s -> s.revisions().size() == 1).isPresent();
        if (whole) {
            secrets.remove(remove.id());
        } else {
            secrets.change(remove.id(), s -> s.withoutRevision(remove.revision().getAsInt()));
        }
    }
}
