// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import java.nio.file.Path;

/**
 * Where things of one unit lie.
 *
 * @param charm the unit's own copy of its charm
 * @param tools the hook commands
 * @param socket where these find the emulator
 */
record UnitFolders(Path charm, Path tools, Path socket) {}
