// SPDX-License-Identifier: Apache-2.0
package io.rollingops.etcd.lock;

import io.rollingops.OperationId;
import io.rollingops.UnitName;
import io.rollingops.etcd.Bytes;
import io.rollingops.etcd.KeyRange;
import java.util.Optional;

/**
 * The keys of one unit in one cluster.
 *
 * <pre>
 * /rollingops/default/CLUSTER/granted-unit/             the lock; its value is the owner, it hangs on the owner's lease
 * /rollingops/default/CLUSTER/OWNER/pending/ID          the operation that waits for the lock
 * /rollingops/default/CLUSTER/OWNER/inprogress/ID       the operation that runs under it
 * /rollingops/default/CLUSTER/OWNER/completed/ID        the last one that did, with its result
 * /rollingops/default/CLUSTER/waiters/OWNER             a ticket: who has the oldest has the lock, or is next
 * /rollingops/default/CLUSTER/sessions/OWNER            the guard of everything that a process writes
 * /rollingops/default/CLUSTER/passed-over/OWNER         a poller that did not come when its turn was
 * /rollingops/private/MODEL-APPLICATION/sessions/OWNER  hangs on the same lease, and no other application may write it
 * </pre>
 *
 * <p>The first four are those of {@code charmlibs-rollingops} 1.1, byte for byte (section 4.1 of its reference).
 *
 * @param clusterId what the applications have in common
 * @param owner who writes: the model's identity and the unit's name, with {@code -} for {@code /}
 * @param privatePrefix below which no other application may write; empty without such a place
 */
public record LockKeys(String clusterId, String owner, Optional<Bytes> privatePrefix) {
    private static final String ROOT = "/rollingops/default/";
    private static final String PRIVATE_ROOT = "/rollingops/private/";
    private static final int LENGTH_MAX = 255;

    public LockKeys {
        requireName("cluster id", clusterId);
        requireName("owner", owner);
    }

    /** Those of an owner who has no place of its own. */
    public LockKeys(String clusterId, String owner) {
        this(clusterId, owner, Optional.empty());
    }

    /**
     * The keys of a unit.
     *
     * @param model tells apart units of the same name; the UUID of the Juju model, or one that the application has
     */
    public static LockKeys of(String clusterId, String model, UnitName unit) {
        String application = (model + "-" + unit.application()).replace('/', '-');
        return new LockKeys(
                clusterId,
                (model + "-" + unit).replace('/', '-'),
                Optional.of(Bytes.utf8(PRIVATE_ROOT + application + "/")));
    }

    /** All keys of the cluster: what a role in etcd must allow to read and write. */
    public Bytes cluster() {
        return Bytes.utf8(ROOT + clusterId + "/");
    }

    public Bytes lock() {
        return cluster().plus("granted-unit/");
    }

    /** What the lock holds while this unit has it. */
    public Bytes lockValue() {
        return Bytes.utf8(owner);
    }

    public KeyRange tickets() {
        return KeyRange.prefix(cluster().plus("waiters/"));
    }

    public Bytes ticket() {
        return cluster().plus("waiters/" + owner);
    }

    public Bytes session() {
        return cluster().plus("sessions/" + owner);
    }

    /**
     * Whoever may write to every key that hangs on a lease may end it; this one keeps other applications from ending the
     * lease of the lock, if roles in etcd say so.
     */
    public Optional<Bytes> privateSession() {
        return privatePrefix.map(prefix -> prefix.plus("sessions/" + owner));
    }

    /** The queue entries of this unit. */
    public KeyRange own() {
        return KeyRange.prefix(cluster().plus(owner + "/"));
    }

    public Bytes pending(OperationId operation) {
        return cluster().plus(owner + "/pending/" + operation.value());
    }

    public Bytes inProgress(OperationId operation) {
        return cluster().plus(owner + "/inprogress/" + operation.value());
    }

    public Bytes completed(OperationId operation) {
        return cluster().plus(owner + "/completed/" + operation.value());
    }

    KeyRange pending() {
        return KeyRange.prefix(cluster().plus(owner + "/pending/"));
    }

    KeyRange inProgress() {
        return KeyRange.prefix(cluster().plus(owner + "/inprogress/"));
    }

    KeyRange completed() {
        return KeyRange.prefix(cluster().plus(owner + "/completed/"));
    }

    /** Queue entries of all owners that begin with a UUID, as those in Juju models do. */
    KeyRange queues() {
        return KeyRange.between(cluster().plus("0"), cluster().plus("g"));
    }

    Bytes passedOver(String other) {
        return cluster().plus("passed-over/" + other);
    }

    KeyRange passedOver() {
        return KeyRange.prefix(cluster().plus("passed-over/"));
    }

    /** Whose ticket or passed-over mark that is. */
    String ownerAtEnd(Bytes key) {
        String text = key.text().orElse("");
        return text.substring(text.lastIndexOf('/') + 1);
    }

    /** Who waits by a pending entry; nothing if the key is another one. */
    Optional<String> ownerOfPending(Bytes key) {
        String text = key.text().orElse("");
        String prefix = ROOT + clusterId + "/";
        int end = text.indexOf("/pending/", prefix.length());
        return text.startsWith(prefix) && end > prefix.length()
                ? Optional.of(text.substring(prefix.length(), end)).filter(name -> name.indexOf('/') < 0)
                : Optional.empty();
    }

    /** Whether that is the owner's name of a unit of the same application. */
    boolean isSibling(String other) {
        String application = owner.substring(0, owner.lastIndexOf('-') + 1);
        return !application.isEmpty()
                && other.startsWith(application)
                && other.substring(application.length()).chars().allMatch(Character::isDigit);
    }

    private static void requireName(String what, String text) {
        if (text.isEmpty() || text.length() > LENGTH_MAX || text.chars().anyMatch(Character::isISOControl)) {
            throw new IllegalArgumentException("the " + what + " '" + text + "' is not between 1 and " + LENGTH_MAX
                    + " characters without control characters");
        }
        if (text.indexOf('/') >= 0) {
            throw new IllegalArgumentException("the " + what + " '" + text + "' contains a /");
        }
    }
}
