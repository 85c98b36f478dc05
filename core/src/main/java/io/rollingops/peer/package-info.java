/**
 * The peer protocol as pure values: what a unit's databag and the application's databag hold, how they change, and the
 * replicated store's state machine {@link io.rollingops.peer.PeerState}.
 *
 * <p>{@link io.rollingops.peer.UnitRecord} holds the transitions of one unit's record, {@link
 * io.rollingops.peer.Grant} those of the application's grant; both serve every kind of store. Rule names such as G2, X4
 * or C2 are those of {@code docs/protocol.md}.
 */
@NullMarked
package io.rollingops.peer;

import org.jspecify.annotations.NullMarked;
