// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

/** A relation as one of its applications names it, {@code restart:0}: its own endpoint and the model-wide number. */
record RelationId(String endpoint, int number) {
    @Override
    public String toString() {
        return endpoint + ":" + number;
    }
}
