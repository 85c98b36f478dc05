// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd;

import io.rollingops.RollingOpsException;
import java.util.List;

/**
 * Is told what happens to the keys of a {@link Watch}.
 *
 * <p>Called on the executor that was given with the watch, by one thread at a time and in order. An exception that a
 * listener throws is logged and changes nothing: the next event comes all the same.
 */
public interface WatchListener {
    /**
     * Changes in the order in which they were made, each exactly once. All changes of one revision come together.
     *
     * @param events at least one, with revisions that never go back
     */
    void changed(List<WatchEvent> events);

    /**
     * Some changes can no longer be told one by one, since the store has dropped them or the listener fell too far
     * behind. Forget what was known: this is all there is, and the next changes come after its revision.
     *
     * <p>Its revision is smaller than those before only if etcd itself has gone back, as by a restored backup.
     */
    void relisted(Listing listing);

    /** The store refuses to go on, for instance since the permission was taken away. Nothing comes after this. */
    void ended(RollingOpsException reason);
}
