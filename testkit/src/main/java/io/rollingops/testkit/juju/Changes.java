// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a hook has buffered, to be committed in one step or not at all.
 *
 * @param unitSettings what the unit wrote into its databag, by relation
 * @param appSettings what it wrote into its application's databag, by relation
 * @param state the unit's whole {@code state-get} map, if it was written
 * @param secrets in the order of the commands
 */
record Changes(
        Map<Integer, Map<String, String>> unitSettings,
        Map<Integer, Map<String, String>> appSettings,
        Optional<Map<String, String>> state,
        List<SecretChange> secrets) {}
