// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

/**
 * Whether the emulated machines are separate from each other and from the real one.
 *
 * <p>Separate machines have their own {@code /usr/bin/juju-exec}, {@code /var/lib/rollingops} and process numbers, and
 * their processes end with them. That takes Linux with {@code unshare}, {@code nsenter} and overlay file systems, and
 * root or the right to make user namespaces. Elsewhere all charms share the real machine: {@code juju-exec} is then on
 * their path only, and a charm must be told to keep its files in a folder of its own.
 *
 * @param separate whether they are
 * @param reason why not, for people
 */
public record Isolation(boolean separate, String reason) {
    static final Isolation SEPARATE = new Isolation(true, "");
}
