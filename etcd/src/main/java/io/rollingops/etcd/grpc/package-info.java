/**
 * Carries {@link io.rollingops.etcd.EtcdClient} over gRPC. The only package that knows it.
 *
 * <p>Everything here runs on one thread, {@link io.rollingops.etcd.grpc.EventThread}: calls are posted to it, gRPC
 * answers on it, timers fire on it. So there are no locks. What users gave us (callbacks, listeners) runs elsewhere.
 *
 * <pre>
 *   GrpcEtcdClient          posts calls
 *     ├─ CallRunner         one call: attempts, deadline, what an error means
 *     │    ├─ Connections   a channel for each endpoint, made when needed; EndpointRing says which is next
 *     │    └─ SignIn        the token of a user with password
 *     └─ WatchHub           one stream for all watches: opens, supervises, moves it
 *          ├─ StreamGuard   finds out that a member hangs
 *          └─ WatchedRange  one watch: where it has come to (WatchCursor), and its listener (Delivery)
 * </pre>
 *
 * <p>The package {@code wire} below is generated from {@code src/main/proto/etcd.proto}.
 */
@NullMarked
package io.rollingops.etcd.grpc;

import org.jspecify.annotations.NullMarked;
