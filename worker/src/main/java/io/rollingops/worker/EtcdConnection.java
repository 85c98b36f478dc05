// SPDX-License-Identifier: Apache-2.0
package io.rollingops.worker;

import io.rollingops.RollingOpsException;
import io.rollingops.etcd.Bytes;
import io.rollingops.etcd.EtcdEndpoint;
import io.rollingops.etcd.EtcdSettings;
import io.rollingops.etcd.Query;
import io.rollingops.etcd.grpc.GrpcEtcdClient;
import io.rollingops.juju.EtcdAccess;
import io.rollingops.juju.EtcdFiles;
import io.rollingops.worker.KnownPairs.Access;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * The client of etcd with the files that the unit's hooks write: follows them when endpoints, the servers' authority or
 * the own certificate change. While a certificate is replaced the pair that etcd accepts is used ({@link KnownPairs}), so a
 * rotation cuts nobody off, whether the unit or etcd knows of it first. For one thread, except the client itself.
 */
final class EtcdConnection implements AutoCloseable {
    /** A pair that etcd did not accept is not shown to it again so soon while the other one does. */
    private static final Duration AGAIN_AFTER = Duration.ofMinutes(1);

    private static final Duration TRIAL = Duration.ofSeconds(2);

    /** Where the rest of the worker runs. */
    record Ports(Executor serial, Executor waiting, LongSupplier clock, Consumer<String> story) {}

    private final Path folder;
    private final Bytes readable;
    private final Ports ports;
    private final GrpcEtcdClient client;

    private Access used;
    private boolean isAtPrevious;
    private boolean isTrying;
    private Optional<Long> triedAt = Optional.empty();

    private EtcdConnection(Path folder, Bytes readable, Ports ports, GrpcEtcdClient client, Access used) {
        this.folder = folder;
        this.readable = readable;
        this.ports = ports;
        this.client = client;
        this.used = used;
    }

    /**
     * Makes the client; etcd need not be there.
     *
     * @param folder of the unit
     * @param readable a key that the unit may read, whether or not it is there
     * @throws RollingOpsException.InvalidRequest saying which file is missing or cannot be used
     */
    static EtcdConnection open(Path folder, Bytes readable, Ports ports) {
        EtcdAccess access = EtcdFiles.read(folder)
                .orElseThrow(() -> new RollingOpsException.InvalidRequest(
                        EtcdFiles.problem(folder).orElse("the files about etcd have just changed")));
        return new EtcdConnection(
                folder, readable, ports, new GrpcEtcdClient(settings(access), ports.serial()), content(access));
    }

    GrpcEtcdClient client() {
        return client;
    }

    /**
     * Looks whether the files have changed, or the other pair is to be tried; to be called now and then, when a hook was
     * here, and when a call has failed.
     *
     * @param isAnswered whether etcd answers at the moment
     */
    void look(boolean isAnswered) {
        Optional<EtcdAccess> present = EtcdFiles.read(folder);
        if (present.isEmpty()) {
            return; // a hook ends this process when they are gone for good
        }
        Optional<EtcdAccess> previous = EtcdFiles.readPrevious(folder);
        KnownPairs pairs = new KnownPairs(used, content(present.get()), previous.map(EtcdConnection::content));
        switch (pairs.next(isAtPrevious, isAnswered)) {
            case REST -> {
                if (isAnswered) {
                    accept(present.get());
                }
            }
            case USE_PRESENT -> use(present.get(), false);
            case USE_PREVIOUS -> use(previous.orElseThrow(), true);
            case TRY_PRESENT -> tryOther(present.get(), isAnswered, false);
            case TRY_PREVIOUS -> tryOther(previous.orElseThrow(), isAnswered, true);
        }
    }

    private void tryOther(EtcdAccess access, boolean isAnswered, boolean previous) {
        boolean isTooSoon = isAnswered
                && triedAt.filter(then -> ports.clock().getAsLong() - then < AGAIN_AFTER.toNanos())
                        .isPresent();
        if (!isTrying && !isTooSoon) {
            isTrying = true;
            triedAt = Optional.of(ports.clock().getAsLong());
            Access tried = content(access);
            ports.waiting().execute(() -> {
                boolean accepted = isAccepted(access);
                ports.serial().execute(() -> {
                    isTrying = false;
                    if (accepted && content(access).equals(tried)) {
                        triedAt = Optional.empty();
                        use(access, previous);
                    }
                });
            });
        }
    }

    /** Blocks for a while. */
    private boolean isAccepted(EtcdAccess access) {
        try (GrpcEtcdClient trial = new GrpcEtcdClient(settings(access), Runnable::run)) {
            trial.within(TRIAL).read(Query.key(readable)).join();
            return true;
        } catch (CompletionException | RollingOpsException e) {
            return false;
        }
    }

    private void use(EtcdAccess access, boolean previous) {
        try {
            Access next = content(access);
            client.reload(settings(access));
            used = next;
            isAtPrevious = previous;
            ports.story()
                    .accept("uses endpoints=" + String.join(",", access.endpoints()) + " certificate="
                            + access.certificate().getFileName());
        } catch (RollingOpsException e) {
            ports.story().accept("goes on as before: " + e.getMessage());
        }
    }

    private void accept(EtcdAccess access) {
        try {
            EtcdFiles.accepted(folder, Files.readString(access.certificate(), StandardCharsets.US_ASCII));
        } catch (IOException | UncheckedIOException e) {
            ports.story().accept(String.valueOf(e.getMessage()));
        }
    }

    private static EtcdSettings settings(EtcdAccess access) {
        return new EtcdSettings(
                access.endpoints().stream().map(EtcdEndpoint::parse).toList(),
                Optional.of(new EtcdSettings.Tls(
                        Optional.of(access.authority()),
                        Optional.of(new EtcdSettings.Identity(access.certificate(), access.key())))),
                Optional.empty());
    }

    /** All that the files say, to see whether it changed. */
    private static Access content(EtcdAccess access) {
        return new Access(
                String.join(",", access.endpoints()) + "\n" + text(access.authority()),
                text(access.certificate()) + "\n" + text(access.key()));
    }

    private static String text(Path file) {
        try {
            return Files.readString(file, StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            return "";
        }
    }

    @Override
    public void close() {
        client.close();
    }
}
