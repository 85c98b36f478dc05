// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd;

/** One change of one key. */
public sealed interface WatchEvent {
    Bytes key();

    /** The change of the store that this was part of. Keys changed by one transaction share it. */
    Revision revision();

    /** The key was created or overwritten; it is new when its version is one. */
    record Written(KeyValue entry) implements WatchEvent {
        @Override
        public Bytes key() {
            return entry.key();
        }

        @Override
        public Revision revision() {
            return entry.modified();
        }
    }

    /** The key was deleted, or its lease ended. */
    record Deleted(Bytes key, Revision revision) implements WatchEvent {}
}
