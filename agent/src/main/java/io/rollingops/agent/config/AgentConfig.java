// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.config;

import io.rollingops.OperationResult;
import io.rollingops.UnitName;
import io.rollingops.etcd.EtcdEndpoint;
import io.rollingops.etcd.EtcdSettings;
import io.rollingops.etcd.lock.LockKeys;
import io.rollingops.etcd.lock.LockSettings;
import io.rollingops.lease.LeaseTerms;
import io.rollingops.manager.ClusterLossPolicy;
import io.rollingops.manager.RetryPause;
import io.rollingops.peer.UnitLease;
import io.rollingops.raft.RaftMember;
import io.rollingops.raft.RaftSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Collectors;

/**
 * All that an agent is told, checked.
 *
 * @param unit which unit this is
 * @param dataDirectory where it keeps what must survive
 * @param controlSocket where the command line reaches it
 * @param raft its place in the group
 * @param identity the PEM files that prove who it is
 * @param lease the times of its lease
 * @param pause how long it waits after a failed attempt
 * @param callbacks its callbacks, by id
 * @param etcd the lock that it shares with other applications, if any
 * @param upgrade how its workload is upgraded, if it is
 */
public record AgentConfig(
        UnitName unit,
        Path dataDirectory,
        Path controlSocket,
        RaftSettings raft,
        Identity identity,
        LeaseTerms lease,
        RetryPause pause,
        Map<String, CommandSpec> callbacks,
        Optional<EtcdConfig> etcd,
        Optional<UpgradeConfig> upgrade) {

    private static final Duration DEFAULT_TIMEOUT = Duration.ofMinutes(10);
    private static final Duration DEFAULT_LEASE = Duration.ofSeconds(30);
    private static final Duration DEFAULT_STOP = Duration.ofSeconds(5);
    private static final Duration CHECK_EVERY = Duration.ofSeconds(1);
    private static final RetryPause DEFAULT_PAUSE = new RetryPause(Duration.ofSeconds(1), Duration.ofMinutes(1));
    private static final Duration DEFAULT_LOOK_EVERY = Duration.ofSeconds(30);
    private static final Duration SHORTEST_LOOK = Duration.ofMillis(100);
    private static final int MAX_CALLBACKS = 256;

    /** The PEM files of the unit's signing key. */
    public record Identity(Path certificate, Path key, Path authority) {}

    public AgentConfig {
        callbacks = Map.copyOf(callbacks);
    }

    /**
     * Reads a file; relative paths in it are relative to it.
     *
     * @throws ConfigException with every mistake, each with its line and remedy
     */
    public static AgentConfig read(Path file) {
        return new Reading(file).config();
    }

    /** The same, but etcd is reached as the other section says. */
    public AgentConfig withAccessToEtcd(EtcdConfig other) {
        return new AgentConfig(
                unit,
                dataDirectory,
                controlSocket,
                raft,
                identity,
                lease,
                pause,
                callbacks,
                etcd.map(own -> own.reachedLike(other)),
                upgrade);
    }

    /** Whether the two differ at most in how etcd is reached: endpoints, certificates, user. */
    public boolean isSameButForAccessToEtcd(AgentConfig other) {
        return other.etcd().map(this::withAccessToEtcd).orElse(this).equals(other);
    }

    /** One reading of one file. */
    private static final class Reading {
        private final YamlReader yaml;
        private final Path folder;

        Reading(Path file) {
            this.yaml = new YamlReader(file);
            this.folder = Optional.ofNullable(file.toAbsolutePath().getParent()).orElse(Path.of("/"));
        }

        AgentConfig config() {
            YamlReader.Section root = yaml.read();
            root.requiredText("unit", "web/0");
            Optional<UnitName> unit = root.value("unit", UnitName::parse);
            Path data = root.text("data-directory")
                    .map(folder::resolve)
                    .orElseGet(() -> Path.of("/var/lib/rollingops")
                            .resolve(unit.map(name -> name.toString().replace('/', '-'))
                                    .orElse("unit")));
            Path socket = root.text("control-socket").map(folder::resolve).orElse(data.resolve("control/agent.sock"));
            Optional<Identity> identity = root.section("identity").map(this::identity);
            if (identity.isEmpty()) {
                yaml.problem(
                        root.line(), "'identity' is missing; 'rollingops init' or 'rollingops certs' makes the files");
            }
            Optional<LeaseTerms> lease = lease(root);
            RetryPause pause = root.section("retry-pause").flatMap(this::pause).orElse(DEFAULT_PAUSE);
            Map<String, CommandSpec> callbacks = callbacks(root);
            Optional<RaftSettings> raft = raft(root, unit, data);
            Optional<EtcdConfig> etcd = root.section("etcd").flatMap(section -> etcd(section, lease));
            Optional<UpgradeConfig> upgrade = root.section("upgrade").map(this::upgrade);
            root.end();
            yaml.finish();
            return new AgentConfig(
                    unit.orElseThrow(),
                    data,
                    socket,
                    raft.orElseThrow(),
                    identity.orElseThrow(),
                    lease.orElseThrow(),
                    pause,
                    callbacks,
                    etcd,
                    upgrade);
        }

        /**
         * The section about etcd.
         *
         * @param own what callbacks are stopped by, whichever lease is lost; empty if that is wrong, which is told already
         */
        private Optional<EtcdConfig> etcd(YamlReader.Section section, Optional<LeaseTerms> own) {
            String clusterId =
                    section.requiredText("cluster-id", UUID.randomUUID().toString());
            List<String> endpoints = section.texts("endpoints");
            if (endpoints.isEmpty()) {
                yaml.problem(
                        section.line(), "'etcd' needs endpoints, for example 'endpoints: [\"https://10.0.0.1:2379\"]'");
            }
            Optional<EtcdSettings.Tls> tls = section.section("tls").map(this::etcdTls);
            Optional<EtcdConfig.User> user = section.section("user").map(this::etcdUser);
            LockSettings usual = section.value("lease", text -> LockSettings.of(Durations.parse(text)))
                    .orElse(LockSettings.DEFAULT);
            LockSettings times =
                    own.map(terms -> timesToStop(section, usual, terms)).orElse(usual);
            LockSettings lock = section.value("return-after", Durations::parse)
                    .map(times::returningAfter)
                    .orElse(times);
            ClusterLossPolicy onLoss =
                    section.value("on-etcd-loss", Reading::onLoss).orElse(ClusterLossPolicy.DEGRADE);
            Optional<String> model = section.text("model");
            section.end();
            try {
                LockKeys keys = new LockKeys(clusterId, model.orElse("model"));
                EtcdSettings settings =
                        new EtcdSettings(EtcdEndpoint.parseList(String.join(",", endpoints)), tls, Optional.empty());
                return Optional.of(
                        new EtcdConfig(keys.clusterId(), model, endpoints(settings), tls, user, lock, onLoss));
            } catch (IllegalArgumentException e) {
                yaml.problem(section.line(), "'etcd': " + e.getMessage());
                return Optional.empty();
            }
        }

        private LockSettings timesToStop(YamlReader.Section section, LockSettings usual, LeaseTerms own) {
            try {
                return LockSettings.of(usual.lease().ttl(), own.stopWithin(), own.checkEvery());
            } catch (IllegalArgumentException e) {
                yaml.problem(section.line("lease"), "'etcd.lease': " + e.getMessage() + " ('stop-within')");
                return usual;
            }
        }

        private static String endpoints(EtcdSettings settings) {
            return settings.endpoints().stream().map(EtcdEndpoint::toString).collect(Collectors.joining(","));
        }

        private EtcdSettings.Tls etcdTls(YamlReader.Section section) {
            Optional<Path> authority = section.text("authority").map(folder::resolve);
            Optional<Path> certificate = section.text("certificate").map(folder::resolve);
            Optional<Path> key = section.text("key").map(folder::resolve);
            section.end();
            if (certificate.isPresent() != key.isPresent()) {
                yaml.problem(section.line(), "'etcd.tls' has only one of 'certificate' and 'key'; give both or none");
            }
            return new EtcdSettings.Tls(
                    authority, certificate.flatMap(file -> key.map(secret -> new EtcdSettings.Identity(file, secret))));
        }

        private EtcdConfig.User etcdUser(YamlReader.Section section) {
            EtcdConfig.User user = new EtcdConfig.User(
                    section.requiredText("name", "web"),
                    folder.resolve(section.requiredText("password-file", "etcd-password")));
            section.end();
            return user;
        }

        private static ClusterLossPolicy onLoss(String text) {
            return switch (text) {
                case "degrade" -> ClusterLossPolicy.DEGRADE;
                case "block" -> ClusterLossPolicy.BLOCK;
                default -> throw new IllegalArgumentException("'" + text + "' is neither degrade nor block");
            };
        }

        private UpgradeConfig upgrade(YamlReader.Section section) {
            Optional<Path> file = section.text("version-file").map(folder::resolve);
            List<String> printed = section.texts("version-command");
            if (file.isPresent() == !printed.isEmpty()) {
                yaml.problem(
                        section.line(),
                        "'upgrade' needs one of 'version-file' and 'version-command', for example"
                                + " 'version-file: /srv/web/VERSION'");
            }
            List<String> command = section.texts("command");
            if (command.isEmpty()) {
                yaml.problem(
                        section.line(),
                        "'upgrade.command' is missing; give it, for example 'command: [/srv/web/bin/upgrade]'");
            }
            UpgradeConfig upgrade = new UpgradeConfig(
                    file.<UpgradeConfig.VersionSource>map(UpgradeConfig.VersionSource.OfFile::new)
                            .orElse(new UpgradeConfig.VersionSource.OfCommand(printed)),
                    section.texts("check"),
                    command,
                    section.texts("health-check"),
                    section.texts("rollback"),
                    section.text("instructions").orElse(""),
                    section.text("dependencies")
                            .map(path -> folder.resolve(path).toString()),
                    section.text("reported").map(folder::resolve),
                    section.value("timeout", Reading::timeout).orElse(DEFAULT_TIMEOUT),
                    section.text("directory").map(folder::resolve).orElse(folder),
                    environment(section),
                    section.value("look-every", Reading::interval).orElse(DEFAULT_LOOK_EVERY));
            section.end();
            return upgrade;
        }

        private static Map<String, String> environment(YamlReader.Section section) {
            Map<String, String> environment = new LinkedHashMap<>();
            section.section("environment")
                    .ifPresent(variables -> variables
                            .keys()
                            .forEach(name -> variables.text(name).ifPresent(value -> environment.put(name, value))));
            return environment;
        }

        private Identity identity(YamlReader.Section section) {
            Identity identity = new Identity(
                    folder.resolve(section.requiredText("certificate", "unit.pem")),
                    folder.resolve(section.requiredText("key", "unit.key")),
                    folder.resolve(section.requiredText("authority", "authority.pem")));
            section.end();
            return identity;
        }

        private Optional<LeaseTerms> lease(YamlReader.Section root) {
            Duration ttl = root.value("lease", Durations::parse).orElse(DEFAULT_LEASE);
            Duration stop = root.value("stop-within", Durations::parse).orElse(DEFAULT_STOP);
            Duration check = root.value("check-every", Durations::parse).orElse(CHECK_EVERY);
            if (ttl.compareTo(UnitLease.MIN_TTL) < 0 || ttl.compareTo(UnitLease.MAX_TTL) > 0) {
                yaml.problem(
                        root.line("lease"),
                        "'lease': a unit's lease lives " + Durations.text(UnitLease.MIN_TTL) + " to "
                                + Durations.text(UnitLease.MAX_TTL) + ", not " + Durations.text(ttl));
                return Optional.empty();
            }
            try {
                return Optional.of(new LeaseTerms(ttl, stop, check));
            } catch (IllegalArgumentException e) {
                yaml.problem(root.line("lease"), "'lease': " + e.getMessage());
                return Optional.empty();
            }
        }

        private Optional<RetryPause> pause(YamlReader.Section section) {
            Duration first = section.value("first", Durations::parse).orElse(DEFAULT_PAUSE.first());
            Duration longest = section.value("longest", Durations::parse).orElse(DEFAULT_PAUSE.longest());
            section.end();
            try {
                return Optional.of(new RetryPause(first, longest));
            } catch (IllegalArgumentException e) {
                yaml.problem(section.line(), "'retry-pause': " + e.getMessage());
                return Optional.empty();
            }
        }

        private Optional<RaftSettings> raft(YamlReader.Section root, Optional<UnitName> unit, Path data) {
            List<RaftMember> members = members(root);
            boolean joining = root.value("join", Reading::flag).orElse(false);
            Optional<RaftSettings.Tls> tls = root.section("tls").map(this::tls);
            RaftSettings.Elections elections =
                    root.section("elections").flatMap(this::elections).orElse(RaftSettings.Elections.LAN);
            try {
                return unit.map(self -> new RaftSettings(self, members, joining, data.resolve("raft"), tls, elections));
            } catch (IllegalArgumentException e) {
                yaml.problem(root.line("members"), "'members': " + e.getMessage());
                return Optional.empty();
            }
        }

        private List<RaftMember> members(YamlReader.Section root) {
            Map<UnitName, RaftMember> members = new LinkedHashMap<>();
            for (YamlReader.Section section : root.sections("members")) {
                member(section).ifPresent(member -> {
                    if (members.putIfAbsent(member.unit(), member) != null) {
                        yaml.problem(
                                section.line(),
                                "unit " + member.unit() + " stands twice among the members; remove one of the two, or"
                                        + " give it the number of its own");
                    }
                });
            }
            return List.copyOf(members.values());
        }

        private Optional<RaftMember> member(YamlReader.Section section) {
            section.requiredText("unit", "web/0");
            Optional<UnitName> unit = section.value("unit", UnitName::parse);
            String address = section.requiredText("address", "10.0.0.5:7946");
            boolean voter = section.value("voter", Reading::flag).orElse(true);
            section.end();
            int colon = address.lastIndexOf(':');
            if (unit.isEmpty() || address.isEmpty()) {
                return Optional.empty();
            }
            try {
                if (colon < 1) {
                    throw new IllegalArgumentException("'" + address + "' has no port; write it like 10.0.0.5:7946");
                }
                return Optional.of(new RaftMember(
                        unit.get(),
                        address.substring(0, colon),
                        Integer.parseInt(address.substring(colon + 1)),
                        voter));
            } catch (NumberFormatException e) {
                yaml.problem(section.line("address"), "'" + address + "' has no port number after the colon");
            } catch (IllegalArgumentException e) {
                yaml.problem(section.line("address"), String.valueOf(e.getMessage()));
            }
            return Optional.empty();
        }

        private RaftSettings.Tls tls(YamlReader.Section section) {
            RaftSettings.Tls tls = new RaftSettings.Tls(
                    folder.resolve(section.requiredText("certificate", "tls.pem")),
                    folder.resolve(section.requiredText("key", "tls.key")),
                    folder.resolve(section.requiredText("authority", "authority.pem")));
            section.end();
            return tls;
        }

        private Optional<RaftSettings.Elections> elections(YamlReader.Section section) {
            Duration min = section.value("min", Durations::parse).orElse(RaftSettings.Elections.LAN.min());
            Duration max = section.value("max", Durations::parse).orElse(RaftSettings.Elections.LAN.max());
            section.end();
            try {
                return Optional.of(new RaftSettings.Elections(min, max));
            } catch (IllegalArgumentException e) {
                yaml.problem(section.line(), "'elections': " + e.getMessage());
                return Optional.empty();
            }
        }

        private Map<String, CommandSpec> callbacks(YamlReader.Section root) {
            Map<String, CommandSpec> callbacks = new TreeMap<>();
            Optional<YamlReader.Section> section = root.section("callbacks");
            if (section.isEmpty()) {
                return callbacks;
            }
            for (String id : section.get().keys()) {
                section.get().section(id).ifPresent(fields -> callbacks.put(id, callback(id, fields)));
                if (id.isBlank() || id.startsWith("rollingops.")) {
                    yaml.problem(
                            section.get().line(id), "callback id '" + id + "' is blank or begins with 'rollingops.'");
                }
            }
            if (callbacks.size() > MAX_CALLBACKS) {
                yaml.problem(
                        section.get().line(), callbacks.size() + " callbacks are over the limit of " + MAX_CALLBACKS);
            }
            return callbacks;
        }

        private CommandSpec callback(String id, YamlReader.Section fields) {
            List<String> command = fields.texts("command");
            if (command.isEmpty() || command.get(0).isBlank()) {
                yaml.problem(
                        fields.line(),
                        "callback '" + id + "' needs a command, for example 'command: [systemctl, restart, web]'");
            }
            Map<String, String> environment = environment(fields);
            Map<Integer, OperationResult> results = new TreeMap<>(CommandSpec.DEFAULT_RESULTS);
            OperationResult otherwise = fields.section("exit-codes")
                    .flatMap(codes -> exitCodes(codes, results))
                    .orElse(OperationResult.RETRY_RELEASE);
            CommandSpec spec = new CommandSpec(
                    id,
                    command,
                    fields.value("timeout", Reading::timeout).orElse(DEFAULT_TIMEOUT),
                    fields.value("hold", Reading::flag).orElse(false),
                    fields.text("directory").map(folder::resolve).orElse(folder),
                    environment,
                    results,
                    otherwise);
            fields.end();
            return spec;
        }

        private Optional<OperationResult> exitCodes(YamlReader.Section codes, Map<Integer, OperationResult> results) {
            Optional<OperationResult> otherwise = Optional.empty();
            for (String code : codes.keys()) {
                Optional<OperationResult> result = codes.value(code, Reading::result);
                if (code.equals("other")) {
                    otherwise = result;
                } else if (code.matches("[0-9]{1,3}") && Integer.parseInt(code) < 256) {
                    result.ifPresent(meaning -> results.put(Integer.parseInt(code), meaning));
                } else {
                    yaml.problem(codes.line(code), "'" + code + "' is not an exit status from 0 to 255, or 'other'");
                }
            }
            return otherwise;
        }

        private static OperationResult result(String text) {
            return OperationResult.ofWire(text)
                    .orElseThrow(() -> new IllegalArgumentException(
                            "'" + text + "' is not a result; results are release, retry-release and retry-hold"));
        }

        private static Duration timeout(String text) {
            Duration timeout = Durations.parse(text);
            if (timeout.isZero()) {
                throw new IllegalArgumentException(
                        "a callback cannot run in no time; leave it out for " + Durations.text(DEFAULT_TIMEOUT));
            }
            return timeout;
        }

        private static Duration interval(String text) {
            Duration interval = Durations.parse(text);
            if (interval.compareTo(SHORTEST_LOOK) < 0) {
                throw new IllegalArgumentException("'" + text + "' is too often; " + Durations.text(SHORTEST_LOOK)
                        + " is the least, and " + Durations.text(DEFAULT_LOOK_EVERY) + " the default");
            }
            return interval;
        }

        private static boolean flag(String text) {
            if (text.equals("true") || text.equals("false")) {
                return text.equals("true");
            }
            throw new IllegalArgumentException("'" + text + "' is neither true nor false");
        }
    }
}
