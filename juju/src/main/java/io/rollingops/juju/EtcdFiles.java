// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import io.rollingops.json.Json;
import io.rollingops.json.JsonException;
import io.rollingops.json.JsonText;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The files in a unit's folder that tell how to reach etcd. The unit's hooks write them, and its worker reads them; each
 * file is replaced as a whole, so a reader sees an old state or a new one. While a certificate is replaced the key and the
 * certificate may for a moment be of two pairs; whoever finds that reads again.
 *
 * <pre>
 * etcd/etcdctl.json         endpoints, and where the other files are; for the owner only
 * etcd/server-ca.pem        who signs the servers' certificates
 * etcd/answer.json          of which answer these two are, or why there are none
 * tls/client.pem            the application's certificate
 * tls/client.key            its key, for the owner only
 * tls/client-ca.pem         who signed it
 * tls/previous-client.pem   } the pair before, until etcd has accepted the one that followed
 * tls/previous-client.key   }
 * tls/accepted-client.pem   the certificate that etcd has accepted last, written by the worker
 * tls/secret.json           which secret these files are from, and when its certificate is to be replaced
 * </pre>
 */
public final class EtcdFiles {
    private static final String PEM_BEGIN = "-----BEGIN ";

    private final Path folder;

    /** Those in the folder of a unit. Reads and writes nothing yet. */
    EtcdFiles(Path folder) {
        this.folder = folder;
    }

    /** A file is missing or cannot be understood; the message says which one and why. */
    private static final class Unusable extends Exception {
        Unusable(String message) {
            super(message);
        }
    }

    /**
     * How to reach etcd, as the unit's hooks have left it; empty while something is missing or cannot be understood, and
     * {@link #problem} says what.
     *
     * @param folder of the unit
     */
    public static Optional<EtcdAccess> read(Path folder) {
        try {
            return Optional.of(new EtcdFiles(folder).access());
        } catch (Unusable e) {
            return Optional.empty();
        }
    }

    /** As {@link #read}, with the pair of certificate and key that was in use before the present one, if it is kept. */
    public static Optional<EtcdAccess> readPrevious(Path folder) {
        EtcdFiles files = new EtcdFiles(folder);
        try {
            EtcdAccess now = files.access();
            EtcdAccess before = new EtcdAccess(
                    now.endpoints(),
                    now.authority(),
                    files.previousCertificate().path(),
                    files.previousKey().path());
            pem(before.certificate());
            pem(before.key());
            return Optional.of(before);
        } catch (Unusable e) {
            return Optional.empty();
        }
    }

