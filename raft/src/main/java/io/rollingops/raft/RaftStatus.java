// SPDX-License-Identifier: Apache-2.0
package io.rollingops.raft;

import io.rollingops.UnitName;
import java.util.List;
import java.util.Optional;

/**
 * The group as one member sees it.
 *
 * @param role what this member is in it, for people
 * @param leader who leads, if that is known here
 * @param term which term of leadership
 * @param applied how far this member has applied the log
 * @param members the group's members, by unit
 */
public record RaftStatus(String role, Optional<UnitName> leader, long term, long applied, List<RaftMember> members) {}
