// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import io.rollingops.juju.CharmEvent.OnSecret;
import io.rollingops.juju.CharmEvent.SecretPhase;
import io.rollingops.juju.HookCommands.Level;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The part of hooks that gets a unit its access to etcd: nothing here talks to etcd itself.
 *
 * <p>The leader makes the application's certificate and asks the provider of etcd to admit it ({@link EtcdLeader}); each unit
 * writes the certificate and the provider's answer into its folder ({@link EtcdUnit}), also when either is replaced. What
 * fails is told once, costs the access at most, and is tried again in one of the next hooks; it never fails a hook. A
 * provider admits one set of keys for one application, so another cluster id takes effect when the relation is made anew;
 * until then there is no access.
 *
 * <p>Secrets are recognised by their ids: only the leader sees the label of the application's secret.
 */
final class EtcdRelation {
    private final HookRuntime runtime;
    private final EtcdSettings settings;
    private final EtcdHook now;
    private final EtcdFiles files;
    private final EtcdUnit unit;
    private final EtcdLeader leader;

    EtcdRelation(HookRuntime runtime, EtcdSettings settings, String peerRelation, UnitFolder folder) {
        this.runtime = runtime;
        this.settings = settings;
        this.now = new EtcdHook(runtime, settings.relation(), peerRelation);
        this.files = new EtcdFiles(folder.path());
        this.unit = new EtcdUnit(runtime, now, files);
        this.leader = new EtcdLeader(runtime, now, settings, files, unit);
    }

    /** The peer relation as the present hook found it. */
    record Peers(RelationId relation, boolean leads, Map<String, String> application) {
        Optional<String> secret() {
            return Optional.ofNullable(application.get(EtcdLeader.POINTER));
        }
    }

    /** The hooks that it needs. */
    static Set<String> observedHooks(EtcdSettings settings) {
        return EtcdHook.observed(settings.relation());
    }

    /** Whether the present hook may need anything. A secret that is none of ours does not. */
    boolean isObserved() {
        CharmEvent event = runtime.event();
        if (event instanceof OnSecret secret) {
            return isOurs(secret);
        }
        return !(event instanceof CharmEvent.OnAction)
                && observedHooks(settings).contains(event.hookName());
    }

    /** The endpoint whose relations will be asked for in the present hook, so that it can be asked together with others. */
    Optional<String> endpoint() {
        return now.isThorough() && !now.isAtEtcd() ? Optional.of(settings.relation()) : Optional.empty();
    }

    /** What even a unit that leaves, or has no peer relation, does: forgets an etcd that it is no longer related to. */
    void forgetBroken() {
        if (now.isBroken()) {
            try {
                Optional<EtcdAnswer.Known> known = EtcdAnswer.Known.read(files);
                if (known.map(EtcdAnswer.Known::relation).equals(Optional.of(now.itself())) || known.isEmpty()) {
                    unit.forget();
                }
            } catch (IOException e) {
                runtime.log(Level.ERROR, "the files about etcd cannot be removed: " + e.getMessage());
            }
        }
    }

    /**
     * Takes the unit's steps and those of a leader.
     *
     * @param peers empty while there is no peer relation
     * @param mayLead whether the leader's steps may be taken in this hook
     * @return whether the leader has written something that the present hook must not mix with a grant (rule G3)
     */
    boolean advance(Hook hook, Optional<Peers> peers, boolean mayLead) {
        try {
            if (runtime.event() instanceof OnSecret secret) {
                return onSecret(hook, secret, peers);
            }
            peers.flatMap(Peers::secret).ifPresent(secret -> unit.followCertificate(secret, now.isThorough()));
            if (!now.isThorough() || now.isBroken()) {
                return false;
            }
            Optional<String> clusterId = settings.clusterId(hook);
            unit.followAnswer(clusterId);
            boolean leads = mayLead && peers.isPresent() && peers.get().leads();
            return leads && clusterId.isPresent() && leader.lead(peers.get(), clusterId.get());
        } catch (IOException e) {
            runtime.log(Level.ERROR, "the files about etcd cannot be read or written: " + e.getMessage());
        } catch (HookCommandException e) {
            runtime.log(Level.ERROR, "etcd: " + e.getMessage());
        }
        return false;
    }

    // --- secrets

    private boolean isOurs(OnSecret event) {
        if (event.phase() == SecretPhase.REMOVE) {
            String label = event.label().orElse("");
            return label.equals(EtcdLeader.LABEL)
                    || (label.startsWith(settings.relation() + ".") && label.endsWith(".mtls.secret"));
        }
        return event.phase() == SecretPhase.CHANGED && (isCertificate(event) || isAuthority(event));
    }

    private boolean isCertificate(OnSecret event) {
        return KnownCertificate.read(files)
                .filter(known -> isSame(known.secret(), event.id()))
                .isPresent();
    }

    private boolean isAuthority(OnSecret event) {
        return EtcdAnswer.Known.read(files)
                .filter(known -> isSame(known.secret(), event.id()))
                .isPresent();
    }

    /** Ids come with a scheme, a model's UUID, both, or neither. */
    static boolean isSame(String one, String other) {
        return !one.isEmpty() && bare(one).equals(bare(other));
    }

    private static String bare(String id) {
        return id.substring(Math.max(id.lastIndexOf(':'), id.lastIndexOf('/')) + 1);
    }

    /** Says whether it has written something of the application's. */
    private boolean onSecret(Hook hook, OnSecret event, Optional<Peers> peers) throws IOException {
        if (!isOurs(event)) {
            return false;
        } else if (event.phase() == SecretPhase.REMOVE) {
            boolean leads = peers.filter(Peers::leads).isPresent(); // no longer, perhaps, when the hook is tried again
            if (leads) {
                leader.forgetRevision(peers.get(), event);
            }
            return leads;
        }
        if (isCertificate(event)) {
            files.secret().delete(); // whatever fails from here on, the next hooks read the secret again
            peers.flatMap(Peers::secret).ifPresent(secret -> unit.followCertificate(secret, true));
        }
        if (isAuthority(event)) {
            unit.followAnswer(settings.clusterId(hook));
        }
        return false;
    }
}
