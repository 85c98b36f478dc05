// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

import java.nio.file.Path;

/** Where the code of a charm comes from. */
sealed interface CharmSource {
    CharmMetadata metadata();

    /** A charm folder, copied for each unit and run as processes. */
    record Folder(Path path, CharmMetadata metadata) implements CharmSource {}

    /** Java code in this process. */
    record InProcess(EmulatedCharm code) implements CharmSource {
        @Override
        public CharmMetadata metadata() {
            return code.metadata();
        }
    }
}
