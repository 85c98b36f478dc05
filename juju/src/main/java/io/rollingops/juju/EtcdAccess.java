// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

import java.nio.file.Path;
import java.util.List;

/**
 * All that it takes to talk to etcd over mutual TLS.
 *
 * @param endpoints where its servers are, each as {@code host:port}, at least one
 * @param authority the certificates of those who sign the servers' certificates, in PEM
 * @param certificate the own one, in PEM
 * @param key the own one, in PEM of PKCS#1 or PKCS#8; secret
 */
public record EtcdAccess(List<String> endpoints, Path authority, Path certificate, Path key) {
    public EtcdAccess {
        endpoints = List.copyOf(endpoints);
    }
}
