// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Where etcd is and how to identify oneself there.
 *
 * @param endpoints the members, tried in turn
 * @param tls whom to trust and what to show; without it, only endpoints that say {@code https} are encrypted, and
 *     trusted as the JVM trusts web sites
 * @param credentials user and password, where the cluster knows users by these; they go before the certificate's name
 */
public record EtcdSettings(List<EtcdEndpoint> endpoints, Optional<Tls> tls, Optional<Credentials> credentials) {
    public static final int MAX_ENDPOINTS = 32;

    /**
     * Files in PEM form. They are read again for each new connection, so a rotated certificate is taken up by itself.
     *
     * @param authorities whose certificates to trust, one or more in the file; without it, those that the JVM trusts
     * @param identity what to show to a server that asks for a certificate
     */
    public record Tls(Optional<Path> authorities, Optional<Identity> identity) {}

    /**
     * A certificate and its key.
     *
     * @param certificate the own certificate first, then those between it and the authority, if any
     * @param key RSA or EC, in the PKCS#8, PKCS#1 or SEC 1 form, without a password
     */
    public record Identity(Path certificate, Path key) {}

    /** A user of etcd. */
    public record Credentials(String user, String password) {
        public Credentials {
            if (user.isEmpty()) {
                throw new IllegalArgumentException("a user has a name");
            }
        }

        @Override
        public String toString() {
            return user;
        }
    }

    public EtcdSettings {
        endpoints = List.copyOf(endpoints);
        if (endpoints.isEmpty() || endpoints.size() > MAX_ENDPOINTS) {
            throw new IllegalArgumentException(
                    "etcd needs 1 to " + MAX_ENDPOINTS + " endpoints, there are " + endpoints.size());
        }
        for (EtcdEndpoint endpoint : endpoints) {
            if (tls.isPresent() && endpoint.scheme() == EtcdEndpoint.Scheme.HTTP) {
                throw new IllegalArgumentException("certificates are configured, but the endpoint " + endpoint
                        + " is not encrypted; write https://" + endpoint.authority());
            }
        }
    }

    /** Endpoints as in {@code 10.0.0.1:2379,10.0.0.2:2379}, neither certificates nor password. */
    public static EtcdSettings plain(String endpoints) {
        return new EtcdSettings(EtcdEndpoint.parseList(endpoints), Optional.empty(), Optional.empty());
    }

    /** Whether the connection to the endpoint is encrypted. */
    public boolean isEncrypted(EtcdEndpoint endpoint) {
        return endpoint.scheme() == EtcdEndpoint.Scheme.HTTPS || tls.isPresent();
    }
}
