// SPDX-License-Identifier: Apache-2.0
package io.rollingops.juju;

/**
 * One relation of the unit's application, {@code etcd:7}.
 *
 * @param endpoint the name that the charm gives the relation
 * @param number the model's number of it
 */
public record RelationId(String endpoint, int number) {

    /**
     * Reads {@code endpoint:number}.
     *
     * @throws IllegalArgumentException when the text is something else
     */
    public static RelationId parse(String text) {
        int colon = text.lastIndexOf(':');
        if (colon < 1) {
            throw new IllegalArgumentException("'" + text + "' is not a relation id; it looks like etcd:7");
        }
        try {
            return new RelationId(text.substring(0, colon), Integer.parseInt(text.substring(colon + 1)));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("'" + text + "' is not a relation id; it looks like etcd:7", e);
        }
    }

    @Override
    public String toString() {
        return endpoint + ":" + number;
    }
}
