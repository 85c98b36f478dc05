// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The arguments of a hook command, read as Juju reads them: flags may stand before, between and after the others, {@code
 * --} ends them, {@code --flag=value} and {@code --flag value} are the same, a switch takes its value after {@code =}
 * only.
 */
final class CommandLine {
    private static final Set<String> TRUE = Set.of("1", "t", "T", "true", "TRUE", "True");
    private static final Set<String> FALSE = Set.of("0", "f", "F", "false", "FALSE", "False");

    private final Map<String, String> values = new HashMap<>();
    private final Map<String, String> spelled = new HashMap<>();
    private final List<String> arguments = new ArrayList<>();

    private CommandLine() {}

    /**
     * Reads the arguments.
     *
     * @param flags each with its names, separated by commas, and {@code =} at the end if it takes a value: {@code
     *     "r,relation="}; later it is asked for by the last of its names
     */
    static CommandLine parse(List<String> args, String... flags) throws CommandFailure {
        Map<String, Flag> byName = new HashMap<>();
        for (String flag : flags) {
            boolean takesValue = flag.endsWith("=");
            String[] names = (takesValue ? flag.substring(0, flag.length() - 1) : flag).split(",", -1);
            for (String name : names) {
                byName.put(name, new Flag(names[names.length - 1], takesValue));
            }
        }
        CommandLine line = new CommandLine();
        List<String> rest = new ArrayList<>(args);
        while (!rest.isEmpty()) {
            String arg = rest.remove(0);
            if (arg.equals("--")) {
                line.arguments.addAll(rest);
                break;
            }
            if (arg.startsWith("--") || (arg.startsWith("-") && arg.length() > 1)) {
                line.flag(arg, rest, byName);
            } else {
                line.arguments.add(arg);
            }
        }
        return line;
    }

    private record Flag(String name, boolean takesValue) {}

    private void flag(String arg, List<String> rest, Map<String, Flag> byName) throws CommandFailure {
        boolean isLong = arg.startsWith("--");
        int equals = arg.indexOf('=');
        String name;
        Optional<String> value;
        if (isLong) {
            name = equals < 0 ? arg.substring(2) : arg.substring(2, equals);
            value = equals < 0 ? Optional.empty() : Optional.of(arg.substring(equals + 1));
        } else {
            name = arg.substring(1, 2);
            value = arg.length() == 2 ? Optional.empty() : Optional.of(arg.substring(2));
        }
        String asWritten = (isLong ? "--" : "-") + name;
        Flag flag = byName.get(name);
        if (flag == null) {
            throw CommandFailure.wrongUse("option provided but not defined: " + asWritten);
        }
        if (flag.takesValue() && value.isEmpty()) {
            if (rest.isEmpty()) {
                throw CommandFailure.wrongUse("option needs an argument: " + asWritten);
            }
            value = Optional.of(rest.remove(0));
        }
        spelled.put(flag.name(), asWritten);
        values.put(flag.name(), flag.takesValue() ? value.orElseThrow() : switchValue(asWritten, value));
    }

    private static String switchValue(String asWritten, Optional<String> value) throws CommandFailure {
        if (value.isEmpty() || TRUE.contains(value.get())) {
            return "true";
        }
        if (FALSE.contains(value.get())) {
            return "false";
        }
        throw CommandFailure.wrongUse("invalid boolean value \"" + value.get() + "\" for  " + asWritten
                + ": strconv.ParseBool: parsing \"" + value.get() + "\": invalid syntax");
    }

    Optional<String> value(String flag) {
        return Optional.ofNullable(values.get(flag));
    }

    boolean isOn(String flag) {
        return "true".equals(values.get(flag));
    }

    /** The flag as the caller wrote it, {@code -r} or {@code --relation}. */
    String spelling(String flag) {
        return spelled.getOrDefault(flag, "--" + flag);
    }

    List<String> arguments() {
        return List.copyOf(arguments);
    }

    Optional<String> argument(int index) {
        return index < arguments.size() ? Optional.of(arguments.get(index)) : Optional.empty();
    }

    /** Refuses what stands behind the first few arguments. */
    CommandLine atMost(int count) throws CommandFailure {
        if (arguments.size() > count) {
            StringBuilder surplus = new StringBuilder();
            for (String arg : arguments.subList(count, arguments.size())) {
                surplus.append(surplus.isEmpty() ? "" : " ").append(CommandFailure.quoted(arg));
            }
            throw CommandFailure.wrongUse("unrecognized args: [" + surplus + "]");
        }
        return this;
    }
}
