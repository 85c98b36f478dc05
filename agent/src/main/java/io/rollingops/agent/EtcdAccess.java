// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent;

import io.rollingops.RollingOpsException;
import io.rollingops.agent.config.AgentConfig;
import io.rollingops.agent.config.ConfigException;
import io.rollingops.etcd.EtcdSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * Follows the configuration file while the agent runs: new endpoints, other names of the PEM files and another user or
 * password of etcd are taken up without a restart, as new contents of the PEM files are. A file that is wrong, by the same
 * strict rules as at the start, changes nothing and is told once. Anything else that changed is told to need a restart.
 *
 * <p>For one thread.
 */
final class EtcdAccess {
    /** How often to look. */
    static final Duration EVERY = Duration.ofSeconds(5);

    /** What is told of it. */
    interface Story {
        /** Etcd is reached in this way from now on. */
        void changed(EtcdSettings settings);

        /** The file is not used, or not all of it. */
        void refused(String reason);
    }

    private final Path file;
    private final Consumer<EtcdSettings> use;
    private final Story story;
    private AgentConfig config;
    private EtcdSettings inForce;
    private Object seen;
    private String told = "";

    /**
     * Begins with what the agent was started with.
     *
     * @param use takes up settings; may throw {@link RollingOpsException.InvalidRequest}, and has then changed nothing
     */
    EtcdAccess(Path file, AgentConfig config, EtcdSettings inForce, Consumer<EtcdSettings> use, Story story) {
        this.file = file;
        this.use = use;
        this.story = story;
        this.config = config;
        this.inForce = inForce;
        this.seen = "";
    }

    /** Looks whether something has changed; what failed is tried again with each look. */
    void look() {
        try {
            Object now = state();
            if (!now.equals(seen)) {
                config = read();
                seen = now;
            }
            EtcdSettings wanted = SharedLock.settings(config.etcd().orElseThrow());
            if (!wanted.equals(inForce)) {
                use.accept(wanted);
                inForce = wanted;
                story.changed(wanted);
            }
            told = "";
        } catch (ConfigException | RollingOpsException.InvalidRequest e) {
            tellOnce(String.valueOf(e.getMessage()).lines().collect(Collectors.joining("; ")));
        } catch (IOException e) {
            tellOnce(file + " cannot be read: " + e);
        }
    }

    private AgentConfig read() {
        AgentConfig found = AgentConfig.read(file);
        if (found.etcd().isEmpty() || !found.isSameButForAccessToEtcd(config)) {
            story.refused(
                    "more has changed in " + file + " than the endpoints, 'tls' and 'user' of 'etcd'; the rest counts"
                            + " from the next start of the agent on");
        }
        return config.withAccessToEtcd(found.etcd().or(config::etcd).orElseThrow());
    }

    private void tellOnce(String reason) {
        if (!reason.equals(told)) {
            story.refused(reason + "; the agent goes on with what it had");
            told = reason;
        }
    }

    /** Changes with each way of writing a file: in place, by renaming another one over it, by moving a link. */
    private Object state() throws IOException {
        try {
            BasicFileAttributes now = Files.readAttributes(file, BasicFileAttributes.class);
            return List.of(Optional.ofNullable(now.fileKey()), now.size(), now.lastModifiedTime());
        } catch (NoSuchFileException e) {
            throw new ConfigException(file + " is not there any more");
        }
    }
}
