// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import io.rollingops.juju.CharmEvent.OnSecret;
import io.rollingops.juju.HookCommands.Level;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * What the leader does for its application's access to etcd: makes one certificate, shares it as a secret, and asks the
 * provider of etcd to admit who shows it. The certificate is there before the request is written; a request without one, as
 * the original may leave it, is written again (defect O3).
 *
 * <p>A certificate is replaced before its end in two steps, since the provider admits only the newest: first the units get
 * the new one beside the old, and when nobody reads the old one any more, which Juju tells with {@code secret-remove}, the
 * provider learns of the new one. So no unit is shut out, not even one whose callback keeps it from hooks meanwhile; what
 * Juju does not tell is not waited for longer than {@link #UNITS_WITHIN}. For the thread of the hook.
 */
final class EtcdLeader {
    /** Where the application's databag in the peer relation says which secret holds the certificate. */
    static final String POINTER = "rollingops-client-secret-id";

    /** Where it says since when a new certificate is with the units alone. */
    static final String UNTOLD = "rollingops-client-untold-since";

    /** The label of the secret. */
    static final String LABEL = "rollingops-client-cert";

    /** For so long the provider is not told of a new certificate because of units that do not read it. */
    static final Duration UNITS_WITHIN = Duration.ofDays(1);

    private final HookRuntime runtime;
    private final EtcdHook now;
    private final EtcdSettings settings;
    private final EtcdFiles files;
    private final EtcdUnit unit;

    EtcdLeader(HookRuntime runtime, EtcdHook now, EtcdSettings settings, EtcdFiles files, EtcdUnit unit) {
        this.runtime = runtime;
        this.now = now;
        this.settings = settings;
        this.files = files;
        this.unit = unit;
    }

    /** Does what there is to do; says whether it has written something of the application's. */
    boolean lead(EtcdRelation.Peers peers, String clusterId) throws IOException {
        if (!EtcdUnit.isName(clusterId)) {
            return false;
        }
        try {
            Optional<ClientCertificate> made = Optional.empty();
            boolean wrote = false;
            if (peers.secret().isEmpty()) {
                made = publish(peers);
                wrote = true;
            } else if (isDue()) {
                renew(peers);
                return true;
            } else if (isOverdue(peers)) {
                tell(peers);
                wrote = true;
            }
            return request(peers, clusterId, made) || wrote;
        } catch (CertificateMaker.NotMade | ClientCertificate.Unusable e) {
            runtime.log(Level.ERROR, String.valueOf(e.getMessage()));
            return false;
        } finally {
            files.deleteMaking();
        }
    }

    /**
     * Nobody reads a revision of one of the application's secrets any more: removes it, and tells the provider of the
     * certificate that is read instead, if it was that one's.
     */
    void forgetRevision(EtcdRelation.Peers peers, OnSecret event) throws IOException {
        runtime.commands().secretRemove(event.id(), event.revision().orElseThrow());
        boolean isOwn = peers.secret()
                .filter(secret -> EtcdRelation.isSame(secret, event.id()))
                .isPresent();
        if (isOwn && peers.application().containsKey(UNTOLD)) {
            try {
                tell(peers);
            } catch (ClientCertificate.Unusable e) {
                runtime.log(Level.ERROR, String.valueOf(e.getMessage()));
            } finally {
                files.deleteMaking();
            }
        }
    }

    /** Shares a certificate: one that lies here, or a new one. Gives it, unless it is in a secret that there is already. */
    private Optional<ClientCertificate> publish(EtcdRelation.Peers peers)
            throws IOException, CertificateMaker.NotMade, ClientCertificate.Unusable {
        Optional<String> there = managed(LABEL);
        if (there.isPresent()) { // only the pointer to it was lost
            runtime.data().writeApplication(peers.relation(), Map.of(POINTER, there.get()));
            return Optional.empty();
        }
        Instant moment = moment();
        Optional<ClientCertificate> local = files.local()
                .filter(found -> found.isOf(commonName()) && found.renewAt().isAfter(moment));
        Path making = files.makingFolder();
        ClientCertificate certificate = local.isPresent() ? local.get() : make(making);
        String id = runtime.commands().secretAdd(LABEL, content(making, certificate));
        runtime.data().writeApplication(peers.relation(), Map.of(POINTER, id));
        runtime.log(Level.INFO, "shared a certificate for etcd, user=" + commonName() + " secret=" + id);
        return Optional.of(certificate);
    }

    /** Whether the certificate in the secret is to be replaced; what is known here may be older than the secret. */
    private boolean isDue() throws IOException {
        Instant moment = moment();
        Optional<KnownCertificate> known = KnownCertificate.read(files);
        if (known.isEmpty() || !known.get().isGood() || known.get().renewAt().isAfter(moment)) {
            return false;
        }
        unit.fetchCertificate(known.get().secret(), known);
        return KnownCertificate.read(files)
                .filter(read -> read.isGood() && !read.renewAt().isAfter(moment))
                .isPresent();
    }

    private void renew(EtcdRelation.Peers peers)
            throws IOException, CertificateMaker.NotMade, ClientCertificate.Unusable {
        Path making = files.makingFolder();
        runtime.commands().secretSet(peers.secret().orElseThrow(), content(making, make(making)));
        if (shown().isPresent()) {
            runtime.data().writeApplication(peers.relation(), Map.of(UNTOLD, moment().toString()));
        }
        files.secret().delete(); // it is read from the secret like everywhere else, once it is there for good
        runtime.log(Level.INFO, "replaced the certificate for etcd before its end");
    }

    /** Whether the provider was to be told of a new certificate before now, whoever has not read that yet. */
    private boolean isOverdue(EtcdRelation.Peers peers) {
        String since = peers.application().getOrDefault(UNTOLD, "");
        try {
            return !since.isEmpty() && !Instant.parse(since).plus(UNITS_WITHIN).isAfter(moment());
        } catch (DateTimeException e) {
            return true; // it is not ours, and goes
        }
    }

    /** Tells the provider of the newest certificate. */
    private void tell(EtcdRelation.Peers peers) throws IOException, ClientCertificate.Unusable {
        ClientCertificate certificate = ClientCertificate.read(
                runtime.commands().ask(Query.latestSecret(peers.secret().orElseThrow())));
        Optional<String> shown = shown();
        if (shown.isPresent()) {
            runtime.commands()
                    .secretSet(shown.get(), Map.of(EtcdRequest.MTLS_FIELD, shown(files.makingFolder(), certificate)));
            runtime.log(Level.INFO, "told the provider of etcd of the new certificate");
        }
        runtime.data().writeApplication(peers.relation(), Map.of(UNTOLD, ""));
    }

    /** The secret with the public part that the provider was told of. */
    private Optional<String> shown() {
        return now.relation(EtcdAnswer.Known.read(files))
                .flatMap(id -> EtcdRequest.find(
                        runtime.data().application(id, runtime.self().application())))
                .flatMap(EtcdRequest::certificate);
    }

    private Instant moment() {
        return runtime.clock().calendar().instant();
    }

    /** Asks the provider, if there is one that was not asked; says whether it did. */
    private boolean request(EtcdRelation.Peers peers, String clusterId, Optional<ClientCertificate> made)
            throws IOException {
        Optional<RelationId> relation = now.relation(EtcdAnswer.Known.read(files));
        if (relation.isEmpty()) {
            return false;
        }
        Optional<EtcdRequest> before = EtcdRequest.find(
                runtime.data().application(relation.get(), runtime.self().application()));
        String resource = EtcdRequest.prefix(clusterId);
        if (before.flatMap(EtcdRequest::certificate).isPresent()) {
            if (!before.get().resource().equals(resource)) {
                runtime.log(
                        Level.WARNING,
                        "etcd was asked for the keys below " + before.get().resource() + ", and the cluster id is "
                                + clusterId + " now; remove the relation to etcd and add it again");
            }
            return false;
        }
        Optional<ClientCertificate> certificate = made.isPresent() ? made : known(peers);
        if (certificate.isEmpty()) {
            return false;
        }
        EtcdRequest request = before.filter(asked -> asked.resource().equals(resource))
                .orElseGet(() -> EtcdRequest.create(resource, new SecureRandom()));
        String secret = grant(request.label(relation.get()), relation.get(), certificate.get());
        runtime.data()
                .writeApplication(
                        relation.get(), request.withCertificate(secret).databag());
        return true;
    }

    private Optional<ClientCertificate> known(EtcdRelation.Peers peers) throws IOException {
        boolean isShared = KnownCertificate.read(files)
                .filter(found -> found.isGood()
                        && EtcdRelation.isSame(found.secret(), peers.secret().orElse("")))
                .isPresent();
        return isShared ? files.local() : Optional.empty();
    }

    /** Shares the public part with the provider. A secret that it may not read would only be left behind. */
    private String grant(String label, RelationId relation, ClientCertificate certificate) throws IOException {
        Optional<String> there = managed(label);
        String id = there.isPresent()
                ? there.get()
                : runtime.commands()
                        .secretAdd(label, Map.of(EtcdRequest.MTLS_FIELD, shown(files.makingFolder(), certificate)));
        try {
            runtime.commands().secretGrant(id, relation);
            return id;
        } catch (HookCommandException e) {
            runtime.commands().secretRemove(id);
            throw e;
        }
    }

    private ClientCertificate make(Path making)
            throws IOException, CertificateMaker.NotMade, ClientCertificate.Unusable {
        settings.maker(runtime.context().charmFolder()).make(making, commonName(), ClientCertificate.VALIDITY);
        return ClientCertificate.read(
                made(making, "client.pem"), made(making, "client.key"), made(making, "client-ca.pem"));
    }

    private static String made(Path making, String name) throws IOException, CertificateMaker.NotMade {
        return new WholeFile(making.resolve(name), WholeFile.OWNER_ONLY)
                .read()
                .orElseThrow(() -> new CertificateMaker.NotMade(
                        "the program that makes the certificate for etcd has not written " + name));
    }

    /** The secret's fields as files, whose content stands on no command line. */
    private static Map<String, Path> content(Path making, ClientCertificate certificate) throws IOException {
        return Map.of(
                ClientCertificate.CERTIFICATE, shown(making, certificate),
                ClientCertificate.KEY, written(making, ClientCertificate.KEY, certificate.key()),
                ClientCertificate.AUTHORITY, written(making, ClientCertificate.AUTHORITY, certificate.authority()));
    }

    private static Path shown(Path making, ClientCertificate certificate) throws IOException {
        return written(making, ClientCertificate.CERTIFICATE, certificate.certificate());
    }

    private static Path written(Path making, String name, String text) throws IOException {
        WholeFile file = new WholeFile(making.resolve(name).toAbsolutePath(), WholeFile.OWNER_ONLY);
        file.write(text);
        return file.path();
    }

    private Optional<String> managed(String label) {
        try {
            return Optional.of(runtime.commands().ask(Query.managedSecret(label)));
        } catch (HookCommandException e) {
            if (e.kind() == HookCommandException.Kind.NOT_FOUND) {
                return Optional.empty();
            }
            throw e;
        }
    }

    private String commonName() {
        return CommonName.of(runtime.context().modelUuid(), runtime.self().application());
    }
}
