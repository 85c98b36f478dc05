// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.cli;

import io.rollingops.RollingOpsException;
import io.rollingops.agent.config.Durations;
import io.rollingops.agent.control.ControlClient;
import io.rollingops.agent.process.RunDirectories;
import io.rollingops.agent.process.SupervisedProcess;
import io.rollingops.json.Json;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "lock",
        description = "Runs a command while this unit has a lock, and kills it if the lock is lost.",
        footer = {
            "",
            "Without --lock it is the application's own lock: no callback of any unit runs meanwhile. The command finds the"
                    + " fencing token in $ROLLINGOPS_FENCING_TOKEN, and under a lock in etcd that one's in"
                    + " $ROLLINGOPS_CLUSTER_TOKEN. Its exit status is passed on; 124: the lock was not to"
                    + " be had in time; 122: the lock was lost and the command killed; 125: no lock could be asked for."
        })
final class LockCommand implements Callable<Integer> {
    private static final Duration POLITE = Duration.ofSeconds(2);

    @Mixin
    AgentSocket agent = new AgentSocket();

    @Option(
            names = {"-t", "--timeout"},
            paramLabel = "TIME",
            description = "How long to wait for the lock (default: ${DEFAULT-VALUE}).",
            defaultValue = "1h")
    String timeout = "1h";

    @Option(
            names = {"-l", "--lock"},
            paramLabel = "NAME",
            description = "A lock of that name, unrelated to the application's own.")
    Optional<String> name = Optional.empty();

    @Parameters(arity = "1..*", paramLabel = "COMMAND", description = "The command and its arguments, best after '--'.")
    List<String> command = List.of();

    @Spec
    CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (System.getenv(RunDirectories.MARK) != null && name.isEmpty()) {
            throw new RollingOpsException.InvalidRequest(
                    "this already runs under the application's lock; asking for it again would wait for itself");
        }
        PrintWriter err = spec.commandLine().getErr();
        Path run = Files.createTempDirectory("rollingops-lock-");
        try (ControlClient client = agent.connect()) {
            Json.ObjectBuilder request = Json.object()
                    .put("do", "lock")
                    .put("timeout_ms", Durations.parse(timeout).toMillis())
                    .put("run", run.toString());
            name.ifPresent(lock -> request.put("name", lock));
            Json.Obj held = client.call(request.build());
            return run(client, run, held);
        } catch (RollingOpsException.LockTimeout e) {
            err.println("rollingops: " + e.getMessage() + "; 'rollingops why' tells who has it");
            return ExitCodes.LOCK_TIMEOUT;
        } catch (RollingOpsException | ControlClient.NoAgent e) {
            err.println("rollingops: " + e.getMessage());
            return ExitCodes.LOCK_FAILED;
        } finally {
            delete(run);
        }
    }

    private int run(ControlClient client, Path run, Json.Obj held) throws IOException, InterruptedException {
        Map<String, String> environment = new TreeMap<>();
        environment.put(RunDirectories.MARK, run.toString());
        environment.put("ROLLINGOPS_FENCING_TOKEN", Long.toString(held.integer("token")));
        if (held.find("cluster_token").isPresent()) {
            environment.put("ROLLINGOPS_CLUSTER_TOKEN", Long.toString(held.integer("cluster_token")));
        }
        SupervisedProcess process = SupervisedProcess.startHere(command, run, environment);
        Thread stop = new Thread(process::kill, "rollingops-lock-stop");
        Runtime.getRuntime().addShutdownHook(stop);
        AtomicReference<String> lost = new AtomicReference<>("");
        Thread listener = new Thread(() -> listen(client, process, lost), "rollingops-lock-listener");
        listener.setDaemon(true);
        listener.start();
        Optional<Integer> status = Optional.empty();
        while (status.isEmpty()) {
            status = process.await(Duration.ofHours(1));
        }
        if (!remove(stop)) {
            return status.get(); // this process was told to end, and the hook ended the command
        }
        if (!String.valueOf(lost.get()).isEmpty()) {
            spec.commandLine().getErr().println("rollingops: the lock was lost, the command was killed: " + lost.get());
            return ExitCodes.LOCK_LOST;
        }
        client.send(Json.object().put("do", "unlock").build());
        return status.get();
    }

    private static boolean remove(Thread shutdownHook) {
        try {
            return Runtime.getRuntime().removeShutdownHook(shutdownHook);
        } catch (IllegalStateException e) {
            return false;
        }
    }

    /** The agent says more only when something is lost: the lock in etcd, without which the command goes on, or the lock. */
    private void listen(ControlClient client, SupervisedProcess process, AtomicReference<String> lost) {
        String reason;
        try {
            Json.Obj message = client.receive();
            while (message.find("cluster_lost").isPresent()) {
                warn(message.string("cluster_lost"));
                message = client.receive();
            }
            reason = message.string("lost");
        } catch (RollingOpsException e) {
            reason = "the agent is gone";
        }
        lost.set(reason);
        process.terminate();
        try {
            if (process.await(POLITE).isEmpty()) {
                process.kill();
            }
        } catch (InterruptedException e) {
            process.kill();
        }
    }

    private void warn(String reason) {
        PrintWriter err = spec.commandLine().getErr();
        err.println("rollingops: warning: the lock in etcd is lost, so other applications may begin: " + reason
                + "; ROLLINGOPS_CLUSTER_TOKEN is void");
        err.flush();
    }

    private static void delete(Path run) throws IOException {
        try (Stream<Path> inside = Files.walk(run)) {
            for (Path path : inside.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        }
    }
}
