/** The cluster-wide lock in etcd. */
@NullMarked
package io.rollingops.etcd;

import org.jspecify.annotations.NullMarked;
