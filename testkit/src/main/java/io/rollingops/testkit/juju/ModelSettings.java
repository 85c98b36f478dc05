// SPDX-License-Identifier: Apache-2.0
package io.rollingops.testkit.juju;

/**
 * What holds for a whole model.
 *
 * @param seed of everything that Juju leaves to chance
 * @param version what {@code JUJU_VERSION} says
 * @param leaderNotifiesItself whether a leader gets a hook for its own write to the peer application databag
 * @param leadershipRevoked whether a removed leader's lease ends with it; else it has to expire
 * @param retriesHooks whether a failed hook is tried again by itself, as time goes on
 */
record ModelSettings(
        String name,
        String uuid,
        String version,
        long seed,
        Departures departures,
        boolean leaderNotifiesItself,
        boolean leadershipRevoked,
        boolean retriesHooks) {}
