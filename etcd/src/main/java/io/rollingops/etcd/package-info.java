/**
 * The cluster-wide lock in etcd.
 *
 * <p>{@link io.rollingops.etcd.EtcdClient} lists the few calls that we make, in our own words: values, guards and
 * outcomes are immutable, and errors are {@link io.rollingops.RollingOpsException}s that say what to do next. The package
 * {@code io.rollingops.etcd.grpc} carries them over the wire; no other package knows gRPC.
 */
@NullMarked
package io.rollingops.etcd;

import org.jspecify.annotations.NullMarked;
