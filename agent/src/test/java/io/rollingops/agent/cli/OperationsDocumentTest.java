// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.agent.Documents;
import java.io.IOException;
import java.lang.reflect.Field;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** {@code docs/operations.md} names every command, option and exit status of the program, and no others. */
class OperationsDocumentTest {

    @Test
    void exit_statuses_are_those_of_the_program() throws IOException, IllegalAccessException {
        Map<String, String> program = new TreeMap<>();
        for (Field field : ExitCodes.class.getDeclaredFields()) {
            if (field.getType() == int.class) {
                program.put(field.getName(), Integer.toString(field.getInt(null)));
            }
        }
        Map<String, String> documented = new TreeMap<>();
        for (List<String> row : rows("## Exit statuses")) {
            documented.put(Documents.code(row.get(1)).get(0), row.get(0));
        }

        assertThat(documented).isEqualTo(program);
    }

    @Test
    void commands_and_options_are_those_of_the_program() throws IOException {
        CommandLine line = RollingOpsCommand.commandLine(new Terminal(false, false));
        Map<String, Set<String>> program = new TreeMap<>();
        line.getSubcommands().forEach((name, command) -> {
            if (command.getCommandSpec().usageMessage().hidden()) {
                return;
            }
            if (command.getSubcommands().isEmpty()) {
                program.put(name, options(command));
            }
            command.getSubcommands().forEach((inner, below) -> program.put(name + " " + inner, options(below)));
        });
        Map<String, Set<String>> documented = new TreeMap<>();
        for (List<String> row : rows("## Command line")) {
            if (row.size() == 3) {
                documented.put(Documents.code(row.get(0)).get(0), longNames(row.get(1)));
            }
        }

        assertThat(documented).isEqualTo(program);
    }

    @Test
    void short_names_of_options_are_those_of_the_program() throws IOException {
        TreeSet<String> documented = new TreeSet<>();
        for (List<String> row : rows("## Command line")) {
            String names = row.size() == 3 ? row.get(1) : row.get(0);
            Documents.code(names).stream().filter(name -> name.matches("-\\w")).forEach(documented::add);
        }
        TreeSet<String> program = new TreeSet<>();
        collectShortNames(RollingOpsCommand.commandLine(new Terminal(false, false)), program);

        assertThat(documented).isEqualTo(program);
    }

    private static void collectShortNames(CommandLine line, Set<String> names) {
        for (CommandLine command : line.getSubcommands().values()) {
            if (!command.getCommandSpec().usageMessage().hidden()) {
                command.getCommandSpec()
                        .options()
                        .forEach(option -> List.of(option.names()).stream()
                                .filter(name -> name.matches("-\\w"))
                                .forEach(names::add));
                collectShortNames(command, names);
            }
        }
    }

    /** Every command has its help, so the document does not say it each time. */
    private static Set<String> options(CommandLine command) {
        TreeSet<String> names = new TreeSet<>();
        for (OptionSpec option : command.getCommandSpec().options()) {
            assertThat(option.longestName()).startsWith("--");
            names.add(option.longestName());
        }
        assertThat(names.remove("--help")).as(command.getCommandName()).isTrue();
        return names;
    }

    private static Set<String> longNames(String cell) {
        TreeSet<String> names = new TreeSet<>();
        Documents.code(cell).stream().filter(name -> name.startsWith("--")).forEach(names::add);
        return names;
    }

    private static List<List<String>> rows(String heading) throws IOException {
        return Documents.rows(Documents.section(Documents.read("docs/operations.md"), heading));
    }
}
