// SPDX-License-Identifier: Apache-2.0
package io.rollingops.agent.config;

import java.util.List;

/**
 * What a new configuration says of upgrades; the rest is for a person to add.
 *
 * @param versionFile whose first line is the release that is installed
 * @param command brings the release that it is told
 */
public record UpgradeStart(String versionFile, List<String> command) {
    public UpgradeStart {
        command = List.copyOf(command);
    }
}
