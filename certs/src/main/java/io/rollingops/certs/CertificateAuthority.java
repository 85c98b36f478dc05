// SPDX-License-Identifier: Apache-2.0
package io.rollingops.certs;

import java.math.BigInteger;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * An application's own certificate authority: issues the certificates of its members and operators.
 *
 * @param own its key and certificate
 * @param kind what kind of key it has
 */
public record CertificateAuthority(Issued own, KeyKind kind) {
    /** A clock that is a little behind ours must not refuse a new certificate. */
    private static final Duration BACKDATED = Duration.ofMinutes(5);

    private static final int SERIAL_BITS = 127;
    private static final SecureRandom RANDOM = new SecureRandom();

    /** Makes a new authority with a key of its own. */
    public static CertificateAuthority create(String commonName, KeyKind kind, Instant now, Duration validity) {
        KeyPair keys = kind.generate();
        X500Principal name = name(commonName);
        JcaX509v3CertificateBuilder builder = builder(name, name, keys.getPublic(), now, validity);
        try {
            JcaX509ExtensionUtils extensions = new JcaX509ExtensionUtils();
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(true));
            builder.addExtension(
                    Extension.keyUsage,
                    true,
                    new KeyUsage(KeyUsage.digitalSignature | KeyUsage.keyEncipherment | KeyUsage.keyCertSign));
            builder.addExtension(
                    Extension.subjectKeyIdentifier, false, extensions.createSubjectKeyIdentifier(keys.getPublic()));
            return new CertificateAuthority(new Issued(keys.getPrivate(), sign(builder, keys, kind)), kind);
        } catch (CertIOException | GeneralSecurityException | OperatorCreationException e) {
            throw new IllegalStateException("a certificate could not be made", e);
        }
    }

    /**
     * Issues a certificate that says whose signing key this is. It is of no use for TLS.
     *
     * @param uri names the owner
     */
    public Issued issueIdentity(String commonName, String uri, Instant now, Duration validity) {
        return issue(
                KeyKind.ED25519,
                commonName,
                List.of(new GeneralName(GeneralName.uniformResourceIdentifier, uri)),
                List.of(KeyPurposeId.id_kp_codeSigning),
                now,
                validity);
    }

    /**
     * Issues a certificate for both ends of TLS.
     *
     * @param hosts the names and addresses under which others reach its owner
     */
    public Issued issueTls(String commonName, List<String> hosts, Instant now, Duration validity) {
        List<GeneralName> names = new ArrayList<>();
        for (String host : hosts) {
            names.add(new GeneralName(isAddress(host) ? GeneralName.iPAddress : GeneralName.dNSName, host));
        }
        return issue(
                KeyKind.EC_P256,
                commonName,
                names,
                List.of(KeyPurposeId.id_kp_serverAuth, KeyPurposeId.id_kp_clientAuth),
                now,
                validity);
    }

    /**
     * Issues a certificate for a client of etcd, with a key of the authority's kind and the extensions that the original
     * library gives it: none that says what it is for.
     */
    public Issued issueClient(String commonName, Instant now, Duration validity) {
        KeyPair keys = kind.generate();
        X500Principal issuer = own.certificate().getSubjectX500Principal();
        JcaX509v3CertificateBuilder builder = builder(issuer, name(commonName), keys.getPublic(), now, validity);
        try {
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
            return signed(builder, keys);
        } catch (CertIOException | GeneralSecurityException | OperatorCreationException e) {
            throw new IllegalStateException("a certificate could not be made", e);
        }
    }

    private Issued issue(
            KeyKind ofKind,
            String commonName,
            List<GeneralName> names,
            List<KeyPurposeId> purposes,
            Instant now,
            Duration validity) {
        KeyPair keys = ofKind.generate();
        X500Principal issuer = own.certificate().getSubjectX500Principal();
        JcaX509v3CertificateBuilder builder = builder(issuer, name(commonName), keys.getPublic(), now, validity);
        try {
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
            builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
            builder.addExtension(
                    Extension.extendedKeyUsage, false, new ExtendedKeyUsage(purposes.toArray(new KeyPurposeId[0])));
            builder.addExtension(
                    Extension.subjectAlternativeName, false, new GeneralNames(names.toArray(new GeneralName[0])));
            return signed(builder, keys);
        } catch (CertIOException | GeneralSecurityException | OperatorCreationException e) {
            throw new IllegalStateException("a certificate could not be made", e);
        }
    }

    private Issued signed(JcaX509v3CertificateBuilder builder, KeyPair keys)
            throws CertIOException, GeneralSecurityException, OperatorCreationException {
        JcaX509ExtensionUtils extensions = new JcaX509ExtensionUtils();
        builder.addExtension(
                Extension.authorityKeyIdentifier,
                false,
                extensions.createAuthorityKeyIdentifier(own.certificate().getPublicKey()));
        builder.addExtension(
                Extension.subjectKeyIdentifier, false, extensions.createSubjectKeyIdentifier(keys.getPublic()));
        KeyPair issuing = new KeyPair(own.certificate().getPublicKey(), own.key());
        return new Issued(keys.getPrivate(), sign(builder, issuing, kind));
    }

    private static JcaX509v3CertificateBuilder builder(
            X500Principal issuer, X500Principal subject, PublicKey key, Instant now, Duration validity) {
        return new JcaX509v3CertificateBuilder(
                issuer,
                new BigInteger(SERIAL_BITS, RANDOM),
                Date.from(now.minus(BACKDATED)),
                Date.from(now.plus(validity)),
                subject,
                key);
    }

    private static X509Certificate sign(JcaX509v3CertificateBuilder builder, KeyPair issuer, KeyKind kind)
            throws OperatorCreationException, GeneralSecurityException {
        return new JcaX509CertificateConverter()
                .getCertificate(
                        builder.build(new JcaContentSignerBuilder(kind.signature()).build(issuer.getPrivate())));
    }

    private static X500Principal name(String commonName) {
        return new X500Principal("CN=" + commonName.replaceAll("([,+\"\\\\<>;=#])", "\\\\$1"));
    }

    /** Whether the text is an address and no name; no name is looked up. */
    private static boolean isAddress(String host) {
        if (!host.matches("[0-9.]+") && host.indexOf(':') < 0) {
            return false;
        }
        try {
            return InetAddress.getByName(host) != null;
        } catch (UnknownHostException e) {
            return false;
        }
    }
}
