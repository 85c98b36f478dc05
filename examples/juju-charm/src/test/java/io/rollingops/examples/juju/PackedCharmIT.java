// SPDX-License-Identifier: Apache-2.0
package io.rollingops.examples.juju;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.rollingops.testkit.etcd.RequiresEtcd;
import io.rollingops.testkit.juju.EtcdProvider;
import io.rollingops.testkit.juju.JujuEmulator;
import io.rollingops.testkit.juju.JujuExtension;
import io.rollingops.testkit.juju.ProvidedEtcd;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** One command builds a zip that Juju can run: everything is in it, programs can be executed, and the charm rolls. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PackedCharmIT {
    private static final long ZIP_BYTES_MAX = 60_000_000;
    private static final Path MADE_BY_MAVEN = Path.of("target/charm");
    private static final Path JAVA_HOME = Path.of(System.getProperty("java.home"));

    @RegisterExtension
    final JujuExtension extension = JujuExtension.with(builder -> builder.seed(7));

    private Path folder = Path.of("");

    private Path zip = Path.of("");
    private Path unpacked = Path.of("");

    /** Beside the folder that other tests take the charm from. */
    @BeforeAll
    void pack(@TempDir Path shared) throws Exception {
        assumeTrue(
                Files.exists(JAVA_HOME.resolve("bin/jlink")) && Files.exists(JAVA_HOME.resolve("jmods")),
                "this Java has no jlink with modules, so no charm can be packed with it");
        folder = shared;
        zip = folder.resolve("rolling-example.charm");
        Path charm = folder.resolve("charm");
        PreparedCharm.copy(MADE_BY_MAVEN, charm);
        run(List.of("./build", "--packed", charm.toString(), zip.toString()), Path.of("."));
        unpacked = folder.resolve("unpacked");
        unpack(zip, unpacked);
    }

    @Test
    void the_zip_is_complete_small_enough_and_rolls(JujuEmulator juju) throws Exception {
        assertThat(Files.size(zip)).isLessThan(ZIP_BYTES_MAX);
        for (String file : List.of("metadata.yaml", "manifest.yaml", "actions.yaml", "config.yaml", "charm.jsa")) {
            assertThat(unpacked.resolve(file)).isNotEmptyFile();
        }
        for (String program : List.of("dispatch", "jre/bin/java", "jre/lib/jspawnhelper")) {
            assertThat(unpacked.resolve(program)).isExecutable();
        }
        assertThat(nativesOfWorker()).as("for this machine only").isNotEmpty().allMatch(name -> name.endsWith(".so"));
        assertThat(run(List.of("./dispatch", "--print-hooks"), unpacked)).contains("restart-relation-changed");
        Matcher classPath = Pattern.compile("-cp (\\S+) ").matcher(Files.readString(unpacked.resolve("dispatch")));
        assertThat(classPath.find()).isTrue();
        List<String> withArchiveOnly = List.of(
                "jre/bin/java",
                "-Xshare:on",
                "-XX:SharedArchiveFile=charm.jsa",
                "-cp",
                classPath.group(1),
                "io.rollingops.examples.juju.RollingCharm",
                "--print-hooks");
        assertThat(run(withArchiveOnly, unpacked)).contains("restart-relation-changed");

        CharmUnderTest charm = new CharmUnderTest(juju, unpacked);
        charm.deploy(2);
        charm.run("app/1", "restart", Map.of());
        charm.settleAfter(3);
        assertThat(charm.work()).containsExactly("app/1 begin restart", "app/1 end restart");
    }

    private List<String> nativesOfWorker() throws IOException {
        try (FileSystem jar = FileSystems.newFileSystem(unpacked.resolve("worker/grpc-netty-shaded.jar"));
                Stream<Path> natives = Files.list(jar.getPath("META-INF/native"))) {
            return natives.map(Path::toString).toList();
        }
    }

    @Test
    void charmcraft_is_told_the_same_as_stands_in_the_zip() throws IOException {
        String charmcraft = Files.readString(Path.of("charmcraft.yaml"));
        assertThat(charmcraft)
                .contains("\ntype: charm\n", "\n" + Files.readString(unpacked.resolve("metadata.yaml")))
                .contains("\nconfig:\n" + indented("config.yaml"), "\nactions:\n" + indented("actions.yaml"));
        assertThat(Files.readString(unpacked.resolve("manifest.yaml")))
                .as("on which systems it runs, as charmcraft writes it")
                .contains(
                        "charmcraft-version:",
                        "bases:",
                        "name: ubuntu",
                        "channel: \"24.04\"",
                        "architectures: [amd64]");
        assertThat(charmcraft).contains("\nbase: ubuntu@24.04\n", "\nplatforms:\n  amd64:\n");
    }

    private String indented(String file) throws IOException {
        return Files.readAllLines(unpacked.resolve(file)).stream()
                .map(line -> line.isEmpty() ? "\n" : "  " + line + "\n")
                .collect(Collectors.joining());
    }

    @Test
    @RequiresEtcd
    void the_small_runtime_has_all_that_certificates_and_workers_need(JujuEmulator juju) throws Exception {
        try (ProvidedEtcd etcd = ProvidedEtcd.start(1)) {
            CharmUnderTest charm = new CharmUnderTest(juju, unpacked);
            juju.deploy(new EtcdProvider(etcd), "etcd", 1);
            charm.deployOnEtcd(2);
            for (String unit : juju.units("app")) {
                assertThat(charm.run(unit, "restart", Map.of()).get("backend")).isEqualTo("etcd");
            }
            charm.settleAfterWork(4);
            charm.assertOneAfterTheOther(List.of("app/0", "app/1"));
            assertThat(juju.processes("app/0"))
                    .as("the worker runs on a copy of the charm's runtime")
                    .anyMatch(process ->
                            process.info().command().orElse("").matches(".*/app-0/worker/[^/]+/jre/bin/java"));
            assertThat(juju.processes("app/0"))
                    .as("the worker starts with its archive of classes")
                    .anyMatch(process ->
                            process.info().commandLine().orElse("").contains("-XX:SharedArchiveFile=worker.jsa"));
            assertThat(run(workerWithArchiveOnly(), unpacked)).contains("usage: WorkerMain");
        }
    }

    /** The worker's program in a folder like the copy that it runs from; Java ends when the archive does not fit. */
    private List<String> workerWithArchiveOnly() {
        String likeTheCopy = """
                mkdir copy copy/lib && cp worker/worker.jsa copy && cp worker/*.jar copy/lib && cd copy || exit 1
                touch -d 2026-01-01T00:00:00Z lib/*.jar
                LC_ALL=C
                ../jre/bin/java -XX:SharedArchiveFile=worker.jsa -Xshare:on -XX:+UseSerialGC \
                    -cp "$(echo lib/*.jar | tr ' ' :)" io.rollingops.worker.WorkerMain || [ $? = 2 ]
                """;
        return List.of("/bin/sh", "-c", likeTheCopy);
    }

    private String run(List<String> command, Path where) throws IOException, InterruptedException {
        Path output = folder.resolve("output");
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(where.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile());
        builder.environment().put("JAVA_HOME", JAVA_HOME.toString());
        Process process = builder.start();
        assertThat(process.waitFor(3, TimeUnit.MINUTES)).isTrue();
        String text = Files.readString(output, StandardCharsets.UTF_8);
        assertThat(process.exitValue()).as(text).isZero();
        return text;
    }

    private static void unpack(Path zip, Path target) throws IOException {
        Map<String, ?> options = Map.of("enablePosixFileAttributes", true);
        try (FileSystem packed = FileSystems.newFileSystem(
                        URI.create("jar:" + zip.toAbsolutePath().toUri()), options);
                Stream<Path> files = Files.walk(packed.getPath("/"))) {
            for (Path file : files.sorted().toList()) {
                Path unpacked =
                        target.resolve(packed.getPath("/").relativize(file).toString());
                if (Files.isDirectory(file)) {
                    Files.createDirectories(unpacked);
                } else {
                    Files.copy(file, unpacked);
                    Files.setPosixFilePermissions(unpacked, Files.getPosixFilePermissions(file));
                }
            }
        }
    }
}
