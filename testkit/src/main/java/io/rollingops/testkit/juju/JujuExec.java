// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import io.rollingops.UnitName;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;

/**
 * What a caller of {@code juju-exec} asks for.
 *
 * @param commands what a shell is to run in the context of the unit
 * @param relation the number after {@code -r}
 */
record JujuExec(UnitName unit, String commands, OptionalInt relation, Optional<UnitName> remoteUnit) {

    /**
     * Reads the arguments.
     *
     * @param contextId the caller's, which must be empty: inside a hook the call would wait for itself
     * @param onMachine the units of the machine that the call comes from
     */
    static JujuExec parse(List<String> args, String contextId, Collection<UnitName> onMachine) throws CommandFailure {
        if (!contextId.isEmpty()) {
            throw CommandFailure.wrongUse(
                    "juju-exec cannot be called from within a hook, have context " + CommandFailure.quoted(contextId));
        }
        CommandLine line = CommandLine.parse(
                flagsOnly(args),
                "u,unit=",
                "r,relation=",
                "remote-unit=",
                "remote-app=",
                "force-remote-unit",
                "operator",
                "no-context");
        if (line.isOn("no-context")) {
            throw CommandFailure.failed("--no-context is not emulated");
        }
        List<String> rest = line.arguments();
        Optional<String> named = line.value("unit").filter(name -> !name.isEmpty());
        if (named.isEmpty() && line.value("unit").isEmpty() && rest.size() > 1) {
            named = Optional.of(rest.get(0));
            rest = rest.subList(1, rest.size());
        }
        if (rest.isEmpty()) {
            throw CommandFailure.wrongUse("missing commands");
        }
        return new JujuExec(
                unit(named, onMachine),
                rest.size() == 1 ? rest.get(0) : quoted(rest),
                relation(line),
                line.value("remote-unit").map(UnitName::parse));
    }

    /** What follows the first argument belongs to the commands, even when it looks like a flag. */
    private static List<String> flagsOnly(List<String> args) {
        List<String> takingValue = List.of("-u", "--unit", "-r", "--relation", "--remote-unit", "--remote-app");
        int i = 0;
        while (i < args.size() && args.get(i).startsWith("-") && !args.get(i).equals("--")) {
            i += takingValue.contains(args.get(i)) ? 2 : 1;
        }
        if (i >= args.size() || args.get(i).equals("--")) {
            return args;
        }
        List<String> marked = new ArrayList<>(args.subList(0, i));
        marked.add("--");
        marked.addAll(args.subList(i, args.size()));
        return marked;
    }

    private static UnitName unit(Optional<String> named, Collection<UnitName> onMachine) throws CommandFailure {
        if (named.isEmpty()) {
            if (onMachine.size() != 1) {
                throw CommandFailure.wrongUse("missing unit-name");
            }
            return onMachine.iterator().next();
        }
        String name = named.get().startsWith("unit-")
                ? named.get().substring("unit-".length()).replaceFirst("-(?=[0-9]+$)", "/")
                : named.get();
        return onMachine.stream()
                .filter(unit -> unit.toString().equals(name))
                .findFirst()
                .orElseThrow(() ->
                        CommandFailure.failed("unit " + CommandFailure.quoted(name) + " not found on this machine"));
    }

    private static OptionalInt relation(CommandLine line) throws CommandFailure {
        Optional<String> text = line.value("relation").filter(value -> !value.isEmpty());
        if (text.isEmpty()) {
            return OptionalInt.empty();
        }
        String number = text.get().substring(text.get().lastIndexOf(':') + 1);
        if (!number.matches("[0-9]{1,9}")) {
            throw CommandFailure.wrongUse("invalid relation id");
        }
        return OptionalInt.of(Integer.parseInt(number));
    }

    /** As a shell has to read them to get the same words. */
    private static String quoted(List<String> words) {
        return words.stream()
                .map(word -> word.matches("[A-Za-z0-9_@%+=:,./-]+") ? word : "'" + word.replace("'", "'\"'\"'") + "'")
                .collect(Collectors.joining(" "));
    }
}
