// SPDX-License-Identifier: Apache-2.0
package io.rollingops.benchmarks;

import io.rollingops.UnitName;
import io.rollingops.certs.CertificateAuthority;
import io.rollingops.certs.KeyKind;
import io.rollingops.certs.PemFiles;
import io.rollingops.peer.Author;
import io.rollingops.raft.Credentials;
import io.rollingops.raft.RaftMember;
import io.rollingops.raft.RaftNode;
import io.rollingops.raft.RaftPeerStore;
import io.rollingops.raft.RaftSettings;
import io.rollingops.testkit.net.ReservedPort;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** A Raft group in this process, on loopback, on the real disk. Units share its members. */
final class RaftCluster implements AutoCloseable {
    private static final Duration VALID = Duration.ofDays(1);

    private final Path folder;
    private final CertificateAuthority authority;
    private final List<ReservedPort> ports = new ArrayList<>();
    private final List<RaftNode> nodes = new ArrayList<>();

    RaftCluster(int voters) throws IOException {
        folder = Files.createTempDirectory("rollingops-benchmark-");
        authority = CertificateAuthority.create("benchmark", KeyKind.EC_P256, Instant.now(), VALID);
        PemFiles.writePublic(
                folder.resolve("authority.pem"), PemFiles.pem(authority.own().certificate()));
        List<RaftMember> members = new ArrayList<>();
        for (int i = 0; i < voters; i++) {
            ReservedPort port = ReservedPort.take();
            ports.add(port);
            members.add(new RaftMember(unit(i), "127.0.0.1", port.number(), true));
        }
        for (int i = 0; i < voters; i++) {
            RaftSettings settings = new RaftSettings(
                    unit(i), members, false, folder.resolve("node" + i), Optional.empty(), RaftSettings.Elections.LAN);
            nodes.add(RaftNode.start(settings, credentials(i), InstantSource.system(), reason -> {
                throw new IllegalStateException(reason);
            }));
        }
    }

    static UnitName unit(int number) {
        return new UnitName("bench", number);
    }

    /** The store as that unit sees it, through the member with that number modulo the number of members. */
    RaftPeerStore store(int unit) throws IOException {
        return nodes.get(unit % nodes.size()).store(credentials(unit));
    }

    RaftNode node(int number) {
        return nodes.get(number);
    }

    /** The store as an operator sees it. */
    RaftPeerStore operator() throws IOException {
        return nodes.get(0).store(credentials("operator", new Author.Operator("operator")));
    }

    private Credentials credentials(int number) throws IOException {
        return credentials("unit" + number, new Author.Unit(unit(number)));
    }

    private Credentials credentials(String name, Author owner) throws IOException {
        if (!Files.exists(folder.resolve(name + ".pem"))) {
            String uri = Credentials.uri("bench", owner);
            PemFiles.write(folder, name, authority.issueIdentity(name, uri, Instant.now(), VALID));
        }
        return Credentials.read(
                folder.resolve(name + ".pem"),
                folder.resolve(name + ".key"),
                folder.resolve("authority.pem"),
                Instant.now());
    }

    @Override
    public void close() throws IOException {
        nodes.forEach(RaftNode::close);
        ports.forEach(ReservedPort::close);
        try (Stream<Path> inside = Files.walk(folder)) {
            for (Path path : inside.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        }
    }
}
