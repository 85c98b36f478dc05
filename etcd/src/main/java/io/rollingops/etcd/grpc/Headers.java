// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.grpc;

import io.grpc.Metadata;

/** What goes along with a request: that its member must have a leader, and who we are. */
final class Headers {
    private static final Metadata.Key<String> HAS_LEADER =
            Metadata.Key.of("hasleader", Metadata.ASCII_STRING_MARSHALLER);
    private static final Metadata.Key<String> TOKEN = Metadata.Key.of("token", Metadata.ASCII_STRING_MARSHALLER);

    private Headers() {}

    /** A new one for each call, since gRPC writes into it. */
    static Metadata of(Request.Leader leader, String token) {
        Metadata headers = new Metadata();
        if (leader == Request.Leader.REQUIRED) {
            headers.put(HAS_LEADER, "true");
        }
        if (!token.isEmpty()) {
            headers.put(TOKEN, token);
        }
        return headers;
    }
}
