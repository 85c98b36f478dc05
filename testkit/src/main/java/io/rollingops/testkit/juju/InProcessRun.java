// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.function.Function;

/** A charm that is Java code: runs on the thread that awaits it. It can be ended at its next hook command only. */
final class InProcessRun implements CharmRun {
    private final EmulatedCharm charm;
    private final Launch launch;
    private final Function<HookRun.Call, CommandReply> commands;
    private volatile int signal;

    InProcessRun(EmulatedCharm charm, Launch launch, Function<HookRun.Call, CommandReply> commands) {
        this.charm = charm;
        this.launch = launch;
        this.commands = commands;
    }

    @Override
    public RunReport await() {
        long start = System.nanoTime();
        HookRun hook = new HookRun(
                launch.unit(), launch.environment(), launch.commands().orElse(""), this::call);
        RunReport.Ending ending;
        StringWriter stderr = new StringWriter();
        try {
            charm.run(hook);
            ending = new RunReport.Ending.Exited(0);
        } catch (HookRun.Killed e) {
            ending = new RunReport.Ending.Killed(signal);
        } catch (Exception | AssertionError e) {
            e.printStackTrace(new PrintWriter(stderr, true));
            ending = new RunReport.Ending.Exited(1);
        }
        Duration wall = Duration.ofNanos(System.nanoTime() - start);
        return new RunReport(ending, "", stderr.toString(), wall, Duration.ZERO, 0);
    }

    private CommandReply call(HookRun.Call call) {
        CommandReply reply = commands.apply(call);
        if (signal != 0) {
            throw new HookRun.Killed();
        }
        return reply;
    }

    @Override
    public void kill() {
        signal = 9;
    }

    @Override
    public void terminate() {
        signal = 15;
    }
}
