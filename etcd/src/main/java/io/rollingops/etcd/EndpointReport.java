// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd;

import io.rollingops.RollingOpsException;
import java.util.List;
import java.util.function.Function;

/** What one endpoint answered when it was asked how it is. */
public sealed interface EndpointReport {
    EtcdEndpoint endpoint();

    /**
     * It answered for itself, without asking the other members.
     *
     * @param version of the server, {@code 3.4.23}
     * @param memberId in the form in which etcd logs it
     * @param leaderId whom it takes for the leader; empty text when it knows none
     * @param revision how far its own store has come
     * @param databaseBytes size of its database file
     * @param alarms what it complains about, in its own words
     */
    record Reached(
            EtcdEndpoint endpoint,
            String version,
            String memberId,
            String leaderId,
            Revision revision,
            long databaseBytes,
            List<String> alarms)
            implements EndpointReport {
        public Reached {
            alarms = List.copyOf(alarms);
        }

        public boolean leads() {
            return memberId.equals(leaderId);
        }
    }

    /**
     * It lives and knows us, but tells how it is to administrators only. So do later releases, among them 3.5.30 and 3.6,
     * when the cluster has users.
     */
    record Reticent(EtcdEndpoint endpoint) implements EndpointReport {}

    /** It did not answer, or refused; the error says why and what to mend. */
    record Failed(EtcdEndpoint endpoint, RollingOpsException problem) implements EndpointReport {}

    default <R> R fold(Function<Reached, R> reached, Function<Reticent, R> reticent, Function<Failed, R> failed) {
        if (this instanceof Reached report) {
            return reached.apply(report);
        }
        if (this instanceof Reticent report) {
            return reticent.apply(report);
        }
        if (this instanceof Failed report) {
            return failed.apply(report);
        }
        throw new AssertionError(this);
    }
}
