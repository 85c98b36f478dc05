// SPDX-License-Identifier: Apache-2.0
package io.rollingops.certs;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Set;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;

/**
 * Keys and certificates as PEM files. A key's file is created with the mode that only its owner may read it, and a file
 * is replaced as a whole or not at all.
 */
public final class PemFiles {
    private static final Base64.Encoder LINES = Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII));
    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rw-------");
    private static final Set<PosixFilePermission> OWNER_ONLY_DIRECTORY = PosixFilePermissions.fromString("rwx------");

    private PemFiles() {}

    /** Writes certificate and key beside each other: {@code name.pem} and {@code name.key}. */
    public static void write(Path directory, String name, Issued issued) throws IOException {
        writeSecret(directory.resolve(name + ".key"), pem(issued.key()));
        writePublic(directory.resolve(name + ".pem"), pem(issued.certificate()));
    }

    public static String pem(X509Certificate certificate) {
        try {
            return pem("CERTIFICATE", certificate.getEncoded());
        } catch (CertificateEncodingException e) {
            throw new IllegalStateException("a certificate that exists can be encoded", e);
        }
    }

    /** The key in PKCS#8 form. */
    public static String pem(PrivateKey key) {
        return pem("PRIVATE KEY", key.getEncoded());
    }

    /** An RSA key in PKCS#1 form, which the original library expects. */
    public static String pkcs1(PrivateKey key) {
        try {
            return pem(
                    "RSA PRIVATE KEY",
                    PrivateKeyInfo.getInstance(key.getEncoded())
                            .parsePrivateKey()
                            .toASN1Primitive()
                            .getEncoded());
        } catch (IOException e) {
            throw new IllegalStateException("a key that exists can be encoded", e);
        }
    }

    /** Reads an authority that {@link #write} wrote. */
    public static CertificateAuthority readAuthority(Path directory, String name)
            throws IOException, GeneralSecurityException {
        X509Certificate certificate = readCertificate(directory.resolve(name + ".pem"));
        byte[] key = Base64.getMimeDecoder()
                .decode(Files.readString(directory.resolve(name + ".key")).replaceAll("-----[A-Z ]+-----", ""));
        PrivateKey secret = KeyFactory.getInstance(certificate.getPublicKey().getAlgorithm())
                .generatePrivate(new PKCS8EncodedKeySpec(key));
        KeyKind kind = certificate.getPublicKey().getAlgorithm().equals("RSA") ? KeyKind.RSA_4096 : KeyKind.EC_P256;
        return new CertificateAuthority(new Issued(secret, certificate), kind);
    }

    public static X509Certificate readCertificate(Path file) throws IOException, CertificateException {
        return (X509Certificate) CertificateFactory.getInstance("X.509")
                .generateCertificate(new ByteArrayInputStream(Files.readAllBytes(file)));
    }

    /** Creates a directory that only its owner may enter, with the directories above it as they come. */
    public static void createSecretDirectory(Path directory) throws IOException {
        Path parent = directory.toAbsolutePath().getParent();
        if (parent != null) {
            Files.createDirectories(parent);
        }
        if (!Files.isDirectory(directory)) {
            Files.createDirectory(directory, PosixFilePermissions.asFileAttribute(OWNER_ONLY_DIRECTORY));
        }
    }

    /** Writes a file that only its owner may read, from its first byte on. */
    public static void writeSecret(Path file, String text) throws IOException {
        replace(file, text, PosixFilePermissions.asFileAttribute(OWNER_ONLY));
    }

    /** Writes a file that everybody may read. */
    public static void writePublic(Path file, String text) throws IOException {
        replace(file, text);
    }

    private static void replace(Path file, String text, FileAttribute<?>... attributes) throws IOException {
        Path unfinished = file.resolveSibling(file.getFileName() + ".new");
        Files.deleteIfExists(unfinished);
        try (SeekableByteChannel channel = Files.newByteChannel(
                unfinished, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), attributes)) {
            ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        }
        Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    private static String pem(String label, byte[] der) {
        return "-----BEGIN " + label + "-----\n" + LINES.encodeToString(der) + "\n-----END " + label + "-----\n";
    }
}
