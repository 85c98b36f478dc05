// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.lock;

import io.rollingops.etcd.Bytes;
import io.rollingops.etcd.LeaseId;
import io.rollingops.etcd.Query;
import io.rollingops.etcd.Revision;
import io.rollingops.spi.ClusterLock.Cleanliness;
import io.rollingops.spi.ClusterLock.Hold;
import java.util.List;

/**
 * Decides what a process does next about the lock. Knows no clock, no etcd and no thread.
 *
 * <ol>
 *   <li>There is always a lease, so that the lock can be taken with one transaction; and after a write that was not
 *       answered, before anything else, certainty. Who wants the lock already when he opens his session takes it in the same
 *       step, if it is free and nothing is known of him.
 *   <li>What an earlier process left, and what was wanted before, goes first.
 *   <li>One transaction makes a ticket, and takes the lock with it if that is free and nobody waits for it.
 *       Whoever has the lock keeps his ticket until he gives both back, so everyone has to be told of one key only, the
 *       ticket in front of his own: it is written again when that one takes the lock, and it ends with the lock. So one
 *       release wakes one waiter, who takes the lock without looking, since everything else was looked at before.
 *   <li>Only if the first in line finds the lock taken by somebody without a ticket is he told of the lock itself.
 *   <li>Somebody who asked before the first ticket was made, but has none since he only polls, is left the free lock for
 *       longer than he waits between two looks; once.
 * </ol>
 */
final class LockProtocol {
    private final LockKeys keys;

    LockProtocol(LockKeys keys) {
        this.keys = keys;
    }

    LockStep next(LockLocal local) {
        if (local.lease().isEmpty()) {
            return new LockStep.GrantLease();
        }
        if (local.session().isEmpty()) {
            return open(local, local.lease().get());
        }
        Session session = local.session().get();
        if (!local.leftoversRemoved()) {
            return new LockStep.RemoveLeftovers(session);
        }
        if (local.hasToGiveUp()) {
            return giveUp(local, session);
        }
        if (local.wish().isEmpty()) {
            return local.cleanliness() == Cleanliness.CLEANING ? new LockStep.Clean(session) : new LockStep.Rest();
        }
        if (local.lock().isPresent() || local.isLost()) {
            return new LockStep.Rest();
        }
        if (local.ticket().isPresent()) {
            return wait(local, session, local.ticket().get());
        }
        return new LockStep.TakeOrEnqueue(session, local.shown());
    }

    /** Of which keys a process in that state has to be told. */
    List<Bytes> follows(LockLocal local) {
        if (local.ticket().isEmpty() || local.wish().isEmpty() || local.lock().isPresent()) {
            return List.of();
        }
        if (local.place() instanceof Place.Behind behind) {
            return List.of(behind.ticket());
        }
        return local.place() instanceof Place.First first
                        && !(first.lockIsFree() && local.poller().isEmpty())
                ? List.of(keys.lock())
                : List.copyOf(local.followed());
    }

    private static LockStep open(LockLocal local, LeaseId lease) {
        boolean privately = !local.withoutPrivateKey();
        return local.hold() == Hold.WAITING && !local.givesUp()
                ? new LockStep.OpenSessionAndTake(lease, privately, local.shown())
                : new LockStep.OpenSession(lease, privately);
    }

    private static LockStep giveUp(LockLocal local, Session session) {
        if (local.lock().isPresent()) {
            return new LockStep.Release(session, local.lock().get(), local.shownEnd());
        }
        return new LockStep.Withdraw(session, local.ticket().orElseThrow());
    }

    private LockStep wait(LockLocal local, Session session, Revision ticket) {
        if (local.place() instanceof Place.GivenSoon) {
            return new LockStep.TakeInTurn(session, ticket, local.shown());
        }
        if (local.place() instanceof Place.Unknown) {
            return new LockStep.Look(ticket, local.asks(), !local.followed().isEmpty() && !local.lookedForPollers());
        }
        List<Bytes> missing = follows(local).stream()
                .filter(key -> !local.followed().contains(key))
                .toList();
        if (!missing.isEmpty()) {
            return new LockStep.Follow(missing);
        }
        boolean isNear = !(local.place() instanceof Place.Behind behind) || behind.isNext();
        if (isNear && !local.lookedForPollers()) {
            return new LockStep.Look(ticket, Query.Source.CLUSTER, true);
        }
        if (local.place() instanceof Place.First first && first.lockIsFree() && !local.letsPollerGoFirst()) {
            return local.poller().isPresent()
                    ? new LockStep.PassOver(session, local.poller().get().owner())
                    : new LockStep.TakeInTurn(session, ticket, local.shown());
        }
        return new LockStep.Rest();
    }
}
