// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.upgrade;

import io.rollingops.OperationResult;
import io.rollingops.RollingOpsException;
import io.rollingops.UnitName;
import io.rollingops.agent.config.CommandSpec;
import io.rollingops.agent.config.UpgradeConfig;
import io.rollingops.agent.config.UpgradeConfig.VersionSource;
import io.rollingops.agent.process.CommandCallback;
import io.rollingops.agent.process.Errand;
import io.rollingops.agent.process.RunDirectories;
import io.rollingops.json.Json;
import io.rollingops.json.JsonException;
import io.rollingops.json.JsonText;
import io.rollingops.manager.CallbackContext;
import io.rollingops.upgrade.DependencyDocument;
import io.rollingops.upgrade.InvalidDependencies;
import io.rollingops.upgrade.Release;
import io.rollingops.upgrade.UpgradeError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;

/** The workload of one unit, as the configuration tells to look at it and to replace it. */
final class Workload {
    private static final String UNREADABLE = "The installed release cannot be read";

    private final UnitName unit;
    private final UpgradeConfig config;
    private final RunDirectories errands;
    private final RunDirectories runs;
    private final Duration stopWithin;
    private final InstantSource calendar;

    /**
     * The workload of a unit.
     *
     * @param errands where commands outside the lock run; used by no other thread than the one that calls here
     * @param runs where commands under the lock run
     * @param stopWithin how long after the lock is lost everything must have ended
     */
    Workload(
            UnitName unit,
            UpgradeConfig config,
            RunDirectories errands,
            RunDirectories runs,
            Duration stopWithin,
            InstantSource calendar) {
        this.unit = unit;
        this.config = config;
        this.errands = errands;
        this.runs = runs;
        this.stopWithin = stopWithin;
        this.calendar = calendar;
    }

    /**
     * What is to be brought.
     *
     * @param target which release
     * @param from what was installed before; empty when that is not certain
     * @param back whether this is the way back
     */
    record Job(Release target, Optional<Release> from, boolean back) {
        Json.Obj arguments() {
            Json.ObjectBuilder arguments = Json.object().put("release", target.name());
            from.ifPresent(release -> arguments.put("from", release.name()));
            return arguments.build();
        }
    }

    /**
     * The release that is installed now.
     *
     * @throws UpgradeError when that cannot be found out
     */
    Release installed() throws InterruptedException {
        String text;
        if (config.version() instanceof VersionSource.OfFile source) {
            try {
                text = Files.readString(source.file());
            } catch (IOException e) {
                throw unreadable("the file " + source.file() + ": " + e, "see that 'upgrade.version-file' is right");
            }
        } else if (config.version() instanceof VersionSource.OfCommand source) {
            Errand errand = errand(source.command(), "version", Map.of());
            if (!errand.isGood()) {
                throw unreadable(
                        "'upgrade.version-command' ended with " + errand.ending(config.timeout()),
                        "run " + String.join(" ", source.command()) + " by hand on the host of " + unit);
            }
            text = errand.output();
        } else {
            throw new AssertionError(config.version());
        }
        String line = text.lines().findFirst().orElse("").strip();
        try {
            return new Release(line);
        } catch (IllegalArgumentException e) {
            throw unreadable("its first line is '" + line + "'; " + e.getMessage(), "it must name the release");
        }
    }

    /**
     * Asks the workload whether an upgrade may begin.
     *
     * @throws UpgradeError.ClusterNotReadyError when it may not
     */
    void check(Optional<Release> target) throws InterruptedException {
        if (config.check().isEmpty()) {
            return;
        }
        Map<String, String> told = new HashMap<>();
        target.ifPresent(release -> told.put("ROLLINGOPS_ARG_RELEASE", release.name()));
        Errand errand = errand(config.check(), "check", told);
        if (!errand.isGood()) {
            throw new UpgradeError.ClusterNotReadyError(
                    "The check of the workload says no",
                    "'upgrade.check' on " + unit + " ended with " + errand.ending(config.timeout()),
                    "mend what it found and ask again, or give a reason to overrule it");
        }
    }

