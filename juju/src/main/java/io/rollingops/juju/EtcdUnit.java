// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import io.rollingops.juju.HookCommands.Level;
import java.io.IOException;
import java.util.Optional;

/**
 * The files that give one unit its access to etcd ({@link EtcdFiles}), as its hooks write them: the application's
 * certificate, out of the secret that the leader shares, and the provider's answer. What is damaged is written again
 * (defect O5), what was replaced is followed (defect O4). For the thread of the hook.
 */
final class EtcdUnit {
    private static final int CLUSTER_ID_MAX = 255;

    private final HookRuntime runtime;
    private final EtcdHook now;
    private final EtcdFiles files;

    EtcdUnit(HookRuntime runtime, EtcdHook now, EtcdFiles files) {
        this.runtime = runtime;
        this.now = now;
        this.files = files;
    }

    // --- the certificate

    /**
     * Writes the certificate where it is not written yet.
     *
     * @param thorough whether to look at the files, too, and try again what has failed
     */
    void followCertificate(String secret, boolean thorough) {
        try {
            Optional<KnownCertificate> known =
                    KnownCertificate.read(files).filter(found -> EtcdRelation.isSame(found.secret(), secret));
            if (known.isPresent()
                    && (!thorough || (known.get().isGood() && known.get().describes(files)))) {
                if (thorough) {
                    files.forgetPrevious();
                }
                return;
            }
            fetchCertificate(secret, known);
        } catch (IOException e) {
            runtime.log(Level.ERROR, "the certificate for etcd cannot be written: " + e.getMessage());
        }
    }

    /** Reads the secret and writes what it holds, or why it cannot be used. */
    void fetchCertificate(String secret, Optional<KnownCertificate> before) throws IOException {
        try {
            ClientCertificate certificate =
                    ClientCertificate.read(runtime.commands().ask(Query.latestSecret(secret)));
            files.replace(certificate);
            KnownCertificate.good(secret, certificate).write(files);
        } catch (HookCommandException | ClientCertificate.Unusable e) {
            String problem =
                    "the secret " + secret + " with the certificate for etcd cannot be used: " + e.getMessage();
            if (before.filter(known -> known.problem().equals(problem)).isEmpty()) {
                runtime.log(Level.ERROR, problem);
            }
            KnownCertificate.bad(secret, problem).write(files);
        }
    }

    // --- the provider's answer

    /** Writes the provider's answer where it is not written yet, and removes what no relation stands for any more. */
    void followAnswer(Optional<String> clusterId) throws IOException {
        Optional<EtcdAnswer.Known> known = EtcdAnswer.Known.read(files);
        Optional<RelationId> relation = now.relation(known);
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
        if (!isKnown || now.isNews()) {
            String application = now.application(relation.get(), known);
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
            runtime.log(Level.WARNING, "no access to etcd: " + problem);
        }
        String secret = keeps ? known.get().secret() : "";
        new EtcdAnswer.Known(relation, application, clusterId.orElse(""), secret, problem).write(files);
    }

    /** Removes the access. */
    void forget() throws IOException {
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

    /** Whether it can be a part of keys in etcd. */
    static boolean isName(String id) {
        return id.length() <= CLUSTER_ID_MAX && id.chars().allMatch(letter -> letter > ' ' && letter != '/');
    }
}
