// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd;

/** What one step of a transaction did. */
public sealed interface ActionResult {
    /** The key was written; its new revision is that of the transaction. */
    record Written() implements ActionResult {}

    /** So many keys existed and are gone. */
    record Deleted(long count) implements ActionResult {}

    /** What was there to read. */
    record Found(Listing listing) implements ActionResult {}

    /** How the nested transaction went; its revision is that of the whole. */
    record Decided(TransactionOutcome outcome) implements ActionResult {}
}
