#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A charm that rolls: each callback writes when it began and ended, and answers as its name says."""

import fcntl
import time

import ops
from charmlibs.rollingops import OperationResult, RollingOpsManager, SyncLockBackend


class FileLock(SyncLockBackend):
    """A synchronous lock between all units of one real machine."""

    def __init__(self, path: str):
        self._path = path
        self._file = None

    def acquire(self, timeout):
        self._file = open(self._path, 'w')
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def release(self):
        self._file.close()


class Charm(ops.CharmBase):
    def __init__(self, framework: ops.Framework):
        super().__init__(framework)
        self._transitions = str(self.config.get('transitions', 'transitions'))
        self._rolling = RollingOpsManager(
            charm=self,
            peer_relation_name='restart',
            etcd_relation_name='etcd',
            cluster_id=self.config.get('cluster-id'),
            callback_targets={
                'restart': self._restart,
                'failed-restart': self._failed_restart,
                'deferred-restart': self._deferred_restart,
            },
            sync_lock_targets={'file': FileLock(self._transitions + '.lock')},
        )
        framework.observe(self.on.config_changed, self._on_config_changed)
        framework.observe(self.on.restart_action, self._on_request)
        framework.observe(self.on.failed_restart_action, self._on_request)
        framework.observe(self.on.deferred_restart_action, self._on_request)
        framework.observe(self.on.sync_restart_action, self._on_sync_restart)

    def _on_request(self, event: ops.ActionEvent):
        name = event.handle.kind.removesuffix('_action').replace('_', '-')
        self._note('action', name)
        self._rolling.request_async_lock(
            name, kwargs={'delay': event.params['delay']}, max_retry=event.params.get('max-retry')
        )
        state = self._rolling.state
        event.set_results({'status': str(state.status), 'backend': str(state.processing_backend)})

    def _on_sync_restart(self, event: ops.ActionEvent):
        with self._rolling.acquire_sync_lock('file', event.params['timeout']):
            self._work('sync-restart', event.params['delay'])

    def _on_config_changed(self, event: ops.ConfigChangedEvent):
        if self.config['crash'] == 'config-changed':
            self.unit.status = ops.BlockedStatus('about to crash')
            relation = self.model.get_relation('restart')
            relation.data[self.unit]['crash'] = 'written'
            raise RuntimeError('crashed as configured')
        self.unit.status = ops.ActiveStatus()

    def _restart(self, delay: float):
        self._work('restart', delay)

    def _failed_restart(self, delay: float):
        self._work('failed-restart', delay)
        return OperationResult.RETRY_RELEASE

    def _deferred_restart(self, delay: float):
        self._work('deferred-restart', delay)
        return OperationResult.RETRY_HOLD

    def _work(self, name: str, delay: float):
        self._note('begin', name)
        time.sleep(delay)
        self._note('end', name)

    def _note(self, what: str, name: str):
        with open(self._transitions, 'a') as log:
            log.write(f'{time.time():.6f} {self.unit.name} {what} {name}\n')


if __name__ == '__main__':
    ops.main(Charm)
