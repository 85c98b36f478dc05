// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.cli;

import io.rollingops.agent.demo.DemoService;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(name = "demo-service", hidden = true, description = "The small service that the demo restarts.")
final class DemoServiceCommand implements Callable<Integer> {
    @Option(names = "--port", required = true)
    int port;

    @Option(names = "--ready", required = true)
    Path ready = Path.of("ready");

    @Option(names = "--release", required = true)
    String release = "";

    @Override
    public Integer call() throws IOException, InterruptedException {
        DemoService.run(port, ready, release);
        return ExitCodes.OK;
    }
}
