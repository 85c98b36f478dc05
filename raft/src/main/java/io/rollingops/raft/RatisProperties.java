// SPDX-License-Identifier: Apache-2.0
package io.rollingops.raft;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.ratis.RaftConfigKeys;
import org.apache.ratis.client.RaftClientConfigKeys;
import org.apache.ratis.conf.Parameters;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.grpc.GrpcConfigKeys;
import org.apache.ratis.grpc.GrpcTlsConfig;
import org.apache.ratis.server.RaftServerConfigKeys;
import org.apache.ratis.util.SizeInBytes;
import org.apache.ratis.util.TimeDuration;

/** How Ratis is set up: small, since a store of databags is, and quick to replace a leader. */
final class RatisProperties {
    private static final SizeInBytes ENTRY_MAX = SizeInBytes.valueOf("1MB");
    private static final int SNAPSHOT_EVERY_ENTRIES = 2000;
    private static final int SNAPSHOTS_KEPT = 2;

    private static final Duration FIRST_MIN = Duration.ofMillis(300);
    private static final Duration FIRST_MAX = Duration.ofMillis(600);

    private RatisProperties() {}

    static RaftProperties of(RaftSettings settings) {
        RaftProperties properties = new RaftProperties();
        RaftConfigKeys.Rpc.setType(properties, new BackwardRpc());
        GrpcConfigKeys.Server.setHost(properties, settings.own().host());
        GrpcConfigKeys.Server.setPort(properties, settings.own().port());
        GrpcConfigKeys.setMessageSizeMax(properties, SizeInBytes.valueOf("32MB"));
        RaftServerConfigKeys.setStorageDir(
                properties, List.of(settings.directory().toFile()));
        RaftServerConfigKeys.setStorageFreeSpaceMin(properties, SizeInBytes.valueOf("1MB"));
        elections(properties, settings.elections());
        log(properties);
        threads(properties);
        return properties;
    }

    /**
     * The keys of this machine's end of TLS. They are read here and not by the network library, which would load a whole
     * cryptography provider for it if there is one on the class path.
     *
     * @param connections is told of connections from other members
     * @throws io.rollingops.RollingOpsException.InvalidRequest when they cannot be used, saying why and what to do
     */
    static Parameters parameters(RaftSettings settings, Instant now, EndedConnections connections) {
        Parameters parameters = new Parameters();
        GrpcConfigKeys.Server.setServicesCustomizer(parameters, connections);
        settings.tls().ifPresent(files -> {
            CertifiedKey tls = CertifiedKey.read(files.certificate(), files.key(), files.authority(), now);
            GrpcConfigKeys.TLS.setConf(
                    parameters, new GrpcTlsConfig(tls.key(), tls.certificate(), List.of(tls.authority()), true));
        });
        return parameters;
    }

    private static void elections(RaftProperties properties, RaftSettings.Elections elections) {
        RaftServerConfigKeys.Rpc.setTimeoutMin(properties, millis(elections.min()));
        RaftServerConfigKeys.Rpc.setTimeoutMax(properties, millis(elections.max()));
        // A member that starts has no leader to wait for, and asks before it stands; so it need not be patient.
        RaftServerConfigKeys.Rpc.setFirstElectionTimeoutMin(properties, millis(shorter(elections.min(), FIRST_MIN)));
        RaftServerConfigKeys.Rpc.setFirstElectionTimeoutMax(properties, millis(shorter(elections.max(), FIRST_MAX)));
        RaftServerConfigKeys.Rpc.setRequestTimeout(
                properties, millis(elections.max().multipliedBy(2)));
        RaftServerConfigKeys.LeaderElection.setLeaderStepDownWaitTime(properties, millis(Duration.ofSeconds(3)));
        RaftClientConfigKeys.Rpc.setRequestTimeout(properties, millis(Duration.ofSeconds(3)));
    }

    private static Duration shorter(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? one : other;
    }

    private static void log(RaftProperties properties) {
        RaftServerConfigKeys.Log.setSegmentSizeMax(properties, ENTRY_MAX);
        RaftServerConfigKeys.Log.setPreallocatedSize(properties, SizeInBytes.valueOf("256KB"));
        RaftServerConfigKeys.Log.setWriteBufferSize(properties, SizeInBytes.valueOf("768KB"));
        RaftServerConfigKeys.Log.setSegmentCacheNumMax(properties, 2);
        RaftServerConfigKeys.Log.setSegmentCacheSizeMax(properties, SizeInBytes.valueOf("2MB"));
        RaftServerConfigKeys.Log.Appender.setBufferByteLimit(properties, SizeInBytes.valueOf("640KB"));
        // The entry after each commit that tells how far it got is what brings a grant to the followers at once;
        // without
        // it they would hear of it with the next heartbeat.
        RaftServerConfigKeys.Log.setLogMetadataEnabled(properties, true);
        // With it, a follower that still writes an old leader's entry takes the new leader's entry of the same index
        // for
        // the same one, and says that it has it.
        RaftServerConfigKeys.Log.setAppendEntriesComposeEnabled(properties, false);
        RaftServerConfigKeys.Log.setPurgeUptoSnapshotIndex(properties, true);
        RaftServerConfigKeys.Write.setByteLimit(properties, SizeInBytes.valueOf("8MB"));
        RaftServerConfigKeys.Snapshot.setAutoTriggerEnabled(properties, true);
        RaftServerConfigKeys.Snapshot.setAutoTriggerThreshold(properties, SNAPSHOT_EVERY_ENTRIES);
        RaftServerConfigKeys.Snapshot.setCreationGap(properties, SNAPSHOT_EVERY_ENTRIES);
        RaftServerConfigKeys.Snapshot.setRetentionFileNum(properties, SNAPSHOTS_KEPT);
    }

    private static void threads(RaftProperties properties) {
        RaftServerConfigKeys.ThreadPool.setProxyCached(properties, true);
        RaftServerConfigKeys.ThreadPool.setServerCached(properties, true);
        RaftServerConfigKeys.ThreadPool.setClientCached(properties, true);
        GrpcConfigKeys.Server.setAsyncRequestThreadPoolCached(properties, true);
    }

    private static TimeDuration millis(Duration duration) {
        return TimeDuration.valueOf(duration.toMillis(), TimeUnit.MILLISECONDS);
    }
}
