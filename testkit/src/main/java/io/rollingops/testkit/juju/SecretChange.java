// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/** One thing that a hook wants to do to a secret, once it has succeeded. */
sealed interface SecretChange {
    String id();

    /** A new secret, of the application or of the unit. */
    record Create(String id, boolean ofApplication, Secret.Settings settings, Map<String, String> content)
            implements SecretChange {}

    /** Other settings; a new revision when there is content. */
    record Update(String id, Secret.Settings settings, Optional<Map<String, String>> content) implements SecretChange {}

    record Grant(String id, String target, int relation) implements SecretChange {}

    record Revoke(String id, String target) implements SecretChange {}

    /** The end of one revision, or of the secret. */
    record Remove(String id, OptionalInt revision) implements SecretChange {}

    /** The unit reads the newest revision from now on; for a {@code secret-get --refresh} of what is not committed. */
    record Track(String id) implements SecretChange {}
}
