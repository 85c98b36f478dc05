// SPDX-License-Identifier: Apache-2.0
package io.rollingops.raft;

import io.rollingops.UnitName;
import io.rollingops.certs.CertificateAuthority;
import io.rollingops.certs.Issued;
import io.rollingops.certs.KeyKind;
import io.rollingops.certs.PemFiles;
import io.rollingops.peer.Author;
import io.rollingops.testkit.net.ReservedPort;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/** A Raft group in this process, on loopback, its files in a folder of the test. */
final class RaftGroupFixture implements AutoCloseable {
    static final Duration VALID = Duration.ofDays(1);

    private final Path folder;
    private final boolean tls;
    private final RaftSettings.Elections elections;
    private final CertificateAuthority authority;
    private final List<RaftMember> members = new ArrayList<>();
    private final List<ReservedPort> ports = new ArrayList<>();
    private final NavigableMap<UnitName, RaftNode> nodes = new TreeMap<>();
    final BlockingQueue<String> fatal = new LinkedBlockingQueue<>();

    RaftGroupFixture(Path folder, int voters, boolean tls) throws IOException {
        this(folder, voters, tls, RaftSettings.Elections.LAN);
    }

    RaftGroupFixture(Path folder, int voters, boolean tls, RaftSettings.Elections elections) throws IOException {
        this.folder = folder;
        this.tls = tls;
        this.elections = elections;
        this.authority = CertificateAuthority.create("test", KeyKind.EC_P256, Instant.now(), VALID);
        for (int i = 0; i < voters; i++) {
            members.add(new RaftMember(unit(i), "127.0.0.1", port(), true));
        }
    }

    static UnitName unit(int number) {
        return new UnitName("web", number);
    }

    List<RaftMember> members() {
        return members;
    }

    CertificateAuthority authority() {
        return authority;
    }

    void startAll() throws IOException {
        for (RaftMember member : members) {
            start(member.unit());
        }
    }

    RaftNode start(UnitName unit) throws IOException {
        RaftNode node =
                RaftNode.start(settings(unit, members, false), credentials(unit), InstantSource.system(), fatal::add);
        nodes.put(unit, node);
        return node;
    }

    /** Starts a member that waits to be added. */
    RaftNode startJoining(RaftMember added) throws IOException {
        List<RaftMember> group = new ArrayList<>(members);
        group.add(added);
        RaftNode node = RaftNode.start(
                settings(added.unit(), group, true), credentials(added.unit()), InstantSource.system(), fatal::add);
        nodes.put(added.unit(), node);
        return node;
    }

    RaftSettings settings(UnitName unit, List<RaftMember> group, boolean joining) throws IOException {
        return new RaftSettings(
                unit,
                group,
                joining,
                folder.resolve(unit.toString().replace('/', '-')),
                tls ? Optional.of(tls(unit)) : Optional.empty(),
                elections);
    }

    Credentials credentials(UnitName unit) throws IOException {
        return credentials(authority, new Author.Unit(unit), unit.toString().replace('/', '-'));
    }

    Credentials operator(String name) throws IOException {
        return credentials(authority, new Author.Operator(name), "operator-" + name);
    }

    Credentials credentials(CertificateAuthority by, Author author, String fileName) throws IOException {
        Path keys = folder.resolve("keys");
        Files.createDirectories(keys);
        if (!Files.exists(keys.resolve(fileName + ".key"))) {
            Issued issued = by.issueIdentity(fileName, Credentials.uri("web", author), Instant.now(), VALID);
            PemFiles.write(keys, fileName, issued);
            PemFiles.writePublic(
                    keys.resolve(fileName + "-authority.pem"),
                    PemFiles.pem(by.own().certificate()));
        }
        return Credentials.read(
                keys.resolve(fileName + ".pem"),
                keys.resolve(fileName + ".key"),
                keys.resolve(fileName + "-authority.pem"),
                Instant.now());
    }

    private RaftSettings.Tls tls(UnitName unit) throws IOException {
        Path keys = folder.resolve("tls-" + unit.number());
        if (!Files.exists(keys)) {
            Files.createDirectories(keys);
            PemFiles.write(
                    keys, "tls", authority.issueTls(unit.toString(), List.of("127.0.0.1"), Instant.now(), VALID));
            PemFiles.writePublic(
                    keys.resolve("authority.pem"), PemFiles.pem(authority.own().certificate()));
        }
        return new RaftSettings.Tls(keys.resolve("tls.pem"), keys.resolve("tls.key"), keys.resolve("authority.pem"));
    }

    RaftNode node(int number) {
        return Optional.ofNullable(nodes.get(unit(number))).orElseThrow();
    }

    RaftPeerStore store(int number) throws IOException {
        return node(number).store(credentials(unit(number)));
    }

    void stop(int number) {
        RaftNode node = nodes.remove(unit(number));
        if (node != null) {
            node.close();
        }
    }

    /** A port that is this group's until it is closed. */
    int port() {
        ReservedPort port = ReservedPort.take();
        ports.add(port);
        return port.number();
    }

    @Override
    public void close() {
        nodes.values().forEach(RaftNode::close);
        ports.forEach(ReservedPort::close);
    }
}
