// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import io.rollingops.UnitName;
import io.rollingops.juju.CharmEvent.Lifecycle;
import io.rollingops.juju.CharmEvent.OnRelation;
import io.rollingops.juju.CharmEvent.OnSecret;
import io.rollingops.juju.CharmEvent.RelationPhase;
import io.rollingops.juju.CharmEvent.SecretPhase;
import io.rollingops.juju.HookCommands.Level;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The part of hooks that gets a unit its access to etcd: nothing here talks to etcd itself.
 *
 * <p>The leader makes one certificate for the application, shares it as a secret, asks the provider of etcd to admit who
 * shows it, and replaces it before it ends. The certificate is there before the request is written; a request without one,
 * as the original may leave it, is written again. Each unit writes the certificate and the provider's answer into its folder
 * ({@link EtcdFiles}), also when either is replaced (defects O3, O4, O5). What fails is told once, costs the access at most,
 * and is tried again in one of the next hooks; it never fails a hook. A provider admits one set of keys for one application,
 * so another cluster id takes effect when the relation is made anew; until then there is no access.
 *
 * <p>Secrets are recognised by their ids: only the leader sees the label of the application's secret.
 */
final class EtcdRelation {
    /** Where the application's databag in the peer relation says which secret holds the certificate. */
    static final String POINTER = "rollingops-client-secret-id";

    /** That secret's label. */
    static final String LABEL = "rollingops-client-cert";

    private static final Set<Lifecycle> LIFE = Set.of(
            Lifecycle.START,
            Lifecycle.CONFIG_CHANGED,
            Lifecycle.LEADER_ELECTED,
            Lifecycle.UPDATE_STATUS,
            Lifecycle.UPGRADE_CHARM);
    private static final Set<RelationPhase> PHASES =
            Set.of(RelationPhase.CREATED, RelationPhase.CHANGED, RelationPhase.BROKEN);
    private static final int CLUSTER_ID_MAX = 255;

    private final HookRuntime runtime;
    private final EtcdSettings settings;
    private final String peerRelation;
    private final EtcdFiles files;

    EtcdRelation(HookRuntime runtime, EtcdSettings settings, String peerRelation, UnitFolder folder) {
        this.runtime = runtime;
        this.settings = settings;
        this.peerRelation = peerRelation;
        this.files = new EtcdFiles(folder.path());
    }

    /** The peer relation as the present hook found it. */
    record Peers(RelationId relation, boolean leads, Map<String, String> application) {
        Optional<String> secret() {
            return Optional.ofNullable(application.get(POINTER));
        }
    }

    /** The hooks that it needs. */
    static Set<String> observedHooks(EtcdSettings settings) {
        Set<String> hooks = new LinkedHashSet<>();
        LIFE.forEach(event -> hooks.add(event.hookName()));
        PHASES.forEach(phase -> hooks.add(phase.hook(settings.relation())));
        hooks.add(SecretPhase.CHANGED.hook());
        hooks.add(SecretPhase.REMOVE.hook());
        return hooks;
    }

    /** Whether the present hook may need anything. A secret that is none of ours does not. */
    boolean isObserved() {
        CharmEvent event = runtime.context().event();
        if (event instanceof OnSecret secret) {
            return isOurs(secret);
        }
        return !(event instanceof CharmEvent.OnAction)
                && observedHooks(settings).contains(event.hookName());
    }

    /** The endpoint whose relations will be asked for in the present hook, so that it can be asked together with others. */
    Optional<String> endpoint() {
        return isThorough() && !isAtEtcd() ? Optional.of(settings.relation()) : Optional.empty();
    }

