// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd;

/** An open watch; see {@link EtcdClient#watch}. Safe for all threads. */
public interface Watch extends AutoCloseable {
    /** Every change after this revision is told. */
    Revision createdAt();

    /**
     * Ends the watch and returns at once. A call to the listener that is under way goes on, none begins afterwards. May
     * be called again, and by the listener.
     */
    @Override
    void close();
}
