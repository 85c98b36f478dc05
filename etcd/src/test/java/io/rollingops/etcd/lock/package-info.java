// SPDX-License-Identifier: Apache-2.0
/** The lock: its protocol over a simulated etcd, and the whole on real ones. */
@NullMarked
package io.rollingops.etcd.lock;

import org.jspecify.annotations.NullMarked;
