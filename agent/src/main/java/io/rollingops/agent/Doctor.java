// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent;

import io.rollingops.RollingOpsException;
import io.rollingops.agent.config.AgentConfig;
import io.rollingops.agent.config.ConfigException;
import io.rollingops.agent.config.Durations;
import io.rollingops.agent.config.EtcdConfig;
import io.rollingops.agent.control.ControlClient;
import io.rollingops.etcd.Action;
import io.rollingops.etcd.Bytes;
import io.rollingops.etcd.EndpointReport;
import io.rollingops.etcd.EtcdClient;
import io.rollingops.etcd.EtcdEndpoint;
import io.rollingops.etcd.EtcdSettings;
import io.rollingops.etcd.Transaction;
import io.rollingops.etcd.grpc.GrpcEtcdClient;
import io.rollingops.etcd.grpc.MemberClock;
import io.rollingops.etcd.lock.LockKeys;
import io.rollingops.etcd.lock.LockObserver;
import io.rollingops.etcd.lock.LockView;
import io.rollingops.json.Json;
import io.rollingops.local.BootClock;
import io.rollingops.raft.Credentials;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Examines a configuration against what is really there: the files, the agent, etcd and the rights in it. */
public final class Doctor {
    private static final Duration LIMIT = Duration.ofSeconds(3);
    private static final Duration EXPIRES_SOON = Duration.ofDays(30);
    private static final Duration CLOCKS_APART = Duration.ofSeconds(5);
    private static final Pattern VERSION = Pattern.compile("(\\d{1,4})\\.(\\d{1,4}).*");

    private final Consumer<Finding> tell;

    /**
     * An examination.
     *
     * @param tell hears each finding as soon as there is one
     */
    public Doctor(Consumer<Finding> tell) {
        this.tell = tell;
    }

    /** Examines what that file configures. Changes nothing but two keys of its own in etcd, which it deletes again. */
    public void examine(Path configuration) {
        AgentConfig config;
        try {
            config = AgentConfig.read(configuration);
        } catch (ConfigException e) {
            String.valueOf(e.getMessage()).lines().forEach(line -> tell.accept(Finding.bad(line, "")));
            return;
        }
        tell.accept(Finding.good(configuration + " is the configuration of " + config.unit()));
        identity(config);
        clock();
        agent(configuration, config);
        config.etcd().ifPresent(etcd -> etcd(etcd, config));
    }

    private void identity(AgentConfig config) {
        AgentConfig.Identity files = config.identity();
        certificate(
                "the certificate of " + config.unit(),
                now -> Credentials.read(files.certificate(), files.key(), files.authority(), now)
                        .certificate()
                        .getNotAfter()
                        .toInstant());
        config.raft()
                .tls()
                .ifPresent(tls -> certificate(
                        "the certificate for connections between members",
                        now -> Credentials.checkConnections(tls, now)));
    }

    private void certificate(String what, Function<Instant, Instant> endsAt) {
        Instant now = InstantSource.system().instant();
        try {
            Instant end = endsAt.apply(now);
            Duration left = Duration.between(now, end);
            tell.accept(
                    left.compareTo(EXPIRES_SOON) < 0
                            ? Finding.warning(
                                    what + " expires in " + Durations.text(left),
                                    "make a new one with 'rollingops certs'")
                            : Finding.good(what + " is valid until " + end));
        } catch (RollingOpsException e) {
            tell.accept(Finding.bad(String.valueOf(e.getMessage()), "the agent does not start until this is mended"));
        }
    }

    private void clock() {
        long nanos = BootClock.ofThisMachine().getAsLong();
        tell.accept(Finding.good("leases are counted on this machine's clock since boot, now "
                + Durations.text(Duration.ofNanos(nanos)) + "; the time of day decides nothing"));
    }

    private void agent(Path configuration, AgentConfig config) {
        try (ControlClient client = ControlClient.connect(config.controlSocket())) {
            Json.Obj report = client.call(Json.object().put("do", "status").build());
            if (report.object("group").find("leader").isEmpty()) {
                tell.accept(Finding.bad(
                        "the agent runs and its group has no leader that it knows of",
                        "start the other agents, or mend the network between them"));
            } else {
                tell.accept(Finding.good(
                        "the agent runs, " + report.object("group").string("leader") + " leads the group of "
                                + report.object("group").array("members").size()));
            }
        } catch (ControlClient.NoAgent e) {
            tell.accept(Finding.warning(
                    "no agent answers at " + config.controlSocket(),
                    "start it: rollingops agent --config " + configuration));
        }
    }

    private void etcd(EtcdConfig config, AgentConfig agent) {
        if (config.isGuessable()) {
            tell.accept(Finding.warning(
                    "the cluster id '" + config.clusterId() + "' can be guessed",
                    "whoever may write to this etcd could take the lock; use a random one, the same in all applications,"
                            + " as 'rollingops init --etcd' proposes"));
        }
        try (GrpcEtcdClient client = new GrpcEtcdClient(SharedLock.settings(config), Runnable::run)) {
            EtcdClient etcd = client.within(LIMIT);
            boolean isReached = false;
            for (EndpointReport report : etcd.endpoints().join()) {
                isReached |= report.<Boolean>fold(this::reached, this::reticent, this::failed);
            }
            if (isReached) {
                clocks(SharedLock.settings(config));
                LockKeys keys =
                        SharedLock.keys(config, agent.unit(), agent.identity().authority());
                rights(etcd, keys);
                keys.privatePrefix().ifPresent(prefix -> privateRights(etcd, keys, prefix));
                lock(etcd, keys);
            }
        } catch (RollingOpsException e) {
            tell.accept(Finding.bad(
                    "etcd: " + e.getMessage(), "see the files and names in the section 'etcd' of the configuration"));
        }
    }