    /** What even a unit that leaves, or has no peer relation, does: forgets an etcd that it is no longer related to. */
    void forgetBroken() {
        if (isAtEtcd() && relationEvent().phase() == RelationPhase.BROKEN) {
            try {
                Optional<EtcdAnswer.Known> known = EtcdAnswer.Known.read(files);
                if (known.map(EtcdAnswer.Known::relation)
                                .equals(Optional.of(relationEvent().relation()))
                        || known.isEmpty()) {
                    forget();
                }
            } catch (IOException e) {
                log(Level.ERROR, "the files about etcd cannot be removed: " + e.getMessage());
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
            if (runtime.context().event() instanceof OnSecret secret) {
                return onSecret(hook, secret, peers);
            }
            peers.flatMap(Peers::secret).ifPresent(secret -> followCertificate(secret, isThorough()));
            if (!isThorough() || isBroken()) {
                return false;
            }
            Optional<String> clusterId = settings.clusterId(hook);
            followAnswer(clusterId);
            boolean leads = mayLead && peers.isPresent() && peers.get().leads();
            return leads && clusterId.isPresent() && lead(peers.get(), clusterId.get());
        } catch (IOException e) {
            log(Level.ERROR, "the files about etcd cannot be read or written: " + e.getMessage());
        } catch (HookCommandException e) {
            log(Level.ERROR, "etcd: " + e.getMessage());
        }
        return false;
    }

    // --- secrets

    private boolean isOurs(OnSecret event) {
        if (event.phase() == SecretPhase.REMOVE) {
            String label = event.label().orElse("");
            return label.equals(LABEL)
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
    private static boolean isSame(String one, String other) {
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
                runtime.commands().secretRemove(event.id(), event.revision().orElseThrow());
            }
            return leads;
        }
        if (isCertificate(event)) {
            files.secret().delete(); // whatever fails from here on, the next hooks read the secret again
            peers.flatMap(Peers::secret).ifPresent(secret -> followCertificate(secret, true));
        }
        if (isAuthority(event)) {
            followAnswer(settings.clusterId(hook));
        }
        return false;
    }

    // --- the certificate, on each unit

    /**
     * Writes the certificate where it is not written yet.
     *
     * @param thorough whether to look at the files, too, and try again what has failed
     */
    private void followCertificate(String secret, boolean thorough) {
        try {
            Optional<KnownCertificate> known =
                    KnownCertificate.read(files).filter(found -> isSame(found.secret(), secret));
            if (known.isPresent()
                    && (!thorough || (known.get().isGood() && known.get().describes(files)))) {
                if (thorough) {
                    files.forgetPrevious();
                }
                return;
            }
            fetchCertificate(secret, known);
        } catch (IOException e) {
            log(Level.ERROR, "the certificate for etcd cannot be written: " + e.getMessage());
        }
    }

    private void fetchCertificate(String secret, Optional<KnownCertificate> before) throws IOException {
        try {
            ClientCertificate certificate =
                    ClientCertificate.read(runtime.commands().ask(Query.latestSecret(secret)));
            files.replace(certificate);
            KnownCertificate.good(secret, certificate).write(files);
        } catch (HookCommandException | ClientCertificate.Unusable e) {
            String problem =
                    "the secret " + secret + " with the certificate for etcd cannot be used: " + e.getMessage();
            if (before.filter(known -> known.problem().equals(problem)).isEmpty()) {
                log(Level.ERROR, problem);
            }
            KnownCertificate.bad(secret, problem).write(files);
        }
    }

    // --- the provider's answer, on each unit

    private void followAnswer(Optional<String> clusterId) throws IOException {
        Optional<EtcdAnswer.Known> known = EtcdAnswer.Known.read(files);
        Optional<RelationId> relation = relation(known);
        if (relation.isEmpty()) {
            if (known.isPresent()) {
                forget();
            }
            return;
        }
        boolean isKnown = known.isPresent()
                && known.get().isGood()
                && known.get().relation().equals(relation.get())
                && known.get().clusterId().equals(clusterId.orElse(""))
                && EtcdFiles.read(files.folder()).isPresent();
        if (!isKnown || isNews()) {
            String application = application(relation.get(), known);
            try {
                String id = checked(clusterId);
                EtcdAnswer answer = EtcdAnswer.find(
                        runtime.data().application(relation.get(), application), EtcdRequest.prefix(id));
                String label = EtcdRequest.label(relation.get(), answer.requestId(), "tls");
                files.writeAccess(answer.endpoints(), authority(answer.tlsSecret(), label));
                new EtcdAnswer.Known(relation.get(), application, id, answer.tlsSecret(), "").write(files);
            } catch (EtcdAnswer.None | HookCommandException e) {
                noAccess(known, relation.get(), application, clusterId, String.valueOf(e.getMessage()));
            }
        }
    }

    private String authority(String secret, String label) throws EtcdAnswer.None {
        String pem =
                runtime.commands().ask(Query.latestSecret(secret, label)).getOrDefault(EtcdAnswer.AUTHORITY_FIELD, "");
        try {
            ClientCertificate.certificate(EtcdAnswer.AUTHORITY_FIELD, pem);
            return pem;
        } catch (ClientCertificate.Unusable e) {
            throw new EtcdAnswer.None("the provider's secret " + secret + " cannot be used: " + e.getMessage());
        }
    }

    /** An access that was there for the same keys is kept: it may still be good. */
    private void noAccess(
            Optional<EtcdAnswer.Known> known,
            RelationId relation,
            String application,
            Optional<String> clusterId,
            String problem)
            throws IOException {
        boolean keeps = known.isPresent()
                && known.get().relation().equals(relation)
                && known.get().clusterId().equals(clusterId.orElse(""));
        if (!keeps) {
            files.deleteAccess();
        }
        if (known.filter(before -> before.problem().equals(problem)).isEmpty()) {
            log(Level.WARNING, "no access to etcd: " + problem);
        }
        String secret = keeps ? known.get().secret() : "";
        new EtcdAnswer.Known(relation, application, clusterId.orElse(""), secret, problem).write(files);
    }

    private void forget() throws IOException {
        files.deleteAccess();
        files.answer().delete();
    }

    private static String checked(Optional<String> clusterId) throws EtcdAnswer.None {
        String id = clusterId.orElseThrow(() -> new EtcdAnswer.None("the cluster id is not known yet"));
        if (!isName(id)) {
            throw new EtcdAnswer.None("the cluster id cannot be part of a key in etcd: it has a slash, a blank or a"
                    + " control character in it, or more than " + CLUSTER_ID_MAX + " characters");
        }
        return id;
    }

    private static boolean isName(String id) {
        return id.length() <= CLUSTER_ID_MAX && id.chars().allMatch(letter -> letter > ' ' && letter != '/');
    }

    // --- the leader

    private boolean lead(Peers peers, String clusterId) throws IOException {
        if (!isName(clusterId)) {
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
            }
            return request(peers, clusterId, made) || wrote;
        } catch (CertificateMaker.NotMade | ClientCertificate.Unusable e) {
            log(Level.ERROR, String.valueOf(e.getMessage()));
            return false;
        } finally {
            files.deleteMaking();
        }
    }

