// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.grpc;

/** Is told on the event thread how a request ended: exactly one of the two, exactly once. */
interface Reply<A> {
    void answered(A answer);

    void failed(Failure failure);
}
