// SPDX-License-Identifier: Apache-2.0
/**
 * The process beside each unit of a charm that alone talks to etcd. It holds the lock that several applications share,
 * keeps its lease alive, and has a hook dispatched when there is something for the unit to do. What that is, {@link
 * io.rollingops.manager.UnitProtocol} decides here as in the hook.
 */
@NullMarked
package io.rollingops.worker;

import org.jspecify.annotations.NullMarked;
