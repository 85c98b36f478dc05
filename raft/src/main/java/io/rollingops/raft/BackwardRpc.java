// SPDX-License-Identifier: Apache-2.0
package io.rollingops.raft;

import org.apache.ratis.conf.Parameters;
import org.apache.ratis.grpc.GrpcFactory;
import org.apache.ratis.grpc.server.GrpcLogAppender;
import org.apache.ratis.rpc.RpcFactory;
import org.apache.ratis.rpc.RpcType;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.leader.FollowerInfo;
import org.apache.ratis.server.leader.LeaderState;
import org.apache.ratis.server.leader.LogAppender;

/**
 * gRPC as Ratis has it, with a leader that also goes back to where a follower says that its log ends.
 *
 * <p>Ratis 3.3.0 never goes behind the index up to which it once took a follower's log for equal to its own. When that was
 * wrong, each heartbeat is answered with the same lower index, and the follower stands still for as long as nothing new is
 * written. Sending entries that the follower has is harmless: it keeps those that agree.
 *
 * <p>Ratis makes it by the name of the class, see {@link RatisProperties}.
 */
final class BackwardRpc implements RpcType {

    @Override
    public String name() {
        return BackwardRpc.class.getName();
    }

    @Override
    public RpcFactory newFactory(Parameters parameters) {
        return new Factory(parameters);
    }

    private static final class Factory extends GrpcFactory {
        Factory(Parameters parameters) {
            super(parameters);
        }

        @Override
        public LogAppender newLogAppender(RaftServer.Division server, LeaderState leader, FollowerInfo follower) {
            return new Appender(server, leader, follower);
        }
    }

    private static final class Appender extends GrpcLogAppender {
        private final System.Logger logger = System.getLogger(BackwardRpc.class.getName());

        Appender(RaftServer.Division server, LeaderState leader, FollowerInfo follower) {
            super(server, leader, follower);
        }

        @Override
        protected long getNextIndexForInconsistency(long firstSent, long followersNext) {
            if (followersNext > getFollower().getMatchIndex()) {
                return super.getNextIndexForInconsistency(firstSent, followersNext);
            }
            logger.log(
                    System.Logger.Level.DEBUG,
                    "the log of " + getFollowerId() + " ends before " + followersNext + " and was taken for good up to "
                            + getFollower().getMatchIndex() + "; going back");
            // The same first entry twice would be answered in the same way: begin one before.
            return followersNext == firstSent ? Math.max(0, followersNext - 1) : followersNext;
        }
    }
}
