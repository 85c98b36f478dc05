// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.lock;

import io.rollingops.Operation;
import io.rollingops.etcd.Bytes;
import io.rollingops.etcd.LeaseId;
import io.rollingops.etcd.Query;
import io.rollingops.etcd.Revision;
import io.rollingops.spi.ClusterLock.Cleanliness;
import io.rollingops.spi.ClusterLock.Hold;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * What one process knows of its part in the lock. A value; its methods say what an event makes of it.
 *
 * @param lease under which everything is written
 * @param session empty when a write has not been answered: then nothing is known of {@code ticket} and {@code lock}
 * @param withoutPrivateKey whether etcd refused the session key that no other application may write
 * @param ticket the revision that created our ticket; whoever has the lock has one, too
 * @param lock the revision that created the lock, if it is ours: the fencing token
 * @param wish what the lock is wanted for
 * @param showsWish whether others can see what it is wanted for; not if etcd found that too large
 * @param givesUp whether ticket and lock must go before anything else, since they were for an earlier wish
 * @param isLost whether the lock was held for this wish and cannot be relied upon any more
 * @param place where the ticket stands
 * @param asOf how new that is
 * @param asks whether one member is enough to learn it; not if something may have gone wrong
 * @param followed of which keys we are told
 * @param poller who is given a chance first, although he has no ticket
 * @param lookedForPollers whether {@code poller} is known
 * @param finished the operation that ended under the lock, with its result
 * @param leftoversRemoved whether what earlier processes left is gone
 * @param cleanliness whether our queue entries are gone
 */
