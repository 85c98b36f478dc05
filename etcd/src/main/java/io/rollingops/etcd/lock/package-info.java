// SPDX-License-Identifier: Apache-2.0
/**
 * The lock that several applications share in etcd. {@code LockProtocol} decides, from {@code LockLocal}, what a process
 * does next; {@code EtcdClusterLock} carries it out; {@code LockKeys} says which keys there are.
 */
@NullMarked
package io.rollingops.etcd.lock;

import org.jspecify.annotations.NullMarked;
