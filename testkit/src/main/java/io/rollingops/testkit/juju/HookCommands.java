// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** All hook commands by name. Holds no state; runs on the thread that owns the model. */
final class HookCommands {
    private static final Map<String, HookCommand> ALL = all();

    private HookCommands() {}

    /** The names under which a unit finds them on its path. */
    static Set<String> names() {
        return ALL.keySet();
    }

    /** Runs a command; whatever it does wrong is in the reply. */
    static CommandReply run(HookContext context, Invocation call) {
        HookCommand command = ALL.get(call.command());
        if (command == null) {
            return CommandReply.error(1, "bad request: unknown command " + CommandFailure.quoted(call.command()));
        }
        try {
            return CommandReply.success(command.run(context, call));
        } catch (Invocation.StdinNeeded e) {
            return CommandReply.NEEDS_STDIN;
        } catch (CommandFailure e) {
            return e.reply();
        }
    }

    private static Map<String, HookCommand> all() {
        Map<String, HookCommand> commands = new TreeMap<>();
        commands.put("relation-ids", RelationCommands::ids);
        commands.put("relation-list", RelationCommands::list);
        commands.put("relation-get", RelationCommands::get);
        commands.put("relation-set", RelationCommands::set);
        commands.put("relation-model-get", RelationCommands::modelGet);
        commands.put("secret-add", SecretCommands::add);
        commands.put("secret-get", SecretCommands::get);
        commands.put("secret-info-get", SecretCommands::info);
        commands.put("secret-set", SecretCommands::set);
        commands.put("secret-grant", SecretCommands::grant);
        commands.put("secret-revoke", SecretCommands::revoke);
        commands.put("secret-remove", SecretCommands::remove);
        commands.put("secret-ids", SecretCommands::ids);
        commands.put("action-get", ActionCommands::get);
        commands.put("action-set", ActionCommands::set);
        commands.put("action-fail", ActionCommands::fail);
        commands.put("action-log", ActionCommands::log);
        commands.put("state-get", StateCommands::get);
        commands.put("state-set", StateCommands::set);
        commands.put("state-delete", StateCommands::delete);
        commands.put("is-leader", UnitCommands::isLeader);
        commands.put("status-set", UnitCommands::statusSet);
        commands.put("status-get", UnitCommands::statusGet);
        commands.put("config-get", UnitCommands::configGet);
        commands.put("juju-log", UnitCommands::log);
        commands.put("application-version-set", UnitCommands::versionSet);
        commands.put("juju-reboot", UnitCommands::reboot);
        commands.put("goal-state", ModelCommands::goalState);
        commands.put("network-get", ModelCommands::networkGet);
        commands.put("unit-get", ModelCommands::unitGet);
        return commands;
    }
}