record LockLocal(
        Optional<LeaseId> lease,
        Optional<Session> session,
        boolean withoutPrivateKey,
        Optional<Revision> ticket,
        Optional<Revision> lock,
        Optional<Operation> wish,
        boolean showsWish,
        boolean givesUp,
        boolean isLost,
        Place place,
        Revision asOf,
        Query.Source asks,
        SortedSet<Bytes> followed,
        Optional<Poller> poller,
        boolean lookedForPollers,
        Optional<Operation> finished,
        boolean leftoversRemoved,
        Cleanliness cleanliness) {

    /**
     * Somebody who asked first and looks only now and then whether the lock is free.
     *
     * @param hadHisChance whether the lock was free for long enough, and he did not come
     */
    record Poller(String owner, boolean hadHisChance) {}

    static final LockLocal NEW = new LockLocal(
            Optional.empty(),
            Optional.empty(),
            false,
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            true,
            false,
            false,
            new Place.Unknown(),
            Revision.NONE,
            Query.Source.CLUSTER,
            new TreeSet<>(),
            Optional.empty(),
            false,
            Optional.empty(),
            false,
            Cleanliness.UNKNOWN);

    LockLocal {
        followed = Collections.unmodifiableSortedSet(new TreeSet<>(followed));
    }

    Hold hold() {
        if (wish.isEmpty()) {
            return Hold.NONE;
        }
        if (isLost) {
            return Hold.LOST;
        }
        return lock.isPresent() && session.isPresent() && !givesUp ? Hold.HELD : Hold.WAITING;
    }

    /** Whether there is something to give back before anything else. */
    boolean hasToGiveUp() {
        return (givesUp || wish.isEmpty()) && (lock.isPresent() || ticket.isPresent());
    }

    /** Whether the lock is free and its turn has come, but somebody else is let go first. */
    boolean letsPollerGoFirst() {
        return place instanceof Place.First first
                && first.lockIsFree()
                && poller.filter(other -> !other.hadHisChance()).isPresent();
    }

    /** What others are shown of what the lock is wanted for. */
    Optional<Operation> shown() {
        return wish.filter(operation -> showsWish);
    }

    /** What others are shown of what ended under the lock. */
    Optional<Operation> shownEnd() {
        return finished.filter(operation -> showsWish);
    }

    // What the user of the lock says.

    LockLocal wanting(Operation operation) {
        return wish.isPresent()
                ? this
                : but().wish(Optional.of(operation)).showsWish(true).build();
    }

    LockLocal dropped() {
        boolean mayHold = lock.isPresent() || ticket.isPresent() || session.isEmpty();
        return but().wish(Optional.empty()).givesUp(mayHold).isLost(false).build();
    }

    LockLocal finishedWith(Operation operation) {
        return but().finished(Optional.of(operation)).build();
    }

    LockLocal cleaning() {
        return but().cleanliness(Cleanliness.CLEANING).build();
    }

    // What etcd says.

    LockLocal leaseGranted(LeaseId id) {
        return but().lease(Optional.of(id)).build();
    }

    LockLocal privateKeyRefused() {
        return but().withoutPrivateKey(true).build();
    }

    /** Etcd will never take what we wrote. */
    LockLocal tooLarge() {
        return but().showsWish(false).build();
    }

    /** The session key is written, and this is all that hangs on the lease. */
    LockLocal sessionOpened(Session opened, Optional<Revision> foundLock, Optional<Revision> foundTicket) {
        return but().session(Optional.of(opened))
                .lock(foundLock)
                .ticket(foundTicket)
                .place(new Place.Unknown())
                .asks(Query.Source.CLUSTER)
                .build();
    }

    /** The same, with lock and ticket from this revision; then there is nothing of an earlier process. */
    LockLocal sessionOpenedWithLock(Session opened, Revision created) {
        return sessionOpened(opened, Optional.of(created), Optional.of(created)).leftoversGone();
    }

    /** A write was not answered, or was refused since the session key is not as we knew it. */
    LockLocal inDoubt() {
        return but().session(Optional.empty()).build();
    }

    /** The lease has ended, or can no longer be relied upon; and all that hangs on it. */
    LockLocal leaseEnded() {
        return but().lease(Optional.empty())
                .session(Optional.empty())
                .withoutPrivateKey(false)
                .ticket(Optional.empty())
                .lock(Optional.empty())
                .isLost(isLost || hold() == Hold.HELD)
                .givesUp(false)
                .place(new Place.Unknown())
                .build();
    }

    /**
     * The lock is ours.
     *
     * @param withTicket the revision that created the ticket
     */
    LockLocal taken(Revision created, Revision withTicket) {
        return but().lock(Optional.of(created))
                .givesUp(false)
                .ticket(Optional.of(withTicket))
                .place(new Place.Unknown())
                .poller(Optional.empty())
                .lookedForPollers(false)
                .finished(Optional.empty())
                .build();
    }

    LockLocal enqueued(Revision created) {
        return but().ticket(Optional.of(created))
                .givesUp(false)
                .place(new Place.Unknown())
                .asOf(later(created))
                .asks(Query.Source.MEMBER)
                .poller(Optional.empty())
                .lookedForPollers(false)
                .build();
    }

    /** The ticket is not there any more, although nothing was in doubt; somebody removed it. */
    LockLocal ticketGone() {
        return but().ticket(Optional.empty()).build();
    }

    /** Somebody has looked; at something old, if it was only a member that lags behind. */
    LockLocal looked(Place found, Revision at) {
        return at.compareTo(asOf) < 0
                ? but().asks(Query.Source.CLUSTER).build()
                : but().place(found).asOf(at).build();
    }

    /** Lock and ticket are given back. */
    LockLocal released() {
        return but().lock(Optional.empty())
                .ticket(Optional.empty())
                .finished(Optional.empty())
                .givesUp(false)
                .build();
    }

    LockLocal withdrawn() {
        return but().ticket(Optional.empty()).givesUp(lock.isPresent()).build();
    }

    /**
     * From now on we are told of these keys, too; what happened before has to be looked at.
     *
     * @param since every change after that is told
     */
    LockLocal followed(List<Bytes> keys, Revision since) {
        SortedSet<Bytes> more = new TreeSet<>(followed);
        more.addAll(keys);
        return but().followed(more)
                .place(new Place.Unknown())
                .asOf(later(since))
                .asks(Query.Source.MEMBER)
                .build();
    }

    LockLocal unfollowed(Bytes key) {
        SortedSet<Bytes> fewer = new TreeSet<>(followed);
        fewer.remove(key);
        return but().followed(fewer).build();
    }

    /** Something happened in front of us that has to be looked at; a look that is under way may not have seen it. */
    LockLocal moved(Revision at) {
        return but().place(new Place.Unknown())
                .asOf(later(at))
                .asks(Query.Source.CLUSTER)
                .build();
    }

    /** The one in front has taken the lock, so nobody is in front of him. */
    LockLocal predecessorHolds(Revision at) {
        Place next = place instanceof Place.Behind behind ? new Place.Behind(behind.ticket(), true) : place;
        return but().place(next).asOf(later(at)).build();
    }

    /**
     * The ticket in front is gone. If nobody was in front of that, ours is the first, at once, and as a rule the lock is free,
     * since both are given back together. If that is wrong, the attempt to take it is declined and tells.
     */
    LockLocal predecessorGone(Revision at) {
        if (!(place instanceof Place.Behind behind) || !behind.isNext()) {
            return moved(at);
        }
        return but().place(new Place.First(true))
                .asOf(later(at))
                .lookedForPollers(lookedForPollers && poller.isEmpty())
                .build();
    }

    /** The lock was taken by somebody, or given back. */
    LockLocal lockChanged(boolean isFree, Revision at) {
        if (at.compareTo(asOf) < 0 || !(place instanceof Place.First)) {
            return but().asOf(later(at)).build();
        }
        Builder next = but().place(new Place.First(isFree)).asOf(at);
        return isFree ? next.build() : next.lookedForPollers(false).build();
    }

    private Revision later(Revision at) {
        return at.isAfter(asOf) ? at : asOf;
    }

    LockLocal foundPoller(Optional<String> owner) {
        return but().poller(owner.map(name -> new Poller(name, false)))
                .lookedForPollers(true)
                .build();
    }

    LockLocal pollerHadHisChance() {
        return but().poller(poller.map(other -> new Poller(other.owner(), true)))
                .build();
    }

    LockLocal passedOver() {
        return but().poller(Optional.empty()).build();
    }

    LockLocal leftoversGone() {
        return but().leftoversRemoved(true).build();
    }

    LockLocal cleaned() {
        return but().cleanliness(Cleanliness.CLEAN).build();
    }

    LockLocal cleanlinessUnknown() {
        return but().cleanliness(Cleanliness.UNKNOWN).build();
    }

    private Builder but() {
        return new Builder(this);
    }

    /** The same with some components changed. */
    private static final class Builder {
        private Optional<LeaseId> lease;
        private Optional<Session> session;
        private boolean withoutPrivateKey;
        private Optional<Revision> ticket;
        private Optional<Revision> lock;
        private Optional<Operation> wish;
        private boolean showsWish;
        private boolean givesUp;
        private boolean isLost;
        private Place place;
        private Revision asOf;
        private Query.Source asks;
        private SortedSet<Bytes> followed;
        private Optional<Poller> poller;
        private boolean lookedForPollers;
        private Optional<Operation> finished;
        private boolean leftoversRemoved;
        private Cleanliness cleanliness;

        Builder(LockLocal from) {
            lease = from.lease;
            session = from.session;
            withoutPrivateKey = from.withoutPrivateKey;
            ticket = from.ticket;
            lock = from.lock;
            wish = from.wish;
            showsWish = from.showsWish;
            givesUp = from.givesUp;
            isLost = from.isLost;
            place = from.place;
            asOf = from.asOf;
            asks = from.asks;
            followed = from.followed;
            poller = from.poller;
            lookedForPollers = from.lookedForPollers;
            finished = from.finished;
            leftoversRemoved = from.leftoversRemoved;
            cleanliness = from.cleanliness;
        }

        Builder lease(Optional<LeaseId> value) {
            lease = value;
            return this;
        }

        Builder session(Optional<Session> value) {
            session = value;
            return this;
        }

        Builder withoutPrivateKey(boolean value) {
            withoutPrivateKey = value;
            return this;
        }

        Builder ticket(Optional<Revision> value) {
            ticket = value;
            return this;
        }

        Builder lock(Optional<Revision> value) {
            lock = value;
            return this;
        }

        Builder wish(Optional<Operation> value) {
            wish = value;
            return this;
        }

        Builder showsWish(boolean value) {
            showsWish = value;
            return this;
        }

        Builder givesUp(boolean value) {
            givesUp = value;
            return this;
        }

        Builder isLost(boolean value) {
            isLost = value;
            return this;
        }

        Builder place(Place value) {
            place = value;
            return this;
        }

        Builder asOf(Revision value) {
            asOf = value;
            return this;
        }

        Builder asks(Query.Source value) {
            asks = value;
            return this;
        }

        Builder followed(SortedSet<Bytes> value) {
            followed = value;
            return this;
        }

        Builder poller(Optional<Poller> value) {
            poller = value;
            return this;
        }

        Builder lookedForPollers(boolean value) {
            lookedForPollers = value;
            return this;
        }

        Builder finished(Optional<Operation> value) {
            finished = value;
            return this;
        }

        Builder leftoversRemoved(boolean value) {
            leftoversRemoved = value;
            return this;
        }

        Builder cleanliness(Cleanliness value) {
            cleanliness = value;
            return this;
        }

        LockLocal build() {
            return new LockLocal(
                    lease,
                    session,
                    withoutPrivateKey,
                    ticket,
                    lock,
                    wish,
                    showsWish,
                    givesUp,
                    isLost,
                    place,
                    asOf,
                    asks,
                    followed,
                    poller,
                    lookedForPollers,
                    finished,
                    leftoversRemoved,
                    cleanliness);
        }
    }
}
