// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.cli;

import io.rollingops.RollingOpsException;
import io.rollingops.agent.demo.Demo;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "demo",
        description = "Shows a rolling restart of three real services on this machine, measured from outside.",
        footer = {
            "",
            "Starts three agents and three small web services on loopback, asks for a restart of every unit, probes all"
                    + " services all the time, and sums up what it measured. Exit status 0 only if never more than one was down."
        })
final class DemoCommand implements Callable<Integer> {
    @Option(names = "--keep", description = "Keep the demo's folder, with all logs, and say where it is.")
    boolean keep;

    @Option(
            names = "--etcd",
            description =
                    "Two applications that share a lock in etcd; runs three real etcd processes, so 'etcd' must be"
                            + " installed.")
    boolean etcd;

    @Option(
            names = "--kill-etcd",
            description = "With --etcd: kill all of etcd in the middle of the roll, and start it again later.")
    boolean killEtcd;

    @Parameters(
            arity = "0..1",
            paramLabel = "WHAT",
            description = "What to show: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}). The upgrade fails on the"
                    + " second unit, is rolled back, and then succeeds.",
            defaultValue = "restart")
    What what = What.restart;

    /** What the units do; the names are what the user types. */
    enum What {
        restart,
        upgrade
    }

    @Spec
    CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (killEtcd && !etcd) {
            throw new RollingOpsException.InvalidRequest("--kill-etcd needs --etcd");
        }
        if (what == What.upgrade && etcd) {
            throw new RollingOpsException.InvalidRequest("'demo upgrade' is shown without --etcd");
        }
        Demo.Show show = what == What.upgrade
                ? Demo.Show.UPGRADE
                : killEtcd ? Demo.Show.ETCD_KILLED : etcd ? Demo.Show.ETCD : Demo.Show.PEERS;
        try (Demo demo = Demo.prepare(spec.commandLine().getOut(), show, keep)) {
            return demo.roll() ? ExitCodes.OK : ExitCodes.FAILED;
        }
    }
}
