// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import java.util.Map;
import java.util.Set;

/**
 * A secret as the controller has it.
 *
 * @param uri {@code secret:...}, as it stands in databags
 * @param owner an application or a unit
 * @param label the owner's, or empty
 * @param revision the newest
 * @param content of the newest revision
 * @param grants the applications and units that may read it beside its owner
 */
public record SecretView(
        String uri, String owner, String label, int revision, Map<String, String> content, Set<String> grants) {
    public SecretView {
        content = Map.copyOf(content);
        grants = Set.copyOf(grants);
    }
}