    /** Shares a certificate: one that lies here, or a new one. Gives it, unless it is in a secret that there is already. */
    private Optional<ClientCertificate> publish(Peers peers)
            throws IOException, CertificateMaker.NotMade, ClientCertificate.Unusable {
        Optional<String> there = managed(LABEL);
        if (there.isPresent()) { // only the pointer to it was lost
            runtime.data().writeApplication(peers.relation(), Map.of(POINTER, there.get()));
            return Optional.empty();
        }
        Instant now = runtime.clock().calendar().instant();
        Optional<ClientCertificate> local = files.local()
                .filter(found -> found.isOf(commonName()) && found.renewAt().isAfter(now));
        Path making = files.makingFolder();
        ClientCertificate certificate = local.isPresent() ? local.get() : make(making);
        String id = runtime.commands().secretAdd(LABEL, content(making, certificate));
        runtime.data().writeApplication(peers.relation(), Map.of(POINTER, id));
        log(Level.INFO, "shared a certificate for etcd, user=" + commonName() + " secret=" + id);
        return Optional.of(certificate);
    }

    /** Whether the certificate in the secret is to be replaced; what is known here may be older than the secret. */
    private boolean isDue() throws IOException {
        Instant now = runtime.clock().calendar().instant();
        Optional<KnownCertificate> known = KnownCertificate.read(files);
        if (known.isEmpty() || !known.get().isGood() || known.get().renewAt().isAfter(now)) {
            return false;
        }
        fetchCertificate(known.get().secret(), known);
        return KnownCertificate.read(files)
                .filter(read -> read.isGood() && !read.renewAt().isAfter(now))
                .isPresent();
    }

