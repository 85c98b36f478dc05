// SPDX-License-Identifier: Apache-2.0
package io.rollingops.raft;

import io.rollingops.UnitName;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * One member's view of its Raft group.
 *
 * @param self whose agent this is
 * @param members the group as it is first formed, this member among them; later changes are in the group's own log
 * @param joining whether this member is added to a group that exists already, so that it waits to be called
 * @param directory where its log and snapshots lie
 * @param tls certificate and key of this machine; without, members can only be on loopback
 * @param elections how soon a lost leader is replaced
 */
public record RaftSettings(
        UnitName self,
        List<RaftMember> members,
        boolean joining,
        Path directory,
        Optional<Tls> tls,
        Elections elections) {

    /** More voters make every commit slower and add no safety that anybody needs. */
    public static final int MAX_VOTERS = 7;

    /**
     * Mutual TLS between members.
     *
     * @param certificate PEM, with the addresses of this machine
     * @param key PKCS#8 PEM
     * @param authority PEM; whoever has a certificate of it is a member
     */
    public record Tls(Path certificate, Path key, Path authority) {}

    /**
     * When a follower believes that the leader is lost: after a time between the two, drawn anew each time.
     *
     * @param min at the earliest
     * @param max at the latest
     */
    public record Elections(Duration min, Duration max) {
        /**
         * Fit for one machine room. A leader whose process ends is replaced at once; these times are for one whose machine
         * or network is lost. The shorter they are, the more often the leader must show that it is there.
         */
        public static final Elections LAN = new Elections(Duration.ofMillis(600), Duration.ofMillis(900));

        public Elections {
            if (min.toMillis() < 50 || max.compareTo(min.plus(min.dividedBy(2))) < 0) {
                throw new IllegalArgumentException(
                        "election times need at least 50 ms, and a span of half as much again;" + " " + min.toMillis()
                                + " to " + max.toMillis() + " ms gives split votes");
            }
        }
    }

    public RaftSettings {
        members = List.copyOf(members);
        Set<UnitName> units = new HashSet<>();
        for (RaftMember member : members) {
            if (!units.add(member.unit())) {
                throw new IllegalArgumentException(member.unit() + " stands twice among the members");
            }
            if (!member.unit().application().equals(self.application())) {
                throw new IllegalArgumentException(
                        member.unit() + " is not a unit of " + self.application() + "; a group is for one application");
            }
            if (tls.isEmpty() && !member.isLoopback()) {
                throw new IllegalArgumentException("member " + member.unit() + " at " + member.host()
                        + " is on another machine, and there is no TLS; give certificate, key and authority"
                        + " ('rollingops certs' makes them), or use 127.0.0.1 for all members");
            }
        }
        if (!units.contains(self)) {
            throw new IllegalArgumentException("the members " + units + " do not include " + self);
        }
        long voters = members.stream().filter(RaftMember::voter).count();
        if (voters < 1 || voters > MAX_VOTERS) {
            throw new IllegalArgumentException("a group has 1 to " + MAX_VOTERS + " voting members, not " + voters
                    + "; let the others only follow");
        }
    }

    /** This member. */
    public RaftMember own() {
        return members.stream()
                .filter(member -> member.unit().equals(self))
                .findFirst()
                .orElseThrow();
    }
}
