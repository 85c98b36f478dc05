// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.grpc;

import io.grpc.Attributes;
import io.grpc.ClientStreamTracer;
import io.grpc.Metadata;

/**
 * Notes whether any of one request may have left this process. gRPC tells it, on whatever thread, when it hands the
 * request to a connection that is ready; before that nothing is sent, and the end of a request is told after it.
 */
final class SentMark extends ClientStreamTracer.Factory {
    private volatile boolean set;

    boolean isSet() {
        return set;
    }

    @Override
    public ClientStreamTracer newClientStreamTracer(ClientStreamTracer.StreamInfo info, Metadata headers) {
        return new ClientStreamTracer() {
            @Override
            public void streamCreated(Attributes transportAttributes, Metadata streamHeaders) {
                set = true;
            }
        };
    }
}