    /**
     * What that release declares; a document without models where the configuration names none.
     *
     * @throws UpgradeError.DependencyError when there should be one and it cannot be read
     */
    DependencyDocument declared(Release release) {
        if (config.dependencies().isEmpty()) {
            return new DependencyDocument(Map.of());
        }
        String name = release.name();
        if (name.contains("/") || name.startsWith(".")) {
            throw unknownDependencies(name, "the name of the release cannot be part of a path");
        }
        Path file = Path.of(config.dependencies().get().replace(UpgradeConfig.RELEASE, name));
        try {
            return DependencyDocument.read(Files.readString(file));
        } catch (IOException e) {
            throw unknownDependencies(name, "the file " + file + ": " + e);
        } catch (JsonException | InvalidDependencies e) {
            throw unknownDependencies(name, "the file " + file + ": " + e.getMessage());
        }
    }

    /**
     * The versions that other applications report.
     *
     * @throws UpgradeError.DependencyError when they cannot be read
     */
    Map<String, String> reported() {
        if (config.reported().isEmpty()) {
            return Map.of();
        }
        Path file = config.reported().get();
        try {
            Json.Obj fields = JsonText.parseObject(Files.readString(file));
            Map<String, String> versions = new TreeMap<>();
            fields.members().keySet().forEach(name -> versions.put(name, fields.string(name)));
            return versions;
        } catch (IOException | JsonException e) {
            throw new UpgradeError.DependencyError(
                    "The versions of other applications cannot be read",
                    "the file " + file + ": " + e,
                    "see 'upgrade.reported' in the configuration of " + unit);
        }
    }

    /**
     * Brings the release, and sees that the workload is well.
     *
     * @throws UpgradeError when it was not brought or is not well
     * @throws RollingOpsException.LockLost when the lock is lost, or the agent stops
     */
    void replace(CallbackContext context, Job job) throws IOException, InterruptedException {
        declared(job.target());
        boolean hasOwnWayBack = job.back() && !config.rollback().isEmpty();
        run(context, job, hasOwnWayBack ? "rollback" : "command", hasOwnWayBack ? config.rollback() : config.command());
        if (!config.healthCheck().isEmpty()) {
            run(context, job, "health-check", config.healthCheck());
        }
    }

    /** What to do to come back, in the user's words. */
    String instructions() {
        return config.instructions();
    }

    private void run(CallbackContext context, Job job, String what, List<String> command)
            throws IOException, InterruptedException {
        CommandSpec spec = new CommandSpec(
                "rollingops.upgrade." + what,
                command,
                config.timeout(),
                false,
                config.directory(),
                config.environment(),
                Map.of(0, OperationResult.RELEASE),
                OperationResult.RETRY_RELEASE);
        AtomicReference<String> note = new AtomicReference<>("");
        OperationResult result = new CommandCallback(unit, spec, runs, stopWithin)
                .run(new CallbackContext(
                        context.operation(),
                        job.arguments(),
                        context.attempt(),
                        context.token(),
                        context.lock(),
                        context.clusterLock(),
                        note::set));
        if (result != OperationResult.RELEASE) {
            throw new UpgradeError.ClusterNotReadyError(
                    what.equals("health-check")
                            ? "the workload is not well with " + job.target()
                            : "the workload could not be brought to " + job.target(),
                    "'upgrade." + what + "' on " + unit + ": " + note.get(),
                    "see output.log of the last run in the folder runs of the agent's data directory");
        }
    }

    private Errand errand(List<String> command, String name, Map<String, String> told) throws InterruptedException {
        Map<String, String> environment = new HashMap<>(config.environment());
        environment.put("ROLLINGOPS_UNIT", unit.toString());
        environment.putAll(told);
        try {
            return Errand.run(
                    command, config.directory(), environment, errands, name, calendar.millis(), config.timeout());
        } catch (IOException e) {
            throw new UpgradeError.ClusterNotReadyError(
                    "A command could not be started", "'upgrade." + name + "' on " + unit + ": " + e);
        }
    }

    private UpgradeError unreadable(String cause, String resolution) {
        return new UpgradeError.VersionError(UNREADABLE, cause, resolution);
    }

    private UpgradeError unknownDependencies(String release, String cause) {
        return new UpgradeError.DependencyError(
                "It is not known what " + release + " needs",
                cause,
                "put its dependency document where 'upgrade.dependencies' of " + unit + " says");
    }
}
