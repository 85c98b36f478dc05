// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * The name that an application's certificate carries, which is its user in etcd: 22 characters made of the model and the
 * application, the same in every unit and in the original library (section 5.1 of its reference).
 */
final class CommonName {
    private static final String ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    private static final int LENGTH = 22;

    /** Under which names of hosts get their UUIDs. */
    private static final byte[] NAMESPACE_DNS = HexFormat.of().parseHex("6ba7b8109dad11d180b400c04fd430c8");

    private static final int UUID_BYTES = 16;

    private CommonName() {}

    static String of(String modelUuid, String application) {
        BigInteger rest = new BigInteger(1, nameUuid(modelUuid + "-" + application));
        BigInteger base = BigInteger.valueOf(ALPHABET.length());
        StringBuilder digits = new StringBuilder();
        for (int i = 0; i < LENGTH; i++) {
            BigInteger[] parts = rest.divideAndRemainder(base);
            digits.append(ALPHABET.charAt(parts[1].intValue()));
            rest = parts[0];
        }
        return digits.reverse().toString();
    }

    /** A UUID of version 5. */
    private static byte[] nameUuid(String name) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-1");
            digest.update(NAMESPACE_DNS);
            byte[] hash = digest.digest(name.getBytes(StandardCharsets.UTF_8));
            byte[] uuid = new byte[UUID_BYTES];
            System.arraycopy(hash, 0, uuid, 0, UUID_BYTES);
            uuid[6] = (byte) ((uuid[6] & 0x0f) | 0x50);
            uuid[8] = (byte) ((uuid[8] & 0x3f) | 0x80);
            return uuid;
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-1", e);
        }
    }
}
