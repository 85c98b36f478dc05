// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import io.rollingops.UnitName;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Puts charms in place and starts them. Machines, with their sockets and hook commands, are made when the first charm
 * folder comes to them, so a model of {@link EmulatedCharm}s alone starts no process.
 *
 * <p>Methods may be called from any thread; those that touch machines are synchronized and block for milliseconds.
 */
final class CharmHost implements AutoCloseable {
    private final Path root;
    private final HostSettings settings;
    private final Executor threads;
    private final Requests requests;
    private final TreeMap<Integer, Machine> machines = new TreeMap<>();
    private final Map<Integer, CommandServer> servers = new TreeMap<>();
    private final AtomicInteger runs = new AtomicInteger();

    /** Answers hook commands. */
    interface Requests {
        CompletableFuture<CommandReply> answer(int machine, CommandServer.Request request);
    }

    /** Starts nothing yet; the executor must have a thread for each open call of a hook command. */
    CharmHost(HostSettings settings, Executor threads, Requests requests) throws IOException {
        this.settings = settings;
        this.threads = threads;
        this.requests = requests;
        this.root = Files.createTempDirectory("juju");
    }

    Path root() {
        return root;
    }

    /** Gives a unit its own copy of the charm, in the place of an older one. */
    synchronized void install(UnitName unit, int machine, CharmSource source) {
        if (!(source instanceof CharmSource.Folder charm)) {
            return;
        }
        try {
            Machine host = machine(machine);
            UnitFolders folders = folders(unit, machine);
            deleteTree(folders.charm());
            copyTree(charm.path(), folders.charm());
            Files.createDirectories(folders.tools());
            for (String command : HookCommands.names()) {
                link(folders.tools().resolve(command), host);
            }
            link(folders.tools().resolve("juju-exec"), host);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot install the charm of " + unit, e);
        }
    }

    UnitFolders folders(UnitName unit, int machine) {
        Path folder = machineFolder(machine);
        String tag = "unit-" + unit.application() + "-" + unit.number();
        return new UnitFolders(
                folder.resolve("agents").resolve(tag).resolve("charm"),
                folder.resolve("tools").resolve(tag),
                folder.resolve("agent.socket"));
    }

    /** Starts what an operation needs; nothing when the charm has no code for it. */
    Optional<CharmRun> start(Launch launch) {
        if (launch.charm() instanceof CharmSource.InProcess charm) {
            return Optional.of(new InProcessRun(
                    charm.code(), launch, call -> answer(launch, call).join()));
        }
        try {
            Machine machine;
            synchronized (this) {
                machine = machine(launch.machine());
            }
            return CharmProcess.start(
                            machine,
                            folders(launch.unit(), launch.machine()).charm(),
                            "run-" + runs.incrementAndGet(),
                            launch)
                    .map(run -> run);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot start the charm of " + launch.unit(), e);
        }
    }

    private CompletableFuture<CommandReply> answer(Launch launch, HookRun.Call call) {
        return requests.answer(
                launch.machine(),
                new CommandServer.Request(
                        launch.environment().getOrDefault("JUJU_CONTEXT_ID", ""),
                        new Invocation(call.command(), call.args(), root, call.stdin())));
    }

    /** The machine, started if it has not been. */
    synchronized Machine machine(int number) throws IOException {
        Machine machine = machines.get(number);
        if (machine != null) {
            return machine;
        }
        machine = new Machine(machineFolder(number), settings.privateFolders(), settings.wantsIsolation());
        machines.put(number, machine);
        Path bin = machine.folder().resolve("bin");
        HookTool.extract("hook-runner.pl", bin);
        if (number == firstMachine()) {
            HookTool.install(bin, settings.tool());
        } else {
            Files.copy(
                    machineFolder(firstMachine()).resolve("bin/hook-tool"),
                    bin.resolve("hook-tool"),
                    StandardCopyOption.COPY_ATTRIBUTES);
        }
        link(machine.folder().resolve("usr-bin/juju-exec"), machine);
        UnaryOperator<Path> here = machine::here;
        servers.put(
                number,
                new CommandServer(machine.socket(), threads, request -> requests.answer(number, request.on(here))));
        return machine;
    }

    private int firstMachine() {
        return machines.firstKey();
    }

    synchronized Optional<Machine> findMachine(int number) {
        return Optional.ofNullable(machines.get(number));
    }

    private Path machineFolder(int number) {
        return root.resolve("m" + number);
    }

    private static void link(Path link, Machine machine) throws IOException {
        Files.deleteIfExists(link);
        Files.createSymbolicLink(link, machine.folder().resolve("bin/hook-tool"));
    }

    /** Ends all processes of all machines, and deletes their files. May be called twice. */
    @Override
    public synchronized void close() throws IOException {
        for (Machine machine : machines.values()) {
            machine.close();
        }
        for (CommandServer server : servers.values()) {
            server.close();
        }
        machines.clear();
        servers.clear();
        if (!settings.keepsFiles()) {
            deleteTree(root);
        }
    }

    /** Copies a folder with modes; symbolic links stay links, so that a large runtime can be shared by all units. */
    private static void copyTree(Path from, Path to) throws IOException {
        Files.walkFileTree(from, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) throws IOException {
                Files.createDirectories(to.resolve(from.relativize(folder)));
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.copy(
                        file,
                        to.resolve(from.relativize(file)),
                        StandardCopyOption.COPY_ATTRIBUTES,
                        LinkOption.NOFOLLOW_LINKS);
                return FileVisitResult.CONTINUE;
            }
        });
    }

    private static void deleteTree(Path root) throws IOException {
        if (!Files.exists(root)) {
            return;
        }
        Files.walkFileTree(root, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.deleteIfExists(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException error) throws IOException {
                Files.deleteIfExists(folder);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
