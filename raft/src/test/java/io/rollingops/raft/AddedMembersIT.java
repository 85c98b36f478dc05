// SPDX-License-Identifier: Apache-2.0
package io.rollingops.raft;

import static org.assertj.core.api.Assertions.assertThat;

import io.rollingops.peer.PeerCommand;
import io.rollingops.peer.PeerReply;
import io.rollingops.spi.PeerStore;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
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
            RaftMember second = group.startJoining(1);
            group.node(0).add(second);
            RaftMember third = group.startJoining(2);
            group.node(0).add(third);

            group.node(0).remove(RaftGroupFixture.unit(0));
            group.stop(0);

            List<PeerReply> replies = new ArrayList<>();
            for (int number = 1; number <= 2; number++) {
                replies.add(group.store(number)
                        .submit(new PeerCommand.Join(), LIMIT)
                        .reply());
            }
            assertThat(replies).allMatch(reply -> reply instanceof PeerReply.Joined);
        }
    }
}
