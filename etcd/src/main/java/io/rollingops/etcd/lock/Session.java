// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.lock;

import io.rollingops.etcd.LeaseId;
import io.rollingops.etcd.Revision;

/**
 * A lease with its session key. Every write under the lease is guarded by the key's revision, so that it can be made sure
 * that a write without an answer will not happen any more: by writing the key again.
 */
record Session(LeaseId lease, Revision written) {}