    private void renew(Peers peers) throws IOException, CertificateMaker.NotMade, ClientCertificate.Unusable {
        Path making = files.makingFolder();
        ClientCertificate certificate = make(making);
        runtime.commands().secretSet(peers.secret().orElseThrow(), content(making, certificate));
        Optional<RelationId> relation = relation(EtcdAnswer.Known.read(files));
        Optional<String> shown =
                relation.flatMap(id -> EtcdRequest.find(runtime.data().application(id, self().application()))
                        .flatMap(EtcdRequest::certificate));
        if (shown.isPresent()) {
            runtime.commands().secretSet(shown.get(), Map.of(EtcdRequest.MTLS_FIELD, shown(making, certificate)));
        }
        files.secret().delete(); // it is read from the secret like everywhere else, once it is there for good
        log(Level.INFO, "replaced the certificate for etcd before its end");
    }

    /** Asks the provider, if there is one that was not asked; says whether it did. */
    private boolean request(Peers peers, String clusterId, Optional<ClientCertificate> made) throws IOException {
        Optional<RelationId> relation = relation(EtcdAnswer.Known.read(files));
        if (relation.isEmpty()) {
            return false;
        }
        Optional<EtcdRequest> before =
                EtcdRequest.find(runtime.data().application(relation.get(), self().application()));
        String resource = EtcdRequest.prefix(clusterId);
        if (before.flatMap(EtcdRequest::certificate).isPresent()) {
            if (!before.get().resource().equals(resource)) {
                log(
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

    private Optional<ClientCertificate> known(Peers peers) throws IOException {
        boolean isShared = KnownCertificate.read(files)
                .filter(found ->
                        found.isGood() && isSame(found.secret(), peers.secret().orElse("")))
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
        return CommonName.of(runtime.context().modelUuid(), self().application());
    }

    // --- which hook, which relation

    /** Whether everything is looked at: not in the hooks that a roll consists of. */
    private boolean isThorough() {
        CharmEvent event = runtime.context().event();
        return (event instanceof Lifecycle life && LIFE.contains(life))
                || isAtEtcd()
                || event.hookName().equals(RelationPhase.CREATED.hook(peerRelation));
    }

    private boolean isAtEtcd() {
        return runtime.context().event() instanceof OnRelation change
                && change.relation().endpoint().equals(settings.relation());
    }

    private boolean isBroken() {
        return isAtEtcd() && relationEvent().phase() == RelationPhase.BROKEN;
    }

    /** Whether the provider's databag, or a secret of it, is known to have changed. */
    private boolean isNews() {
        return runtime.context().event() instanceof OnSecret
                || (isAtEtcd()
                        && relationEvent().phase() == RelationPhase.CHANGED
                        && relationEvent().remoteUnit().isEmpty());
    }

    private OnRelation relationEvent() {
        return (OnRelation) runtime.context().event();
    }

    /** The relation to etcd; of several the oldest, on all units alike. */
    private Optional<RelationId> relation(Optional<EtcdAnswer.Known> known) {
        if (runtime.context().event() instanceof OnSecret) {
            return known.map(EtcdAnswer.Known::relation);
        }
        if (isAtEtcd()
                && known.map(EtcdAnswer.Known::relation)
                        .orElse(relationEvent().relation())
                        .equals(relationEvent().relation())) {
            return Optional.of(relationEvent().relation());
        }
        return runtime.data().relations(settings.relation()).stream().min(Comparator.comparing(RelationId::number));
    }

    private String application(RelationId relation, Optional<EtcdAnswer.Known> known) {
        if (isAtEtcd() && relationEvent().relation().equals(relation)) {
            return relationEvent().remoteApp();
        }
        return known.filter(before -> before.relation().equals(relation))
                .map(EtcdAnswer.Known::application)
                .orElseGet(() -> runtime.commands().ask(Query.relationApplication(relation)));
    }

    private UnitName self() {
        return runtime.context().unit();
    }

    private void log(Level level, String message) {
        runtime.commands().log(level, "rollingops: " + message);
    }
}
