// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent;

import io.rollingops.agent.config.AgentConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.concurrent.CountDownLatch;
import java.util.logging.Level;

/** The daemon: runs until it is told to stop, by SIGTERM or SIGINT. */
public final class Agent {
    /** The status with which the process ends when it must not go on: EX_SOFTWARE of sysexits. */
    public static final int HALTED = 70;

    private Agent() {}

    /**
     * Runs an agent; returns when the process is ending.
     *
     * @throws io.rollingops.agent.config.ConfigException when it cannot start as it is configured
     */
    public static void run(Path configuration) throws IOException, InterruptedException {
        AgentConfig config = AgentConfig.read(configuration);
        AgentLog log = new AgentLog(config.unit(), System.err, InstantSource.system());
        log.takeOverLibraries(Level.OFF); // what goes wrong now is told once, by the exception
        Wiring.Agent agent = new Wiring(configuration, config, log, reason -> halt(log, reason)).start();
        log.takeOverLibraries(Level.WARNING);
        // A thread that is gone will be missed: better to begin anew than to go on without it.
        Thread.setDefaultUncaughtExceptionHandler(
                (thread, failure) -> halt(log, "thread " + thread.getName() + " failed: " + failure));
        CountDownLatch ended = new CountDownLatch(1);
        Runtime.getRuntime()
                .addShutdownHook(new Thread(
                        () -> {
                            try {
                                agent.stop();
                            } catch (IOException | InterruptedException e) {
                                log.error("stop-failed", "exception", e.toString());
                            }
                            ended.countDown();
                        },
                        "rollingops-stop"));
        ended.await();
    }

    /** Ends the process at once. Its commands die with it: the pipes to their supervisors break. */
    private static void halt(AgentLog log, String reason) {
        log.error("halt", "reason", reason);
        Runtime.getRuntime().halt(HALTED);
    }
}
