// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.grpc;

import io.rollingops.etcd.EtcdEndpoint;
import io.rollingops.etcd.EtcdSettings;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLSocketFactory;

/**
 * Compares the time of day of a member's machine with ours. Nothing about the lock depends on it; certificates do, and logs
 * are hard to read together without it.
 */
public final class MemberClock {
    private MemberClock() {}

    /**
     * By how much the member's clock is ahead of ours, to within a second and the time of one request; negative if it is
     * behind. Empty if the member does not say, for instance since it answers no plain HTTP there. Blocks for twice the limit
     * at most.
     */
    public static Optional<Duration> ahead(
            EtcdSettings settings, EtcdEndpoint endpoint, InstantSource ours, Duration limit) {
        Optional<SSLSocketFactory> tls = TlsFiles.load(settings).socketsFor(endpoint);
        URI health = URI.create((tls.isPresent() ? "https://" : "http://") + endpoint.authority() + "/health");
        try {
            HttpURLConnection connection =
                    (HttpURLConnection) health.toURL().openConnection(Proxy.NO_PROXY); // as the client itself
            try {
                connection.setConnectTimeout((int) limit.toMillis());
                connection.setReadTimeout((int) limit.toMillis());
                if (connection instanceof HttpsURLConnection secure) {
                    secure.setSSLSocketFactory(tls.orElseThrow());
                }
                connection.getResponseCode();
                long date = connection.getDate();
                return date == 0
                        ? Optional.empty()
                        : Optional.of(Duration.between(ours.instant(), Instant.ofEpochMilli(date)));
            } finally {
                connection.disconnect();
            }
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
