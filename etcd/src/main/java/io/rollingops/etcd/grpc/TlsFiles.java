// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.grpc;

import io.grpc.netty.shaded.io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.shaded.io.netty.handler.ssl.JdkSslContext;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContext;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContextBuilder;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslProvider;
import io.rollingops.RollingOpsException;
import io.rollingops.etcd.EtcdEndpoint;
import io.rollingops.etcd.EtcdSettings;
import io.rollingops.etcd.EtcdSettings.Identity;
import io.rollingops.etcd.EtcdSettings.Tls;
import java.security.cert.X509Certificate;
import java.util.Optional;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocketFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The certificates of the settings, read again for each new connection.
 *
 * <p>So a file that was rotated is used from the next connection on, without anybody saying so. A connection that exists
 * stays: certificates are looked at only when it begins. Files that are found unreadable later, perhaps since they are
 * just being replaced, are logged, and the last good ones are used.
 */
final class TlsFiles {
    private static final Logger LOG = LoggerFactory.getLogger(TlsFiles.class);

    private final EtcdSettings settings;
    private Optional<Contents> contents = Optional.empty();
    private Optional<SslContext> context = Optional.empty();

    private TlsFiles(EtcdSettings settings) {
        this.settings = settings;
    }

    /**
     * Reads the files for the first time, which may block.
     *
     * @throws RollingOpsException.InvalidRequest naming the file that cannot be used
     */
    static TlsFiles load(EtcdSettings settings) {
        TlsFiles files = new TlsFiles(settings);
        if (settings.endpoints().stream().anyMatch(settings::isEncrypted)) {
            files.refresh();
        }
        return files;
    }

    /** What to encrypt the connection with; nothing if it is not encrypted. */
    Optional<SslContext> contextFor(EtcdEndpoint endpoint) {
        if (!settings.isEncrypted(endpoint)) {
            return Optional.empty();
        }
        try {
            refresh();
        } catch (RollingOpsException.InvalidRequest e) {
            LOG.warn("Keeping the certificates that were read before: {}", e.getMessage());
        }
        return context;
    }

    /** The same for connections that are not the client's own. */
    Optional<SSLSocketFactory> socketsFor(EtcdEndpoint endpoint) {
        return contextFor(endpoint)
                .map(found -> ((JdkSslContext) found).context().getSocketFactory());
    }

    private void refresh() {
        Contents found = Contents.read(settings.tls().orElse(new Tls(Optional.empty(), Optional.empty())));
        if (contents.isEmpty() || !contents.get().equals(found)) {
            context = Optional.of(found.toContext());
            contents = Optional.of(found);
        }
    }

    /** What stood in the files. */
    private record Contents(Optional<PemFile> authorities, Optional<PemFile> certificate, Optional<PemFile> key) {
        private static Contents read(Tls tls) {
            return new Contents(
                    tls.authorities().map(PemFile::read),
                    tls.identity().map(Identity::certificate).map(PemFile::read),
                    tls.identity().map(Identity::key).map(PemFile::read));
        }

        /** By the JDK's own TLS: it needs no native library unpacked, and its error texts name the trouble. */
        private SslContext toContext() {
            SslContextBuilder builder = GrpcSslContexts.configure(SslContextBuilder.forClient(), SslProvider.JDK);
            authorities.ifPresent(file -> builder.trustManager(certificates(file)));
            if (certificate.isPresent() && key.isPresent()) {
                builder.keyManager(key.get().privateKey(), certificates(certificate.get()));
            }
            try {
                return builder.build();
            } catch (SSLException | IllegalArgumentException e) {
                throw new RollingOpsException.InvalidRequest(
                        "the certificates and key of the etcd settings cannot be used together: " + e.getMessage(), e);
            }
        }

        private static X509Certificate[] certificates(PemFile file) {
            return file.certificates().toArray(X509Certificate[]::new);
        }
    }
}
