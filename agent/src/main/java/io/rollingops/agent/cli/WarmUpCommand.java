// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.cli;

import io.rollingops.agent.control.ControlClient;
import io.rollingops.json.JsonText;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Does what the frequent subcommands do, so that the class archive made at its end has their classes. */
@Command(name = "warm-up", hidden = true, description = "Loads the classes of the command line.")
final class WarmUpCommand implements Callable<Integer> {
    private static final String REPORT = "{\"application\":\"web\",\"unit\":\"web/0\",\"now\":\"1.0\",\"revision\":1,"
            + "\"group\":{\"role\":\"leader\",\"term\":1,\"members\":[],\"leader\":\"web/0\"},"
            + "\"grant\":{\"epoch\":1,\"phase\":\"running\",\"unit\":\"web/0\",\"granted_at\":\"0.5\",\"hold\":false},"
            + "\"units\":[{\"unit\":\"web/0\",\"state\":\"running\",\"online\":true,\"why\":\"it runs\",\"remedy\":\"\","
            + "\"ready\":true,\"backend\":\"peer\",\"interrupted\":0,\"queue\":[{\"operation\":\"0.5-restart\","
            + "\"callback\":\"restart\",\"requested_at\":\"0.5\",\"attempt\":0,\"arguments\":{}}],\"outcomes\":[]}]}";

    @Spec
    CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() {
        spec.root().commandLine().usage(spec.commandLine().getOut());
        spec.commandLine()
                .getOut()
                .println(new StatusTable(new Terminal(true, true)).render(JsonText.parseObject(REPORT)));
        try {
            ControlClient.connect(Path.of("/nonexistent/agent.sock")).close();
            return ExitCodes.BUG;
        } catch (ControlClient.NoAgent e) {
            return ExitCodes.OK;
        }
    }
}
