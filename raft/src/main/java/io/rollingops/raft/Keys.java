// SPDX-License-Identifier: Apache-2.0
package io.rollingops.raft;

import java.security.PublicKey;
import java.security.cert.CertificateException;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** Remembers the public keys of certificates, since taking a certificate apart costs more than checking a signature. */
final class Keys {
    private static final int MAX = 4096;

    private final Map<String, Optional<PublicKey>> known = new ConcurrentHashMap<>();

    /** The key in a certificate, given as base64 of DER; empty when it is none. */
    Optional<PublicKey> of(String certificate) {
        if (known.size() > MAX) {
            known.clear();
        }
        return known.computeIfAbsent(certificate, Keys::read);
    }

    private static Optional<PublicKey> read(String certificate) {
        try {
            return Optional.of(
                    CertifiedKey.decode(Base64.getDecoder().decode(certificate)).getPublicKey());
        } catch (CertificateException | IllegalArgumentException e) {
            return Optional.empty();
        }
    }
}
