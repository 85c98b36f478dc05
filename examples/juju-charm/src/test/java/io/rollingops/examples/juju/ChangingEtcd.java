// SPDX-License-Identifier: Apache-2.0
package io.rollingops.examples.juju;

import io.rollingops.testkit.juju.EtcdAccess;
import io.rollingops.testkit.juju.ProvidedEtcd;
import java.util.List;

/** What a provider hands out of an etcd, where endpoints and authority may change. For all threads. */
final class ChangingEtcd implements EtcdAccess {
    private final ProvidedEtcd etcd;
    private List<String> endpoints;
    private String authority;

    ChangingEtcd(ProvidedEtcd etcd) {
        this.etcd = etcd;
        this.endpoints = etcd.endpoints();
        this.authority = etcd.serverCa();
    }

    /** Has clients connect by another name of the same machine. */
    synchronized void rename() {
        endpoints = endpoints.stream()
                .map(endpoint -> endpoint.replace("127.0.0.1:", "localhost:"))
                .toList();
    }

    /** Has clients trust another authority as well, as in the middle of its replacement. */
    synchronized void trustAlso(String other) {
        authority = other.strip() + "\n" + authority;
    }

    @Override
    public synchronized List<String> endpoints() {
        return endpoints;
    }

    @Override
    public synchronized String serverCa() {
        return authority;
    }

    @Override
    public String version() {
        return etcd.version();
    }

    @Override
    public void admit(String certificate, String user, String prefix) {
        etcd.admit(certificate, user, prefix);
    }

    @Override
    public void expel(String user) {
        etcd.expel(user);
    }
}
