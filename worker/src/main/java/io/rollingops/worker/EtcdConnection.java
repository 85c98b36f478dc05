// SPDX-License-Identifier: Apache-2.0
package io.rollingops.worker;

import io.rollingops.RollingOpsException;
import io.rollingops.etcd.EtcdEndpoint;
import io.rollingops.etcd.EtcdSettings;
import io.rollingops.etcd.grpc.GrpcEtcdClient;
import io.rollingops.juju.EtcdAccess;
import io.rollingops.juju.EtcdFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/**
 * The client of etcd with the files that the unit's hooks write: follows them when endpoints, the servers' authority or
 * the own certificate change. While etcd does not yet know a new certificate the pair before it is tried in turn, so a
 * rotation cuts nobody off. For one thread, except the client itself.
 */
final class EtcdConnection implements AutoCloseable {
    /** After so many looks without an answer the other pair of certificate and key is tried. */
    private static final int LOOKS_BEFORE_OTHER_PAIR = 2;

    private final Path folder;
    private final Consumer<String> story;
    private final GrpcEtcdClient client;

    private List<String> contents;
    private boolean usesPrevious;
    private int looksInTrouble;

    private EtcdConnection(Path folder, GrpcEtcdClient client, List<String> contents, Consumer<String> story) {
        this.folder = folder;
        this.client = client;
        this.contents = contents;
        this.story = story;
    }

    /**
     * Makes the client; etcd need not be there.
     *
     * @param folder of the unit
     * @throws RollingOpsException.InvalidRequest saying which file is missing or cannot be used
     */
    static EtcdConnection open(Path folder, Executor callbacks, Consumer<String> story) {
        EtcdAccess access = EtcdFiles.read(folder)
                .orElseThrow(() -> new RollingOpsException.InvalidRequest(
                        EtcdFiles.problem(folder).orElse("the files about etcd have just changed")));
        return new EtcdConnection(folder, new GrpcEtcdClient(settings(access), callbacks), contents(access), story);
    }

    GrpcEtcdClient client() {
        return client;
    }

    /**
     * Looks whether the files have changed; to be called now and then, and when a hook was here.
     *
     * @param isAnswered whether etcd answers at the moment
     */
    void look(boolean isAnswered) {
        Optional<EtcdAccess> now = EtcdFiles.read(folder);
        if (now.isEmpty()) {
            return; // a hook ends this process when they are gone for good
        }
        if (!contents(now.get()).equals(contents)) {
            use(now.get(), false);
            looksInTrouble = 0;
            return;
        }
        looksInTrouble = isAnswered ? 0 : looksInTrouble + 1;
        if (isAnswered && !usesPrevious) {
            accept(now.get());
        }
        if (looksInTrouble >= LOOKS_BEFORE_OTHER_PAIR) {
            looksInTrouble = 0;
            Optional<EtcdAccess> previous = EtcdFiles.readPrevious(folder);
            if (usesPrevious) {
                use(now.get(), false);
            } else if (previous.isPresent()) {
                use(previous.get(), true);
            }
        }
    }

    private void use(EtcdAccess access, boolean previous) {
        try {
            List<String> next = contents(access);
            client.reload(settings(access));
            if (!previous) {
                contents = next;
            }
            usesPrevious = previous;
            story.accept("uses endpoints=" + String.join(",", access.endpoints()) + " certificate="
                    + access.certificate().getFileName());
        } catch (RollingOpsException e) {
            story.accept("goes on as before: " + e.getMessage());
        }
    }

    private void accept(EtcdAccess access) {
        try {
            EtcdFiles.accepted(folder, Files.readString(access.certificate(), StandardCharsets.US_ASCII));
        } catch (IOException | UncheckedIOException e) {
            story.accept(String.valueOf(e.getMessage()));
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
    private static List<String> contents(EtcdAccess access) {
        List<String> contents = new ArrayList<>(access.endpoints());
        for (Path file : List.of(access.authority(), access.certificate(), access.key())) {
            try {
                contents.add(Files.readString(file, StandardCharsets.ISO_8859_1));
            } catch (IOException e) {
                contents.add("");
            }
        }
        return contents;
    }

    @Override
    public void close() {
        client.close();
    }
}
