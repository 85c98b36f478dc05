// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import java.util.List;

/**
 * How charms are run on this machine.
 *
 * @param wantsIsolation whether emulated machines are separated where that can be had
 * @param privateFolders of which each machine has its own, if separate
 * @param tool which program stands behind the hook commands
 * @param keepsFiles whether the folder of the run stays when the emulator is closed
 */
record HostSettings(boolean wantsIsolation, List<String> privateFolders, HookTool.Kind tool, boolean keepsFiles) {
    HostSettings {
        privateFolders = List.copyOf(privateFolders);
    }
}