    private boolean reached(EndpointReport.Reached report) {
        String what = "etcd at " + report.endpoint() + " answers, version " + report.version();
        Matcher version = VERSION.matcher(report.version());
        boolean isOld = version.matches()
                && (Integer.parseInt(version.group(1)) < 3
                        || (Integer.parseInt(version.group(1)) == 3 && Integer.parseInt(version.group(2)) < 4));
        if (isOld) {
            tell.accept(Finding.bad(what, "Rollingops needs etcd 3.4 or later"));
        } else if (!report.alarms().isEmpty()) {
            tell.accept(Finding.bad(
                    what + ", and complains: " + report.alarms(), "mend that first; 'etcdctl alarm list' says more"));
        } else {
            tell.accept(Finding.good(what + (report.leads() ? ", leads" : "")));
        }
        return true;
    }

    private boolean reticent(EndpointReport.Reticent report) {
        tell.accept(Finding.good("etcd at " + report.endpoint() + " answers, and tells more to administrators only"));
        return true;
    }

    private boolean failed(EndpointReport.Failed report) {
        tell.accept(Finding.bad(
                String.valueOf(report.problem().getMessage()),
                "see that etcd runs there, and that this" + " machine reaches it with these certificates"));
        return false;
    }

    /** What a clock shows decides nothing about the lock; how fast it runs does, and that cannot be seen at a glance. */
    private void clocks(EtcdSettings settings) {
        for (EtcdEndpoint endpoint : settings.endpoints()) {
            Optional<Duration> ahead = MemberClock.ahead(settings, endpoint, InstantSource.system(), LIMIT);
            if (ahead.isEmpty()) {
                tell.accept(Finding.good("the clock of etcd at " + endpoint
                        + " could not be compared with this machine's;" + " the lock does not depend on it"));
            } else if (ahead.get().abs().compareTo(CLOCKS_APART) > 0) {
                tell.accept(Finding.warning(
                        "the clock of etcd at " + endpoint + " is "
                                + Durations.text(
                                        Duration.ofSeconds(ahead.get().abs().toSeconds()))
                                + (ahead.get().isNegative() ? " behind" : " ahead of") + " this machine's",
                        "the lock does not depend on what clocks show, but certificates and the reading of logs do: let both"
                                + " machines follow one source of time"));
            } else {
                tell.accept(Finding.good("the clock of etcd at " + endpoint
                        + " shows the same as this machine's to within " + Durations.text(CLOCKS_APART)));
            }
        }
    }

    private void rights(EtcdClient etcd, LockKeys keys) {
        try {
            tryToWrite(etcd, keys.cluster().plus("doctor/" + keys.owner()));
            tell.accept(Finding.good("keys below " + keys.cluster() + " may be read and written"));
        } catch (RollingOpsException e) {
            tell.accept(Finding.bad(
                    String.valueOf(e.getMessage()),
                    "give the user of this application a role with: etcdctl role grant-permission ROLE --prefix=true"
                            + " readwrite " + keys.cluster()));
        }
    }

    private void privateRights(EtcdClient etcd, LockKeys keys, Bytes prefix) {
        try {
            tryToWrite(etcd, prefix.plus("doctor/" + keys.owner()));
            tell.accept(Finding.good("keys below " + prefix + " may be written, which protect the lease of the lock"));
        } catch (RollingOpsException.Refused e) {
            tell.accept(Finding.warning(
                    "keys below " + prefix + " may not be written, so another application with rights on "
                            + keys.cluster() + " could end the lease of this unit while it has the lock",
                    "give the role of this application, and no other, also: etcdctl role grant-permission ROLE --prefix=true"
                            + " readwrite " + prefix));
        } catch (RollingOpsException e) {
            tell.accept(Finding.bad(String.valueOf(e.getMessage()), "try again when etcd answers"));
        }
    }

    private static void tryToWrite(EtcdClient etcd, Bytes probe) {
        answer(etcd.commit(Transaction.always(Action.put(probe, Bytes.utf8("may be deleted")))));
        answer(etcd.commit(Transaction.always(Action.delete(probe))));
    }

    private void lock(EtcdClient etcd, LockKeys keys) {
        try {
            LockView view = answer(new LockObserver(etcd, keys).look());
            Optional<LockView.Holder> holder = view.holder();
            if (holder.isEmpty()) {
                tell.accept(Finding.good("the lock is free" + waiting(view.waiters())));
            } else if (holder.get().leaseLeft().isEmpty()) {
                tell.accept(Finding.warning(
                        "the lock is held by " + holder.get().owner()
                                + " without a lease, so it will never end by itself",
                        "if nothing runs there, delete it: etcdctl del " + keys.lock()));
            } else {
                tell.accept(Finding.good("the lock is held by " + holder.get().owner() + waiting(view.waiters())));
            }
        } catch (RollingOpsException e) {
            tell.accept(Finding.bad(String.valueOf(e.getMessage()), ""));
        }
    }

    private static String waiting(List<String> waiters) {
        return waiters.isEmpty() ? "" : "; waiting: " + String.join(", ", waiters);
    }

    private static <T> T answer(CompletableFuture<T> call) {
        try {
            return call.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof RollingOpsException known) {
                throw known;
            }
            throw e;
        }
    }
}
