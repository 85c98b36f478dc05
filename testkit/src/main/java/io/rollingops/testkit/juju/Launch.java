// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import io.rollingops.UnitName;
import java.util.Map;
import java.util.Optional;

/**
 * What is to be started for an operation.
 *
 * @param path {@code hooks/install} or {@code actions/restart}; empty for commands
 * @param commands what a shell is to run instead of the charm
 */
record Launch(
        UnitName unit,
        int machine,
        CharmSource charm,
        Map<String, String> environment,
        String path,
        Optional<String> commands) {}
