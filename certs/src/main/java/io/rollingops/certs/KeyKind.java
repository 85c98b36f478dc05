// SPDX-License-Identifier: Apache-2.0
package io.rollingops.certs;

import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.NamedParameterSpec;
import java.security.spec.RSAKeyGenParameterSpec;

/** The kinds of keys that are made, and what each is for. */
public enum KeyKind {
    /** Signs commands: quick to check in the replicated store. */
    ED25519("Ed25519"),
    /** For TLS, and for authorities: every TLS library knows it. */
    EC_P256("SHA256withECDSA"),
    /** What the original library makes for etcd; slow to make, a matter of seconds. */
    RSA_4096("SHA256withRSA");

    private static final int RSA_BITS = 4096;

    private final String signature;

    KeyKind(String signature) {
        this.signature = signature;
    }

    /** The algorithm with which such a key signs certificates. */
    String signature() {
        return signature;
    }

    KeyPair generate() {
        try {
            switch (this) {
                case ED25519 -> {
                    KeyPairGenerator generator = KeyPairGenerator.getInstance("Ed25519");
                    generator.initialize(NamedParameterSpec.ED25519);
                    return generator.generateKeyPair();
                }
                case EC_P256 -> {
                    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
                    generator.initialize(new ECGenParameterSpec("secp256r1"));
                    return generator.generateKeyPair();
                }
                case RSA_4096 -> {
                    KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
                    generator.initialize(new RSAKeyGenParameterSpec(RSA_BITS, RSAKeyGenParameterSpec.F4));
                    return generator.generateKeyPair();
                }
            }
            throw new AssertionError(this);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK of release 17 or later makes " + this + " keys", e);
        }
    }
}
