// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.grpc;

import io.rollingops.RollingOpsException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The text of a file with certificates or a private key in PEM form. What stands between the blocks is ignored, as
 * elsewhere.
 */
record PemFile(Path path, String text) {
    private static final int MAX_BYTES = 1024 * 1024;
    private static final List<String> KEY_ALGORITHMS = List.of("RSA", "EC", "Ed25519");
    private static final Pattern BLOCK =
            Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----([A-Za-z0-9+/=\\s]*)-----END \\1-----");

    /**
     * Reads the file.
     *
     * @throws RollingOpsException.InvalidRequest if it cannot be read
     */
    static PemFile read(Path path) {
        try {
            if (Files.size(path) > MAX_BYTES) {
                throw new RollingOpsException.InvalidRequest(path + " is larger than any PEM file should be");
            }
            return new PemFile(path, Files.readString(path, StandardCharsets.ISO_8859_1));
        } catch (IOException e) {
            throw new RollingOpsException.InvalidRequest("cannot read " + path + ": " + e, e);
        }
    }

    /** All certificates of the file, at least one. */
    List<X509Certificate> certificates() {
        List<X509Certificate> certificates = new ArrayList<>();
        for (Block block : blocks()) {
            if (block.label().equals("CERTIFICATE")) {
                certificates.add(certificate(block));
            }
        }
        if (certificates.isEmpty()) {
            throw new RollingOpsException.InvalidRequest("there is no certificate in " + path);
        }
        return List.copyOf(certificates);
    }

    private X509Certificate certificate(Block block) {
        try {
            CertificateFactory factory = CertificateFactory.getInstance("X.509");
            return (X509Certificate) factory.generateCertificate(new ByteArrayInputStream(der(block)));
        } catch (CertificateException e) {
            throw new RollingOpsException.InvalidRequest("a certificate in " + path + " cannot be read: " + e, e);
        }
    }

    /** The first private key of the file. */
    PrivateKey privateKey() {
        List<Block> blocks = blocks();
        for (Block block : blocks) {
            Optional<byte[]> pkcs8 = switch (block.label()) {
                case "PRIVATE KEY" -> Optional.of(der(block));
                case "RSA PRIVATE KEY" -> Optional.of(KeyForms.pkcs8OfPkcs1(der(block)));
                case "EC PRIVATE KEY" -> KeyForms.pkcs8OfSec1(der(block), curveOf(blocks));
                case "ENCRYPTED PRIVATE KEY" ->
                    throw new RollingOpsException.InvalidRequest(
                            "the key in " + path + " needs a password, which cannot be given; store it without one");
                default -> Optional.empty();
            };
            if (pkcs8.isPresent()) {
                return privateKey(pkcs8.get());
            }
        }
        throw new RollingOpsException.InvalidRequest("there is no private key in " + path);
    }

    private PrivateKey privateKey(byte[] pkcs8) {
        return KEY_ALGORITHMS.stream()
                .flatMap(algorithm -> privateKey(algorithm, pkcs8).stream())
                .findFirst()
                .orElseThrow(() -> new RollingOpsException.InvalidRequest(
                        "the private key in " + path + " is none of " + String.join(", ", KEY_ALGORITHMS)));
    }

    /** The key, if it is one of this algorithm. */
    private static Optional<PrivateKey> privateKey(String algorithm, byte[] pkcs8) {
        try {
            return Optional.of(KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(pkcs8)));
        } catch (GeneralSecurityException e) {
            return Optional.empty();
        }
    }

    /** openssl writes the curve in a block of its own before the key. */
    private Optional<byte[]> curveOf(List<Block> blocks) {
        return blocks.stream()
                .filter(block -> block.label().equals("EC PARAMETERS"))
                .findFirst()
                .map(this::der);
    }

    private List<Block> blocks() {
        List<Block> blocks = new ArrayList<>();
        Matcher matcher = BLOCK.matcher(text);
        while (matcher.find()) {
            blocks.add(new Block(matcher.group(1), matcher.group(2)));
        }
        return blocks;
    }

    private byte[] der(Block block) {
        try {
            return Base64.getMimeDecoder().decode(block.base64());
        } catch (IllegalArgumentException e) {
            throw new RollingOpsException.InvalidRequest(path + " is not in PEM form: " + e.getMessage(), e);
        }
    }

    /** Never shows the key. */
    @Override
    public String toString() {
        return path.toString();
    }

    private record Block(String label, String base64) {}
}
