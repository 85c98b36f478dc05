// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.etcd;

import io.rollingops.testkit.etcd.EtcdCertificates.Issued;
import io.rollingops.testkit.etcd.EtcdOptions.Encryption;
import io.rollingops.testkit.etcd.EtcdOptions.User;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * A cluster of real etcd processes on loopback, with their data in a temporary folder.
 *
 * <p>{@link #start} returns when the cluster serves writes; {@link #close} ends all processes and deletes the folder, and
 * the end of the JVM ends them too. A test that fails tells more with {@link EtcdExtension}, which prints the logs. Not safe
 * for several threads.
 */
public final class EtcdCluster implements AutoCloseable {
    /** The administrator of a cluster with users, and the password where users have one. */
    private static final String ROOT = "root";

    private static final Duration READY_MAX = Duration.ofSeconds(30);

    private final EtcdOptions options;
    private final Path folder = Folder.create();
    private final List<EtcdProcess> members = new ArrayList<>();
    private final Optional<EtcdCertificates> certificates;
    private final Optional<Issued> root;
    private final Thread lastResort = new Thread(this::endAll, "rollingops-etcd-end");
    private boolean asksForPassword;

    private EtcdCluster(EtcdOptions options) {
        this.options = options;
        this.certificates = options.encryption() == Encryption.MUTUAL_TLS
                ? Optional.of(new EtcdCertificates(folder.resolve("tls")))
                : Optional.empty();
        this.root = certificates.map(issuer -> issuer.issue(ROOT));
        for (int i = 0; i < options.members(); i++) {
            members.add(new EtcdProcess("member-" + i, folder));
        }
        List<String> arguments = arguments();
        members.forEach(member -> member.command(arguments, scheme()));
        Runtime.getRuntime().addShutdownHook(lastResort);
    }

    /** Starts a cluster and waits until it serves. */
    public static EtcdCluster start(EtcdOptions options) {
        EtcdCluster cluster = new EtcdCluster(options);
        try {
            cluster.startAll();
            cluster.setUpUsers();
            return cluster;
        } catch (RuntimeException e) {
            IllegalStateException told = new IllegalStateException(e.getMessage() + "\n" + cluster.logs(), e);
            cluster.close();
            throw told;
        }
    }

    public EtcdOptions options() {
        return options;
    }

    public List<EtcdProcess> members() {
        return List.copyOf(members);
    }

    public EtcdProcess member(int index) {
        return members.get(index);
    }

    /** All client addresses, with commas in between and without a scheme. */
    public String endpoints() {
        return members.stream().map(EtcdProcess::endpoint).collect(Collectors.joining(","));
    }

    /** The issuer of certificates of a cluster with TLS. */
    public EtcdCertificates certificates() {
        return certificates.orElseThrow(() -> new IllegalStateException("this cluster is not encrypted"));
    }

    /** The certificate of the user who may do everything, of a cluster with TLS; by password it is root, too. */
    public Issued administrator() {
        return root.orElseThrow(() -> new IllegalStateException("this cluster is not encrypted"));
    }

    /** The member that leads; waits until exactly one of those that answer takes itself for it. */
    public EtcdProcess leader() {
        List<EtcdProcess> leaders = new ArrayList<>();
        Polling.until(READY_MAX, "one member leads", () -> {
            leaders.clear();
            members.stream().filter(EtcdProcess::leads).forEach(leaders::add);
            return leaders.size() == 1;
        });
        return leaders.get(0);
    }

    /** The members that do not lead. */
    public List<EtcdProcess> followers() {
        EtcdProcess leader = leader();
        return members.stream().filter(member -> member != leader).toList();
    }

    /** Waits until every member that runs and is not frozen serves writes. */
    public void awaitHealthy() {
        Polling.until(
                READY_MAX,
                "all members serve",
                () -> members.stream().filter(EtcdProcess::isResponsive).allMatch(EtcdProcess::isHealthy));
    }

    /** Kills all members. */
    public void killAll() {
        members.forEach(EtcdProcess::kill);
    }

    /** Starts the members that do not run, with the data that they have, thaws the others, and waits until all serve. */
    public void startAll() {
        for (EtcdProcess member : members) {
            if (member.isRunning()) {
                member.thaw();
            } else {
                member.start();
            }
        }
        awaitHealthy();
    }

    /** Kills all members and starts them again without any data, users included. */
    public void wipe() {
        killAll();
        members.forEach(EtcdProcess::wipe);
        asksForPassword = false;
        startAll();
        setUpUsers();
    }

    /** Forgets the history up to the present revision, on all members. */
    public void compact() {
        String status = etcdctl("endpoint", "status", "--write-out=fields");
        long revision = status.lines()
                .filter(line -> line.startsWith("\"Revision\""))
                .mapToLong(line ->
                        Long.parseLong(line.substring(line.indexOf(':') + 1).strip()))
                .max()
                .orElseThrow(() -> new IllegalStateException("no revision in: " + status));
        etcdctl("compact", "--physical", Long.toString(revision));
    }

    /** Runs etcd's own command line as the administrator and answers what it wrote. */
    public String etcdctl(String... arguments) {
        List<String> command = new ArrayList<>();
        command.add("etcdctl");
        command.add("--endpoints="
                + members.stream()
                        .filter(EtcdProcess::isResponsive)
                        .map(member -> scheme() + member.endpoint())
                        .collect(Collectors.joining(",")));
        certificates.ifPresent(issuer -> command.add("--cacert=" + issuer.authority()));
        root.ifPresent(issued -> {
            command.add("--cert=" + issued.certificate());
            command.add("--key=" + issued.key());
        });
        if (asksForPassword) {
            command.add("--user=" + ROOT + ":" + ROOT);
        }
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().keySet().removeIf(variable -> variable.startsWith("ETCD"));
        builder.environment().put("ETCDCTL_API", "3");
        return Command.run(builder);
    }

    /** What all members wrote last. */
    public String logs() {
        return members.stream()
                .map(member -> "--- " + member.name() + " at " + member.endpoint() + "\n" + member.logTail())
                .collect(Collectors.joining("\n"));
    }

    /** Kills all members and deletes their data. May be called again. */
    @Override
    public void close() {
        endAll();
        members.forEach(EtcdProcess::kill);
        members.forEach(EtcdProcess::release);
        Folder.delete(folder);
        try {
            Runtime.getRuntime().removeShutdownHook(lastResort);
        } catch (IllegalStateException e) {
            // the JVM is ending and runs it
        }
    }

    private void endAll() {
        members.forEach(EtcdProcess::end);
    }

    private String scheme() {
        return options.encryption() == Encryption.MUTUAL_TLS ? "https://" : "http://";
    }

    private List<String> arguments() {
        List<String> arguments = new ArrayList<>(List.of(
                "--initial-cluster="
                        + members.stream()
                                .map(member -> member.name() + "=" + scheme() + member.peerAddress())
                                .collect(Collectors.joining(",")),
                "--initial-cluster-state=new",
                "--initial-cluster-token=" + folder.getFileName(),
                "--heartbeat-interval=" + options.heartbeat().toMillis(),
                "--election-timeout=" + options.election().toMillis(),
                "--pre-vote=true",
                "--bcrypt-cost=4", // the least: signing in is not what is tested
                "--logger=zap",
                "--log-level=warn"));
        options.requestBytesMax().ifPresent(bytes -> arguments.add("--max-request-bytes=" + bytes));
        certificates.ifPresent(issuer -> {
            Issued server = issuer.issue("server");
            for (String side : List.of("", "peer-")) {
                arguments.add("--" + side + "cert-file=" + server.certificate());
                arguments.add("--" + side + "key-file=" + server.key());
                arguments.add("--" + side + "trusted-ca-file=" + issuer.authority());
                arguments.add("--" + side + "client-cert-auth");
            }
        });
        return arguments;
    }

    private void setUpUsers() {
        if (options.users().isEmpty()) {
            return;
        }
        boolean withPasswords =
                options.users().stream().anyMatch(user -> user.password().isPresent());
        addUser(ROOT, withPasswords ? Optional.of(ROOT) : Optional.empty());
        etcdctl("user", "grant-role", ROOT, ROOT);
        for (User user : options.users()) {
            addUser(user.name(), user.password());
            etcdctl("role", "add", user.name());
            for (String prefix : user.prefixes()) {
                etcdctl("role", "grant-permission", "--prefix=true", user.name(), "readwrite", prefix);
            }
            etcdctl("user", "grant-role", user.name(), user.name());
        }
        etcdctl("auth", "enable");
        asksForPassword = withPasswords;
    }

    private void addUser(String name, Optional<String> password) {
        if (password.isPresent()) {
            etcdctl("user", "add", name + ":" + password.get());
        } else {
            etcdctl("user", "add", name, "--no-password");
        }
    }
}
