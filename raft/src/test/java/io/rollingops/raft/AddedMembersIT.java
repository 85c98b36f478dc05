// SPDX-License-Identifier: Apache-2.0
package io.rollingops.raft;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.peer.PeerCommand;
import io.rollingops.peer.PeerReply;
import io.rollingops.spi.PeerStore;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Members come and go while the group runs. */
@Timeout(120)
class AddedMembersIT {
    private static final Duration LIMIT = Duration.ofSeconds(30);

    @TempDir
    Path folder;

    /** None of the two that stay was in the other's configuration: each must learn of the other from the group. */
    @Test
    void members_that_were_added_lead_and_are_reached_when_the_first_ones_are_gone() throws IOException {
        try (RaftGroupFixture group = new RaftGroupFixture(folder, 1, true)) {
            group.startAll();
            PeerStore first = group.store(0);
            assertThat(first.submit(new PeerCommand.Join(), LIMIT).reply()).isInstanceOf(PeerReply.Joined.class);
            try (RaftNode second = startJoining(group, 1);
                    RaftNode third = startJoining(group, 2)) {
                group.node(0).remove(RaftGroupFixture.unit(0));
                group.stop(0);

                assertThat(join(group, second, 1)).isInstanceOf(PeerReply.Joined.class);
                assertThat(join(group, third, 2)).isInstanceOf(PeerReply.Joined.class);
            }
        }
    }

    /** Starts a member whose configuration names the first one and itself, and has it added. */
    private static RaftNode startJoining(RaftGroupFixture group, int number) throws IOException {
        RaftMember added = new RaftMember(RaftGroupFixture.unit(number), "127.0.0.1", group.port(), true);
        RaftSettings settings =
                group.settings(added.unit(), List.of(group.members().get(0), added), true);
        RaftNode node =
                RaftNode.start(settings, group.credentials(added.unit()), InstantSource.system(), group.fatal::add);
        group.node(0).add(added);
        return node;
    }

    private static PeerReply join(RaftGroupFixture group, RaftNode node, int number) throws IOException {
        PeerStore store = node.store(group.credentials(RaftGroupFixture.unit(number)));
        return store.submit(new PeerCommand.Join(), LIMIT).reply();
    }
}
