// SPDX-License-Identifier: Apache-2.0
package io.rollingops.raft;

import io.rollingops.RollingOpsException;
import io.rollingops.UnitName;
import io.rollingops.peer.Author;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
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
        X509Certificate authority = readCertificate(authorityFile);
        X509Certificate certificate = readCertificate(certificateFile);
        PrivateKey key = readKey(keyFile);
        Author author = owner(certificate)
                .orElseThrow(() -> invalid(
                        certificateFile, "it names no unit and no operator", "make it with 'rollingops certs'"));
        if (!isSignedBy(certificate, authority.getPublicKey())) {
            throw invalid(
                    certificateFile,
                    "it is not signed by the authority in " + authorityFile,
                    "use the files of one application, all made by the same 'rollingops certs'");
        }
        if (now.isAfter(certificate.getNotAfter().toInstant())) {
            throw invalid(
                    certificateFile,
                    "it has expired on " + certificate.getNotAfter().toInstant(),
                    "make a new one with 'rollingops certs'");
        }
        if (!matches(key, certificate.getPublicKey())) {
            throw invalid(keyFile, "it does not belong to the certificate in " + certificateFile, "use the pair");
        }
        return new Credentials(author, key, certificate, authority);
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

    static X509Certificate certificate(byte[] der) throws CertificateException {
        return (X509Certificate)
                CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(der));
    }

    static boolean isSignedBy(X509Certificate certificate, PublicKey authority) {
        try {
            certificate.verify(authority);
            return true;
        } catch (GeneralSecurityException e) {
            return false;
        }
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

    private static boolean matches(PrivateKey key, PublicKey certified) {
        byte[] probe = "rollingops".getBytes(StandardCharsets.US_ASCII);
        try {
            Signature signature = Signature.getInstance(ALGORITHM);
            signature.initSign(key);
            signature.update(probe);
            return verify(certified, probe, signature.sign());
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    private static X509Certificate readCertificate(Path file) {
        try {
            return certificate(Files.readAllBytes(file));
        } catch (IOException e) {
            throw unreadable(file, e);
        } catch (CertificateException e) {
            throw invalid(file, "it is not a certificate in PEM form", "make it with 'rollingops certs'");
        }
    }

    private static PrivateKey readKey(Path file) {
        try {
            String text = Files.readString(file, StandardCharsets.US_ASCII)
                    .replaceAll("-----(BEGIN|END) PRIVATE KEY-----", "")
                    .replaceAll("\\s", "");
            return KeyFactory.getInstance(ALGORITHM)
                    .generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(text)));
        } catch (IOException e) {
            throw unreadable(file, e);
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            throw invalid(
                    file, "it is not an " + ALGORITHM + " key in PKCS#8 PEM form", "make it with 'rollingops certs'");
        }
    }

    private static RollingOpsException.InvalidRequest unreadable(Path file, IOException e) {
        return new RollingOpsException.InvalidRequest(
                file + " cannot be read (" + e.getClass().getSimpleName()
                        + "); see that it exists and that this user may read it",
                e);
    }

    private static RollingOpsException.InvalidRequest invalid(Path file, String wrong, String remedy) {
        return new RollingOpsException.InvalidRequest(file + ": " + wrong + "; " + remedy);
    }
}
