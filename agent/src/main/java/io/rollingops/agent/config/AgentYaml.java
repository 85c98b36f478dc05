// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.config;

import io.rollingops.UnitName;
import io.rollingops.json.Json;
import io.rollingops.json.JsonText;
import io.rollingops.raft.RaftMember;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** A configuration to start from, with a comment for what a person will want to change. */
record AgentYaml(
        UnitName unit,
        List<RaftMember> members,
        boolean joining,
        Map<String, List<String>> callbacks,
        List<String> etcd,
        String clusterId,
        Optional<UpgradeStart> upgrade) {

    String text() {
        StringBuilder yaml = new StringBuilder();
        yaml.append("# The agent of ").append(unit).append(". Every key is described in docs/operations.md.\n");
        yaml.append("unit: ").append(unit).append('\n');
        yaml.append("# data-directory: /var/lib/rollingops/")
                .append(unit.toString().replace('/', '-'))
                .append("\n\n");
        yaml.append("# The group as it was first formed; 'rollingops member' changes it while it runs.\n");
        yaml.append("members:\n");
        for (RaftMember member : members) {
            yaml.append("  - {unit: ")
                    .append(member.unit())
                    .append(", address: \"")
                    .append(member.host())
                    .append(':')
                    .append(member.port())
                    .append("\"")
                    .append(member.voter() ? "" : ", voter: false")
                    .append("}\n");
        }
        if (joining) {
            yaml.append("# This unit is added to a group that exists: rollingops member add ")
                    .append(unit)
                    .append('\n')
                    .append("join: true\n");
        }
        yaml.append("\nidentity:\n  certificate: unit.pem\n  key: unit.key\n  authority: authority.pem\n");
        yaml.append("\ntls:\n  certificate: tls.pem\n  key: tls.key\n  authority: authority.pem\n");
        if (!etcd.isEmpty()) {
            yaml.append("\n# The lock that this application shares with all others that have the same cluster id.\n");
            yaml.append("etcd:\n  cluster-id: ").append(clusterId).append("\n  endpoints: [");
            yaml.append(etcd.stream().map(endpoint -> "\"" + endpoint + "\"").collect(Collectors.joining(", ")));
            yaml.append("]\n  # tls: {authority: etcd-ca.pem, certificate: etcd.pem, key: etcd.key}\n");
            yaml.append("  on-etcd-loss: degrade   # or block: wait until etcd is back\n");
        }
        yaml.append("\n# What operations run, under the lock. Exit status 0: done; 75: try again after the others;\n");
        yaml.append("# 76: try again first; any other: as 75.\n");
        if (callbacks.isEmpty()) {
            yaml.append("callbacks: {}\n");
            yaml.append("#  restart:\n#    command: [systemctl, restart, ")
                    .append(unit.application())
                    .append("]\n");
            yaml.append("#    timeout: 5m\n");
        } else {
            yaml.append("callbacks:\n");
            callbacks.forEach((id, command) -> yaml.append("  ")
                    .append(id)
                    .append(":\n    command: ")
                    .append(list(command))
                    .append("\n    timeout: 5m\n"));
        }
        appendUpgrade(yaml);
        return yaml.toString();
    }

    /** As a comment when nothing is known of upgrades: then the unit takes no part in them. */
    private void appendUpgrade(StringBuilder yaml) {
        String folder = "/srv/" + unit.application();
        UpgradeStart start =
                upgrade.orElse(new UpgradeStart(folder + "/VERSION", List.of(folder + "/bin/install-release")));
        String comment = upgrade.isPresent() ? "" : "#";
        yaml.append(
                "\n# How the workload gets another release: 'rollingops upgrade', docs/upgrades.md. All units have this"
                        + " section,\n# or none takes part.\n");
        yaml.append(comment).append("upgrade:\n");
        yaml.append(comment)
                .append("  version-file: ")
                .append(text(start.versionFile()))
                .append("   # its first line is the release that is installed\n");
        yaml.append(comment)
                .append("  command: ")
                .append(list(start.command()))
                .append("   # brings the release in ROLLINGOPS_ARG_RELEASE\n");
        yaml.append("#  health-check: [")
                .append(folder)
                .append("/bin/is-well]   # says with status 0 that the workload is well\n");
        yaml.append("#  check: [")
                .append(folder)
                .append("/bin/upgrade-check]   # says with status 0 that one may begin\n");
        yaml.append("#  timeout: 10m   # for each of the commands\n");
    }

    private static String text(String word) {
        return JsonText.write(Json.of(word));
    }

    /** A JSON list is a YAML list. */
    private static String list(List<String> words) {
        return JsonText.write(new Json.Arr(words.stream().map(Json::of).toList()));
    }
}
