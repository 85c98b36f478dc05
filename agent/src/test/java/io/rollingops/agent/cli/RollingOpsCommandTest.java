// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/** The command line without an agent: what it says and with which status it ends. */
class RollingOpsCommandTest {
    private static final Terminal PLAIN = new Terminal(false, false);

    @TempDir
    Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... arguments) {
        return run(PLAIN, arguments);
    }

    private int run(Terminal terminal, String... arguments) {
        out.getBuffer().setLength(0);
        err.getBuffer().setLength(0);
        CommandLine line = RollingOpsCommand.commandLine(terminal);
        return line.setOut(new PrintWriter(out)).setErr(new PrintWriter(err)).execute(arguments);
    }

    @Test
    void help_names_every_command_a_user_types_and_no_other() {
        assertThat(run("--help")).isZero();
        assertThat(out.toString())
                .contains(
                        "demo",
                        "request",
                        "status",
                        "why",
                        "lock",
                        "agent",
                        "init",
                        "certs",
                        "member",
                        "force-release",
                        "version")
                .doesNotContain("warm-up", "demo-service", "generate-completion", "\033");
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void help_is_coloured_only_on_a_terminal_that_may_be() {
        run(new Terminal(true, true), "--help");
        assertThat(out.toString()).contains("\033[");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            restrat                             | Unmatched argument
            status --colour                     | Unknown option
            request                             | Missing required parameter: 'CALLBACK'
            request restart --max-retry many    | Invalid value for option '--max-retry'
            request restart --max-retry -1      | the retry limit is negative: -1
            request restart --arg colour        | Value for option option '--arg'
            request restart --all --unit web/0  | mutually exclusive
            request restart --wait --timeout 5  | '5' is not a time; write it like 300ms, 30s, 5m or 2h
            request restart --arg n:=01         | argument 'n:=01' is not JSON
            lock --timeout 1m                   | Missing required parameter
            force-release web/0                 | Missing required parameter
            force-release web/0 seven           | Invalid value for positional parameter
            status -o xml                       | expected one of [table, json]
            init web                            | Missing required option
            init we/b --unit web/0=h:1          | cannot be an application's name
            init web --unit db/0=127.0.0.1:7946 | db/0 is not a unit of web
            init web --unit web/0=127.0.0.1     | write it like 10.0.0.5:7946
            init web --unit web/x=127.0.0.1:1   | web/x
            init web --unit web/0=h:1 --upgrade up | Missing required argument(s): --version-file=FILE
            certs web                           | name whom to make them for, with --unit or --operator-name
            certs web --unit web/0              | name how the others reach web/0, with --host
            """)
    void a_mistake_is_status_2_and_a_sentence(String arguments, String message) {
        String[] words = (arguments + " ")
                .replaceFirst(" ", " --socket=" + folder.resolve("none") + " ")
                .strip()
                .split(" +");
        boolean asksAgent = arguments.matches("(request|status|lock|force-release) ?.*");

        assertThat(asksAgent ? run(words) : run(arguments.split(" +")))
                .as(err.toString())
                .isEqualTo(2);
        assertThat(err.toString()).contains(message).doesNotContain("\tat ");
        assertThat(out.toString()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"status,3", "why,3", "request restart,3", "member list,3", "lock true,125"})
    void without_an_agent_the_status_says_so(String arguments, int status) {
        String[] words = (arguments + " --socket=" + folder.resolve("none")).split(" ");
        if (arguments.startsWith("lock")) {
            words = new String[] {"lock", "--socket=" + folder.resolve("none"), "--", "true"};
        }

        assertThat(run(words)).isEqualTo(status);
        assertThat(err.toString())
                .isEqualTo("rollingops: no agent answers at " + folder.resolve("none")
                        + "; start it, or name another socket with --socket\n");
    }

    @Test
    void an_agent_whose_configuration_is_wrong_does_not_start() throws IOException {
        Path file = Files.writeString(folder.resolve("agent.yaml"), "unit: web/0\nmembrs: []\n");

        assertThat(run("agent", "--config", file.toString())).isEqualTo(2);
        assertThat(err.toString())
                .contains("rollingops: " + file + " line 2: unknown key 'membrs'; did you mean 'members'?")
                .doesNotContain("\tat ");
        assertThat(run("agent", "--config", folder.resolve("none.yaml").toString()))
                .isEqualTo(2);
        assertThat(err.toString()).contains("does not exist; 'rollingops init' writes one");
    }

    @Test
    void init_makes_everything_for_its_owner_alone_and_never_overwrites() throws IOException {
        String application = folder.resolve("web").toString();
        String[] init = {"init", "web", "-d", application, "--unit", "web/0=127.0.0.1:7946", "--callback", "go=run it"};
        assertThat(run(init)).as(err.toString()).isZero();

        for (String secret :
                new String[] {"authority.key", "operator/operator.key", "web-0/unit.key", "web-0/tls.key"}) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve("web/" + secret))))
                    .as(secret)
                    .isEqualTo("rw-------");
        }
        String key = Files.readString(folder.resolve("web/authority.key"));
        assertThat(run(init)).isEqualTo(2);
        assertThat(err.toString()).contains("is an application's folder already");
        assertThat(folder.resolve("web/authority.key")).hasContent(key);
    }

    @Test
    void init_writes_how_the_workload_is_upgraded() throws IOException {
        String application = folder.resolve("web").toString();
        assertThat(run(
                        "init",
                        "web",
                        "-d",
                        application,
                        "--unit",
                        "web/0=127.0.0.1:7946",
                        "--upgrade",
                        "apt-get install web",
                        "--version-file",
                        "/srv/web/VERSION"))
                .as(err.toString())
                .isZero();
        assertThat(folder.resolve("web/web-0/agent.yaml"))
                .content()
                .contains(
                        "\nupgrade:\n  version-file: \"/srv/web/VERSION\"",
                        "\n  command: [\"apt-get\",\"install\",\"web\"]");
    }

    @Test
    void completion_is_a_script_that_knows_the_commands() {
        assertThat(run("generate-completion")).isZero();
        assertThat(out.toString()).contains("#!/usr/bin/env bash", "complete -F", "force-release", "--max-retry");
    }
}
