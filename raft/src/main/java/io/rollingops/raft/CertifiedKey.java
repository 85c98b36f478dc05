// SPDX-License-Identifier: Apache-2.0
package io.rollingops.raft;

import io.rollingops.RollingOpsException;
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
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Instant;
import java.util.Base64;

/**
 * A private key, the certificate that says whose it is, and the authority that signed that; read from PEM files and
 * checked to belong together.
 *
 * @param key PKCS#8
 * @param certificate of the key
 * @param authority whoever signed the certificate
 */
record CertifiedKey(PrivateKey key, X509Certificate certificate, X509Certificate authority) {
    private static final String REMEDY = "make a new one with 'rollingops certs'";

    /**
     * Reads the three files.
     *
     * @param now to tell a certificate that has expired or is not valid yet
     * @throws RollingOpsException.InvalidRequest naming the file, what is wrong with it and what to do
     */
    static CertifiedKey read(Path certificateFile, Path keyFile, Path authorityFile, Instant now) {
        X509Certificate authority = readCertificate(authorityFile);
        X509Certificate certificate = readCertificate(certificateFile);
        PrivateKey key = readKey(keyFile, certificate.getPublicKey().getAlgorithm());
        if (!isSignedBy(certificate, authority.getPublicKey())) {
            throw invalid(
                    certificateFile,
                    "it is not signed by the authority in " + authorityFile,
                    "use the files of one application, all made by the same 'rollingops certs'");
        }
        checkDates(certificateFile, certificate, now);
        checkDates(authorityFile, authority, now);
        if (!matches(key, certificate)) {
            throw invalid(keyFile, "it does not belong to the certificate in " + certificateFile, "use the pair");
        }
        return new CertifiedKey(key, certificate, authority);
    }

    /** A certificate from DER or PEM. */
    static X509Certificate decode(byte[] encoded) throws CertificateException {
        return (X509Certificate)
                CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(encoded));
    }

    static boolean isSignedBy(X509Certificate certificate, PublicKey authority) {
        try {
            certificate.verify(authority);
            return true;
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    static RollingOpsException.InvalidRequest invalid(Path file, String wrong, String remedy) {
        return new RollingOpsException.InvalidRequest(file + ": " + wrong + "; " + remedy);
    }

    private static void checkDates(Path file, X509Certificate certificate, Instant now) {
        Instant end = certificate.getNotAfter().toInstant();
        Instant begin = certificate.getNotBefore().toInstant();
        if (now.isAfter(end)) {
            throw invalid(file, "it has expired on " + end, REMEDY);
        }
        if (now.isBefore(begin)) {
            throw invalid(file, "it is not valid before " + begin, "see that this machine's clock is right");
        }
    }

    private static boolean matches(PrivateKey key, X509Certificate certificate) {
        byte[] probe = "rollingops".getBytes(StandardCharsets.US_ASCII);
        String algorithm = switch (key.getAlgorithm()) {
            case "EC" -> "SHA256withECDSA";
            case "RSA" -> "SHA256withRSA";
            default -> key.getAlgorithm();
        };
        try {
            Signature signer = Signature.getInstance(algorithm);
            signer.initSign(key);
            signer.update(probe);
            Signature verifier = Signature.getInstance(algorithm);
            verifier.initVerify(certificate.getPublicKey());
            verifier.update(probe);
            return verifier.verify(signer.sign());
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    private static X509Certificate readCertificate(Path file) {
        try {
            return decode(Files.readAllBytes(file));
        } catch (IOException e) {
            throw unreadable(file, e);
        } catch (CertificateException e) {
            throw invalid(file, "it is not a certificate in PEM form", REMEDY);
        }
    }

    private static PrivateKey readKey(Path file, String algorithm) {
        try {
            String text = Files.readString(file, StandardCharsets.US_ASCII)
                    .replaceAll("-----(BEGIN|END) PRIVATE KEY-----", "")
                    .replaceAll("\\s", "");
            return KeyFactory.getInstance(algorithm)
                    .generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(text)));
        } catch (IOException e) {
            throw unreadable(file, e);
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            throw invalid(
                    file,
                    "it is not the key of its certificate, " + algorithm + " in PKCS#8 PEM form",
                    "use the pair that 'rollingops certs' made");
        }
    }

    private static RollingOpsException.InvalidRequest unreadable(Path file, IOException e) {
        return new RollingOpsException.InvalidRequest(
                file + " cannot be read (" + e.getClass().getSimpleName()
                        + "); see that it exists and that this user may read it",
                e);
    }
}
