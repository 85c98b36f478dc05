// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd;

/**
 * A state of the whole store. Each transaction that changes something makes a new one, greater by one; so a key's
 * revisions say before or after which other change it was written.
 *
 * @param number counted by the store, from 1
 */
public record Revision(long number) implements Comparable<Revision> {
    /** Before the first change; what a key that does not exist has as its revisions. */
    public static final Revision NONE = new Revision(0);

    public Revision {
        if (number < 0) {
            throw new IllegalArgumentException("a revision is not negative: " + number);
        }
    }

    public Revision next() {
        return new Revision(number + 1);
    }

    public boolean isAfter(Revision other) {
        return number > other.number;
    }

    @Override
    public int compareTo(Revision other) {
        return Long.compare(number, other.number);
    }

    @Override
    public String toString() {
        return Long.toString(number);
    }
}
