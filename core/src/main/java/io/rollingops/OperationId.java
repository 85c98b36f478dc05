// SPDX-License-Identifier: Apache-2.0
package io.rollingops;

/**
 * Names one operation of one unit for ever: {@code <requested at>-<callback id>}, as in the original. It is unique
 * because a unit never stamps two of its requests with the same microsecond (see {@link Operation#requestedAfter}).
 *
 * @param value the text, also the last part of the operation's key in etcd
 */
public record OperationId(String value) {
    public OperationId {
        if (value.isBlank()) {
            throw new IllegalArgumentException("an operation id is not blank");
        }
    }

    @Override
    public String toString() {
        return value;
    }
}
