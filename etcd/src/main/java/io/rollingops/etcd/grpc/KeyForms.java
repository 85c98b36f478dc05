// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.grpc;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;

/**
 * Puts older forms of private keys into the one that Java reads, PKCS#8: the same bytes in an envelope that names the
 * algorithm (RFC 5208; RFC 8017, appendix A.1.2; RFC 5915).
 */
final class KeyForms {
    private static final int INTEGER = 0x02;
    private static final int OCTET_STRING = 0x04;
    private static final int SEQUENCE = 0x30;
    private static final int CURVE = 0xa0;

    private static final byte[] VERSION_ZERO = element(INTEGER, new byte[] {0});
    private static final byte[] RSA = HexFormat.of().parseHex("06092a864886f70d010101" + "0500");
    private static final byte[] EC_PUBLIC_KEY = HexFormat.of().parseHex("06072a8648ce3d0201");

    private KeyForms() {}

    static byte[] pkcs8OfPkcs1(byte[] rsaKey) {
        return envelope(RSA, rsaKey);
    }

    /**
     * The key's curve stands in the key itself, or else beside it.
     *
     * @return nothing if the curve is not known or the bytes are no such key
     */
    static Optional<byte[]> pkcs8OfSec1(byte[] ecKey, Optional<byte[]> curveBeside) {
        return curveIn(ecKey).or(() -> curveBeside).map(curve -> envelope(joined(EC_PUBLIC_KEY, curve), ecKey));
    }

    private static byte[] envelope(byte[] algorithm, byte[] key) {
        return element(SEQUENCE, joined(VERSION_ZERO, element(SEQUENCE, algorithm), element(OCTET_STRING, key)));
    }

    /** Walks over the elements of the outer sequence: a version, the key, and perhaps the curve. */
    private static Optional<byte[]> curveIn(byte[] ecKey) {
        try {
            int at = contentStart(ecKey, 0);
            while (at < ecKey.length) {
                int start = contentStart(ecKey, at);
                int end = start + contentLength(ecKey, at);
                if (end <= at || end > ecKey.length) {
                    return Optional.empty();
                }
                if ((ecKey[at] & 0xff) == CURVE) {
                    return Optional.of(Arrays.copyOfRange(ecKey, start, end));
                }
                at = end;
            }
            return Optional.empty();
        } catch (IndexOutOfBoundsException e) {
            return Optional.empty();
        }
    }

    private static int contentStart(byte[] der, int at) {
        int first = der[at + 1] & 0xff;
        return first < 0x80 ? at + 2 : at + 2 + (first & 0x7f);
    }

    private static int contentLength(byte[] der, int at) {
        int first = der[at + 1] & 0xff;
        if (first < 0x80) {
            return first;
        }
        int length = 0;
        for (int i = 0; i < (first & 0x7f); i++) {
            length = (length << 8) | (der[at + 2 + i] & 0xff);
        }
        return length;
    }

    private static byte[] element(int tag, byte[] content) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(tag);
        if (content.length < 0x80) {
            out.write(content.length);
        } else {
            byte[] length = lengthBytes(content.length);
            out.write(0x80 | length.length);
            out.writeBytes(length);
        }
        out.writeBytes(content);
        return out.toByteArray();
    }

    private static byte[] lengthBytes(int length) {
        byte[] four = {(byte) (length >> 24), (byte) (length >> 16), (byte) (length >> 8), (byte) length};
        int first = 0;
        while (four[first] == 0) {
            first++;
        }
        return Arrays.copyOfRange(four, first, four.length);
    }

    private static byte[] joined(byte[]... parts) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            out.writeBytes(part);
        }
        return out.toByteArray();
    }
}