    /** Why {@link #read} finds nothing, in words for a person; empty when it finds all it needs. */
    public static Optional<String> problem(Path folder) {
        try {
            new EtcdFiles(folder).access();
            return Optional.empty();
        } catch (Unusable e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }

    /**
     * Notes that etcd has accepted a certificate, so that the one before it need not be kept. To be called by the worker,
     * with the certificate that it has connected with; does nothing when that is known.
     *
     * @param certificate in PEM, as it was read
     * @throws UncheckedIOException when that cannot be written; then the pair before is kept, which does no harm
     */
    public static void accepted(Path folder, String certificate) {
        try {
            new EtcdFiles(folder).acceptedCertificate().writeIfDifferent(certificate);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot note that etcd accepts the certificate", e);
        }
    }

    Path folder() {
        return folder;
    }

    WholeFile configuration() {
        return new WholeFile(folder.resolve("etcd/etcdctl.json"), WholeFile.OWNER_ONLY);
    }

    WholeFile authority() {
        return new WholeFile(folder.resolve("etcd/server-ca.pem"), WholeFile.PUBLIC);
    }

    WholeFile answer() {
        return new WholeFile(folder.resolve("etcd/answer.json"), WholeFile.OWNER_ONLY);
    }

    WholeFile certificate() {
        return tls("client.pem", WholeFile.PUBLIC);
    }

    WholeFile key() {
        return tls("client.key", WholeFile.OWNER_ONLY);
    }

    WholeFile clientAuthority() {
        return tls("client-ca.pem", WholeFile.PUBLIC);
    }

    WholeFile previousCertificate() {
        return tls("previous-client.pem", WholeFile.PUBLIC);
    }

    WholeFile previousKey() {
        return tls("previous-client.key", WholeFile.OWNER_ONLY);
    }

    WholeFile acceptedCertificate() {
        return tls("accepted-client.pem", WholeFile.PUBLIC);
    }

    WholeFile secret() {
        return tls("secret.json", WholeFile.OWNER_ONLY);
    }

    /** A new folder for a certificate that is being made; what was left of an attempt that was killed is gone. */
    Path makingFolder() throws IOException {
        Path making = folder.resolve("tls/making");
        makeFolders();
        deleteMaking();
        WholeFile.makeFolder(making);
        return making;
    }

    void deleteMaking() throws IOException {
        Path making = folder.resolve("tls/making");
        if (Files.isDirectory(making)) {
            try (DirectoryStream<Path> left = Files.newDirectoryStream(making)) {
                for (Path file : left) {
                    Files.delete(file);
                }
            }
            Files.delete(making);
        }
    }

    void makeFolders() throws IOException {
        for (Path made : List.of(folder, folder.resolve("etcd"), folder.resolve("tls"))) {
            WholeFile.makeFolder(made);
        }
    }

    /** The certificate that lies here; empty when a part is missing or damaged. */
    Optional<ClientCertificate> local() throws IOException {
        Optional<String> certificate = certificate().read();
        Optional<String> key = key().read();
        Optional<String> signer = clientAuthority().read();
        if (certificate.isEmpty() || key.isEmpty() || signer.isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(ClientCertificate.read(certificate.get(), key.get(), signer.get()));
        } catch (ClientCertificate.Unusable damaged) {
            return Optional.empty();
        }
    }

    /**
     * Replaces the certificate if it is another one. The pair before is kept beside it, for etcd may take a while to accept
     * the new one; of several pairs, the one that etcd was known to accept. What is damaged is overwritten (defect O5).
     */
    void replace(ClientCertificate with) throws IOException {
        makeFolders();
        Optional<ClientCertificate> now = local();
        if (now.equals(Optional.of(with))) {
            return;
        }
        if (now.isPresent() && !now.get().certificate().equals(with.certificate()) && mayForgetPrevious()) {
            previousKey().write(now.get().key());
            previousCertificate().write(now.get().certificate());
        }
        key().write(with.key());
        certificate().write(with.certificate());
        clientAuthority().write(with.authority());
    }

    /** Forgets the pair before once etcd has accepted the one that followed. */
    void forgetPrevious() throws IOException {
        if (Files.exists(previousKey().path()) && isAccepted()) {
            previousKey().delete();
            previousCertificate().delete();
        }
    }

    private boolean mayForgetPrevious() throws IOException {
        return previousKey().read().isEmpty() || previousCertificate().read().isEmpty() || isAccepted();
    }

    private boolean isAccepted() throws IOException {
        Optional<String> accepted = acceptedCertificate().read().map(String::strip);
        return accepted.isPresent() && accepted.equals(certificate().read().map(String::strip));
    }

    /** Writes how to reach etcd, as far as it differs. */
    void writeAccess(List<String> endpoints, String serverAuthority) throws IOException {
        makeFolders();
        authority().writeIfDifferent(serverAuthority);
        configuration()
                .writeIfDifferent("{\n  \"endpoints\": " + quoted(String.join(",", endpoints))
                        + ",\n  \"cacert_path\": " + quoted(authority().path())
                        + ",\n  \"cert_path\": " + quoted(certificate().path())
                        + ",\n  \"key_path\": " + quoted(key().path()) + "\n}");
    }

    /** Forgets how to reach etcd; harmless when there is nothing. */
    void deleteAccess() throws IOException {
        configuration().delete();
        authority().delete();
    }

    private static String quoted(Object value) {
        return JsonText.write(Json.of(value.toString()));
    }

    private WholeFile tls(String name, String mode) {
        return new WholeFile(folder.resolve("tls").resolve(name), mode);
    }

    private EtcdAccess access() throws Unusable {
        Path file = configuration().path();
        if (!Files.isDirectory(folder.resolve("etcd"))) {
            throw new Unusable("the relation to etcd is not established yet: there is no " + folder.resolve("etcd"));
        }
        if (!Files.exists(file)) {
            throw new Unusable(EtcdAnswer.Known.read(this)
                    .map(EtcdAnswer.Known::problem)
                    .filter(problem -> !problem.isEmpty())
                    .orElse(file + " is not there"));
        }
        try {
            Json.Obj read = JsonText.parseObject(text(configuration()));
            EtcdAccess access = new EtcdAccess(
                    endpoints(read.string("endpoints")),
                    Path.of(read.string("cacert_path")),
                    Path.of(read.string("cert_path")),
                    Path.of(read.string("key_path")));
            pem(access.authority());
            pem(access.certificate());
            pem(access.key());
            return access;
        } catch (JsonException | IllegalArgumentException e) {
            throw new Unusable(file + " cannot be understood: " + e.getMessage());
        }
    }

    /**
     * Endpoints as providers and the file write them: joined by commas.
     *
     * @throws IllegalArgumentException when there is none, or one is no {@code host:port}
     */
    static List<String> endpoints(String text) {
        List<String> endpoints =
                List.of(text.split(",", -1)).stream().map(String::strip).toList();
        for (String endpoint : endpoints) {
            if (!endpoint.matches("(\\[[0-9A-Fa-f:.]+]|[^\\s:/\\[\\]]+):[0-9]{1,5}")) {
                throw new IllegalArgumentException("the endpoint '" + endpoint + "' is not host:port");
            }
        }
        return endpoints;
    }

    private static void pem(Path file) throws Unusable {
        if (!text(new WholeFile(file, WholeFile.PUBLIC)).contains(PEM_BEGIN)) {
            throw new Unusable(file + " is no PEM file");
        }
    }

    private static String text(WholeFile file) throws Unusable {
        try {
            return file.read().orElseThrow(() -> new Unusable(file.path() + " is not there"));
        } catch (IOException e) {
            throw new Unusable(file.path() + " cannot be read: " + e.getMessage());
        }
    }
}
