// SPDX-License-Identifier: Apache-2.0
package io.rollingops.raft;

import io.rollingops.RollingOpsException;
import io.rollingops.UnitName;
import io.rollingops.peer.Author;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.security.interfaces.EdECKey;
import java.time.Instant;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * Who somebody is, and the proof: an Ed25519 key, a certificate that names its owner, and the application's authority
 * that signed it. The owner stands in the certificate's alternative name, a URI: {@code rollingops:unit:web/0} or {@code
 * rollingops:operator:web:alice}.
 *
 * @param author the owner
 * @param key signs commands
 * @param certificate says whose key it is
 * @param authority the application's own certificate authority
 */
public record Credentials(Author author, PrivateKey key, X509Certificate certificate, X509Certificate authority) {
    /** The algorithm of keys and signatures of commands. */
    static final String ALGORITHM = "Ed25519";

    private static final String UNIT = "rollingops:unit:";
    private static final String OPERATOR = "rollingops:operator:";
    private static final int URI_NAME = 6;

    /**
     * Reads the three PEM files and checks that they belong together.
     *
     * @param now to tell an expired certificate
     * @throws RollingOpsException.InvalidRequest naming the file, what is wrong with it and what to do
     */
    public static Credentials read(Path certificateFile, Path keyFile, Path authorityFile, Instant now) {
        CertifiedKey own = CertifiedKey.read(certificateFile, keyFile, authorityFile, now);
        Author author = owner(own.certificate())
                .orElseThrow(() -> CertifiedKey.invalid(
                        certificateFile, "it names no unit and no operator", "make it with 'rollingops certs'"));
        if (!(own.key() instanceof EdECKey key && key.getParams().getName().equals(ALGORITHM))) {
            throw CertifiedKey.invalid(
                    keyFile, "it is not an " + ALGORITHM + " key", "make it with 'rollingops certs'");
        }
        return new Credentials(author, own.key(), own.certificate(), own.authority());
    }

    /**
     * Checks the files for the connections between members as the start of a member does.
     *
     * @return when the certificate ends
     * @throws RollingOpsException.InvalidRequest naming the file, what is wrong with it and what to do
     */
    public static Instant checkConnections(RaftSettings.Tls files, Instant now) {
        return CertifiedKey.read(files.certificate(), files.key(), files.authority(), now)
                .certificate()
                .getNotAfter()
                .toInstant();
    }

    /** Who owns a certificate, if it names an owner of ours. */
    static Optional<Author> owner(X509Certificate certificate) {
        try {
            Collection<List<?>> names = certificate.getSubjectAlternativeNames();
            if (names == null) {
                return Optional.empty();
            }
            return names.stream()
                    .filter(name -> Integer.valueOf(URI_NAME).equals(name.get(0)))
                    .map(name -> String.valueOf(name.get(1)))
                    .flatMap(uri -> author(uri).stream())
                    .findFirst();
        } catch (CertificateParsingException e) {
            return Optional.empty();
        }
    }

    /** The URI that stands in a certificate for its owner. */
    public static String uri(String application, Author owner) {
        return owner instanceof Author.Unit unit
                ? UNIT + unit.name()
                : OPERATOR + application + ":" + ((Author.Operator) owner).name();
    }

    /** The application that a certificate is for. */
    static Optional<String> application(X509Certificate certificate) {
        return owner(certificate)
                .map(author -> author instanceof Author.Unit unit ? unit.name().application() : "")
                .filter(application -> !application.isEmpty());
    }

    byte[] sign(byte[] message) {
        try {
            Signature signature = Signature.getInstance(ALGORITHM);
            signature.initSign(key);
            signature.update(message);
            return signature.sign();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK of release 15 or later has " + ALGORITHM, e);
        }
    }

    static boolean verify(PublicKey key, byte[] message, byte[] signature) {
        try {
            Signature verifier = Signature.getInstance(ALGORITHM);
            verifier.initVerify(key);
            verifier.update(message);
            return verifier.verify(signature);
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    String encodedCertificate() {
        return encoded(certificate);
    }

    String encodedAuthority() {
        return encoded(authority);
    }

    private static String encoded(X509Certificate certificate) {
        try {
            return Base64.getEncoder().encodeToString(certificate.getEncoded());
        } catch (CertificateEncodingException e) {
            throw new IllegalStateException("it was decoded, so it can be encoded", e);
        }
    }

    private static Optional<Author> author(String uri) {
        if (uri.startsWith(UNIT)) {
            return Optional.of(new Author.Unit(UnitName.parse(uri.substring(UNIT.length()))));
        } else if (uri.startsWith(OPERATOR)) {
            String rest = uri.substring(OPERATOR.length());
            return Optional.of(new Author.Operator(rest.substring(rest.indexOf(':') + 1)));
        }
        return Optional.empty();
    }
}
