// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import io.rollingops.certs.PemFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Date;
import java.util.concurrent.atomic.AtomicInteger;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** Makes certificates as the program does, in this process and with keys that are made faster; counts them. */
final class TestCertificates implements CertificateMaker {
    private final InstantSource clock;
    private final AtomicInteger made = new AtomicInteger();
    private volatile String failure = "";

    TestCertificates(InstantSource clock) {
        this.clock = clock;
    }

    int made() {
        return made.get();
    }

    /** Lets it fail from now on; an empty text lets it succeed again. */
    void fail(String message) {
        failure = message;
    }

    @Override
    public void make(Path folder, String commonName, Duration validity) throws NotMade {
        if (!failure.isEmpty()) {
            throw new NotMade(failure);
        }
        made.incrementAndGet();
        try {
            write(folder, commonName, clock.instant(), validity);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static ClientCertificate certificate(Path folder, String commonName, Instant from, Duration validity)
            throws IOException, ClientCertificate.Unusable {
        write(folder, commonName, from, validity);
        return ClientCertificate.read(
                new WholeFile(folder.resolve("client.pem"), WholeFile.PUBLIC)
                        .read()
                        .orElseThrow(),
                new WholeFile(folder.resolve("client.key"), WholeFile.OWNER_ONLY)
                        .read()
                        .orElseThrow(),
                new WholeFile(folder.resolve("client-ca.pem"), WholeFile.PUBLIC)
                        .read()
                        .orElseThrow());
    }

    private static void write(Path folder, String commonName, Instant from, Duration validity) throws IOException {
        KeyPair authority = keys();
        KeyPair client = keys();
        PemFiles.writeSecret(folder.resolve("client.key"), PemFiles.pkcs1(client.getPrivate()));
        PemFiles.writePublic(
                folder.resolve("client.pem"), PemFiles.pem(sign(client, authority, false, commonName, from, validity)));
        PemFiles.writePublic(
                folder.resolve("client-ca.pem"),
                PemFiles.pem(sign(authority, authority, true, commonName, from, validity)));
    }

    private static X509Certificate sign(
            KeyPair subject, KeyPair issuer, boolean isAuthority, String commonName, Instant from, Duration validity) {
        X500Principal name = new X500Principal("CN=" + commonName);
        JcaX509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(
                name,
                new BigInteger(subject.getPublic().getEncoded()).abs().mod(BigInteger.TWO.pow(100)),
                Date.from(from),
                Date.from(from.plus(validity)),
                name,
                subject.getPublic());
        try {
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(isAuthority));
            return new JcaX509CertificateConverter()
                    .getCertificate(
                            builder.build(new JcaContentSignerBuilder("SHA256withRSA").build(issuer.getPrivate())));
        } catch (CertIOException | OperatorCreationException | GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static KeyPair keys() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
            generator.initialize(2048);
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }
}
