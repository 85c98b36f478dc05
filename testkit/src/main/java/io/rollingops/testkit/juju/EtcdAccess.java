// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import java.util.List;

/**
 * The etcd that an {@link EtcdProvider} hands out. Called from the provider's thread; may block, as when etcd has to be
 * restarted to trust somebody.
 */
public interface EtcdAccess {

    /** Where clients connect, each as {@code host:port}. */
    List<String> endpoints();

    /** The authority that signed the servers' certificates, in PEM. */
    String serverCa();

    String version();

    /**
     * Lets whoever shows that certificate in, as the user of that name, who may read and write the keys that begin with
     * the prefix. Calling it again with the same arguments is harmless.
     *
     * @param certificate in PEM
     */
    void admit(String certificate, String user, String prefix);

    /** Takes the user's rights away; harmless if there is none. */
    void expel(String user);
}
