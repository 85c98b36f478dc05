// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.interfaces.RSAPrivateKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What an application shows to etcd, in PEM without a line end after the last line. Whoever has one may rely on it that all
 * three parts can be read and that the key belongs to the certificate.
 *
 * @param certificate the application's
 * @param key secret; PKCS#1 or PKCS#8
 * @param authority who signed the certificate
 */
record ClientCertificate(String certificate, String key, String authority) {
    /** The fields of the secret, which are those of the original. */
    static final String CERTIFICATE = "client-cert";

    static final String KEY = "client-key";
    static final String AUTHORITY = "client-ca";

    /** For how long a new one is valid. The original's are for fifty years, and are never replaced. */
    static final Duration VALIDITY = Duration.ofDays(3 * 365);

    /** It is replaced when less than a third of its life is left, and no sooner than a year before its end. */
    private static final int LEFT_PART = 3;

    private static final Duration LEFT_MAX = Duration.ofDays(365);

    private static final Pattern PEM = Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----([^-]+)-----END \\1-----");

    /** What stands in PKCS#8 before a PKCS#1 key: version 0, and that it is RSA. */
    private static final String PKCS8_RSA = "020100300d06092a864886f70d0101010500";

    /** It cannot be used; the message says which part is wrong and nothing of its content. */
    static final class Unusable extends Exception {
        Unusable(String message) {
            super(message);
        }
    }

    @Override
    public String toString() {
        return "ClientCertificate";
    }

    /** Reads what the secret holds. */
    static ClientCertificate read(Map<String, String> secret) throws Unusable {
        return read(field(secret, CERTIFICATE), field(secret, KEY), field(secret, AUTHORITY));
    }

    /** Reads the three parts. */
    static ClientCertificate read(String certificate, String key, String authority) throws Unusable {
        X509Certificate own = certificate(CERTIFICATE, certificate);
        certificate(AUTHORITY, authority);
        PrivateKey secret = key(key);
        if (own.getPublicKey() instanceof RSAPublicKey shown
                && secret instanceof RSAPrivateKey kept
                && !shown.getModulus().equals(kept.getModulus())) {
            throw new Unusable("'" + KEY + "' is not the key of '" + CERTIFICATE + "'");
        }
        return new ClientCertificate(certificate.strip(), key.strip(), authority.strip());
    }

    /** When to replace it. */
    Instant renewAt() {
        try {
            X509Certificate own = certificate(CERTIFICATE, certificate);
            Instant end = own.getNotAfter().toInstant();
            Duration life = Duration.between(own.getNotBefore().toInstant(), end);
            Duration left = life.dividedBy(LEFT_PART);
            return end.minus(left.compareTo(LEFT_MAX) < 0 ? left : LEFT_MAX);
        } catch (Unusable e) {
            throw new IllegalStateException("it was read before", e);
        }
    }

    /** Whether it is for the application of that common name. */
    boolean isOf(String commonName) {
        try {
            return certificate(CERTIFICATE, certificate)
                    .getSubjectX500Principal()
                    .getName()
                    .equals("CN=" + commonName);
        } catch (Unusable e) {
            throw new IllegalStateException("it was read before", e);
        }
    }

    /** Reads certificates, one at least, and gives the first. */
    static X509Certificate certificate(String name, String pem) throws Unusable {
        try {
            return (X509Certificate) CertificateFactory.getInstance("X.509")
                    .generateCertificates(new ByteArrayInputStream(pem.getBytes(StandardCharsets.UTF_8)))
                    .stream()
                    .findFirst()
                    .orElseThrow(() -> new CertificateException("there is none"));
        } catch (CertificateException e) {
            throw new Unusable("'" + name + "' is no certificate in PEM: " + e.getMessage());
        }
    }

    private static String field(Map<String, String> secret, String name) throws Unusable {
        String text = Optional.ofNullable(secret.get(name)).orElse("");
        if (text.isBlank()) {
            throw new Unusable("its field '" + name + "' is missing or empty");
        }
        return text;
    }

    private static PrivateKey key(String pem) throws Unusable {
        Matcher block = PEM.matcher(pem);
        try {
            if (!block.find()) {
                throw new Unusable("'" + KEY + "' is no key in PEM");
            }
            byte[] der = Base64.getMimeDecoder().decode(block.group(2));
            if (block.group(1).equals("RSA PRIVATE KEY")) {
                return KeyFactory.getInstance("RSA").generatePrivate(new PKCS8EncodedKeySpec(pkcs8(der)));
            } else if (block.group(1).equals("PRIVATE KEY")) {
                try {
                    return KeyFactory.getInstance("RSA").generatePrivate(new PKCS8EncodedKeySpec(der));
                } catch (GeneralSecurityException e) {
                    return KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(der));
                }
            }
            throw new Unusable(
                    "'" + KEY + "' is a " + block.group(1) + ", not an RSA key in PKCS#1 or a key in PKCS#8");
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            throw new Unusable("'" + KEY + "' cannot be read"); // what the libraries say may quote it
        }
    }

    private static byte[] pkcs8(byte[] pkcs1) {
        HexFormat hex = HexFormat.of();
        String octets = der("04", hex.formatHex(pkcs1));
        return hex.parseHex(der("30", PKCS8_RSA + octets));
    }

    private static String der(String tag, String content) {
        int length = content.length() / 2;
        String size = length < 0x80 ? "%02x" : length < 0x100 ? "81%02x" : length < 0x10000 ? "82%04x" : "83%06x";
        return tag + String.format(size, length) + content;
    }
}
