// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import io.rollingops.UnitName;
import java.util.Map;

/** The environment of a charm process: what Juju sets, and nothing of the emulator's own. */
final class HookEnvironment {
    private static final String AGENT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    private HookEnvironment() {}

    static Map<String, String> of(HookContext context, UnitFolders folders) {
        JujuUnit unit = context.unit;
        ModelSettings model = context.model.settings;
        Variables variables = new Variables()
                .put("JUJU_UNIT_NAME", unit.name.toString())
                .put("JUJU_MODEL_NAME", model.name())
                .put("JUJU_MODEL_UUID", model.uuid())
                .put("JUJU_CHARM_DIR", folders.charm().toString())
                .put("CHARM_DIR", folders.charm().toString())
                .put("JUJU_CONTEXT_ID", context.id())
                .put("JUJU_AGENT_SOCKET_ADDRESS", folders.socket().toString())
                .put("JUJU_AGENT_SOCKET_NETWORK", "unix")
                .put("JUJU_HOOK_NAME", context.hook().map(Hook::hookName).orElse(""))
                .put("JUJU_VERSION", model.version())
                .put("JUJU_API_ADDRESSES", "10.7.255.254:17070")
                .put("JUJU_MACHINE_ID", Integer.toString(unit.machine))
                .put("JUJU_PRINCIPAL_UNIT", "")
                .put("JUJU_AVAILABILITY_ZONE", "")
                .put("CLOUD_API_VERSION", "")
                .put("JUJU_CHARM_HTTP_PROXY", "")
                .put("JUJU_CHARM_HTTPS_PROXY", "")
                .put("JUJU_CHARM_FTP_PROXY", "")
                .put("JUJU_CHARM_NO_PROXY", "127.0.0.1,localhost,::1")
                .put("PATH", folders.tools() + ":" + AGENT_PATH)
                .put("LANG", "C.UTF-8")
                .put("TERM", "tmux-256color")
                .put("DEBIAN_FRONTEND", "noninteractive")
                .put("APT_LISTCHANGES_FRONTEND", "none");
        context.hook()
                .ifPresent(hook -> variables
                        .put("JUJU_DISPATCH_PATH", "hooks/" + hook.hookName())
                        .putAll(hook.variables()));
        context.action()
                .ifPresent(task -> variables
                        .put("JUJU_DISPATCH_PATH", "actions/" + task.name)
                        .put("JUJU_ACTION_NAME", task.name)
                        .put("JUJU_ACTION_UUID", task.uuid)
                        .put("JUJU_ACTION_TAG", "action-" + task.uuid));
        context.commands().ifPresent(task -> addRelation(context, task.request(), variables));
        return variables.putAll(unit.extraVariables).all();
    }

    private static void addRelation(HookContext context, JujuExec request, Variables variables) {
        request.relation()
                .ifPresent(number -> context.relations.find(number).ifPresent(relation -> {
                    RelationId id = context.relations.idOf(relation);
                    variables
                            .put("JUJU_RELATION", id.endpoint())
                            .put("JUJU_RELATION_ID", id.toString())
                            .put(
                                    "JUJU_REMOTE_UNIT",
                                    request.remoteUnit().map(UnitName::toString).orElse(""));
                }));
    }
}
