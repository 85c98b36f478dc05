// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd;

import java.util.Optional;

/**
 * A key with its value and its history in brief.
 *
 * @param value empty when only the keys were asked for
 * @param created where the key came to be; a key that is deleted and written again has another one. This is what proves
 *     that a lock key is still the one that somebody wrote
 * @param modified where it was last written
 * @param version how often it was written since it was created
 * @param lease with which it ends, if any
 */
public record KeyValue(
        Bytes key, Bytes value, Revision created, Revision modified, long version, Optional<LeaseId> lease) {}
