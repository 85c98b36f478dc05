// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd;

import java.time.Duration;

/**
 * A lease that the store has begun.
 *
 * @param ttl what was granted; may be more than was asked for, since a store does not go below its election timeout
 */
public record GrantedLease(LeaseId id, Duration ttl) {}
