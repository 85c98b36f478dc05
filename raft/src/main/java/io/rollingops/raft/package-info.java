/**
 * The replicated peer store: a Raft group that the units carry with them.
 *
 * <p>{@link io.rollingops.raft.RaftNode} is one member of the group, {@link io.rollingops.raft.RaftPeerStore} the store as
 * one unit sees it. What is replicated is {@link io.rollingops.raft.ReplicatedState}: the core's state machine, and who
 * may write what, proved by signatures. Every command is signed by its unit or operator and judged by every member for
 * itself; a member that misbehaves can withhold commands, not forge them.
 */
@NullMarked
package io.rollingops.raft;

import org.jspecify.annotations.NullMarked;
