# Does with the original library what a test asks for, line by line, and answers each with one line.
# Arguments: the folder for its files, the folder with usr/bin/etcdctl, the cluster id, the owner.
import os
import sys

from charmlibs import pathops
from charmlibs.rollingops._common._models import _Operation
from charmlibs.rollingops._etcd._etcd import EtcdLease, EtcdLock, EtcdOperationQueue
from charmlibs.rollingops._etcd._models import RollingOpsKeys

# What the library starts writes to the standard output, which is not where the answers go.
answers = os.fdopen(os.dup(1), 'w')
os.dup2(2, 1)
base, charm = pathops.LocalPath(sys.argv[1]), pathops.LocalPath(sys.argv[2])
keys = RollingOpsKeys(cluster_id=sys.argv[3], owner=sys.argv[4])
lease = EtcdLease(base, charm)
lock = EtcdLock(keys.lock_key, sys.argv[4], base, charm)


def queue(owner, name):
    of = RollingOpsKeys(cluster_id=sys.argv[3], owner=owner)
    return EtcdOperationQueue(getattr(of, name), of.lock_key, owner, base, charm)


def answer(words):
    if words[0] == 'acquire':
        if lease.id is None:
            lease.grant()
        return lock.try_acquire(lease.id)
    if words[0] == 'held':
        return lock.is_held()
    if words[0] == 'release':
        lock.release()
        lease.revoke()
        return True
    if words[0] == 'enqueue':
        queue(sys.argv[4], 'pending').enqueue(_Operation.create(words[1], {'n': 1, 'text': 'a b'}, 3))
        return True
    if words[0] == 'claim':
        return queue(sys.argv[4], 'pending').move_head(RollingOpsKeys(cluster_id=sys.argv[3], owner=sys.argv[4]).inprogress)
    if words[0] == 'peek':
        operation = queue(words[1], words[2]).peek()
        return operation.to_string() if operation else None
    raise ValueError(words)


for line in sys.stdin:
    print(answer(line.split()), file=answers, flush=True)
