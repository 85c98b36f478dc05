#!/usr/bin/env python3
"""Writes units.jsonl and applications.jsonl: databags, and how the original library reads and rewrites them.

Run it where charmlibs-rollingops 1.1.2 and ops are installed:  make_golden_databags.py OUTPUT_FOLDER
The bags of the first part are written by the library itself, on a relation of ops' test harness; those of the second
part by hand. Members of a line:
  name       what the bag shows
  bag        its keys and values
  read       what the original understands: intent, queue (id, attempt, max_retry), executed_at in microseconds,
             backend, cleanup; for an application unit and at. What the original fails to read is missing.
  fails      the keys that the original fails to read, with its exception
  rewritten  the bag after the original has set each of its fields to what it read; missing if it cannot
"""

import datetime as dt
import json
import logging
import pathlib
import sys
import unittest.mock
import warnings

import ops
import ops.testing
from charmlibs.rollingops import OperationResult, RollingOpsManager
from charmlibs.rollingops._common import _models as common
from charmlibs.rollingops._peer import _models as peer

RELATION = "restart"
UNIT = "charm/0"
START = dt.datetime(2026, 2, 23, 12, 0, 0, 123456, tzinfo=dt.timezone.utc)
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc)
QUEUED = ('[{"callback_id":"restart","requested_at":"1771848000.5","max_retry":3,"attempt":1,"result":null,'
          '"kwargs":{"delay":1}}]')


class Clock:
    """Stands in for the library's clock; every look is a while later."""

    def __init__(self):
        self.now = START

    def __call__(self):
        self.now += dt.timedelta(seconds=1, microseconds=10)
        return self.now


class Charm(ops.CharmBase):
    """A charm that uses the library as its users do."""

    def __init__(self, framework):
        super().__init__(framework)
        callbacks = {"restart": self.restart}
        self.rollingops = RollingOpsManager(self, callback_targets=callbacks, peer_relation_name=RELATION)

    def restart(self):
        return OperationResult.RETRY_RELEASE


class Stage:
    """One unit with its peer relation."""

    def __init__(self, charm=ops.CharmBase, leads=True):
        self.harness = ops.testing.Harness(charm, meta=f"name: charm\npeers: {{{RELATION}: {{interface: x}}}}")
        self.harness.set_leader(leads)
        self.relation = self.harness.add_relation(RELATION, "charm")
        self.harness.begin()
        self.model = self.harness.model

    def put(self, who, bag):
        self.harness.update_relation_data(self.relation, who, bag)

    def bag(self, who):
        return dict(sorted(self.harness.get_relation_data(self.relation, who).items()))

    def unit(self):
        return peer.PeerUnitOperations(self.model, RELATION, self.model.unit)

    def backend(self):
        return common._UnitBackendState(self.model, RELATION, self.model.unit)

    def lock(self):
        return peer.PeerAppLock(self.model, RELATION)

    def request(self, callback="restart", kwargs=None, max_retry=None):
        self.unit().request(common._Operation.create(callback, kwargs or {}, max_retry))


def written_units():
    """Bags as the library leaves them, step by step."""
    stage = Stage()
    yield "nothing was written yet", stage.bag(UNIT)
    stage.request("restart", {"b": 2, "a": 1}, 3)
    yield "one request", stage.bag(UNIT)
    stage.request("restart", {"a": 1, "b": 2})
    yield "an equal request is merged", stage.bag(UNIT)
    stage.request("caf\u00e9/x y", {"text": "a\u2028b \"q\" \\ \U0001f600", "nested": {"z": [1, 1.5, None, True]}}, 0)
    yield "two requests, with all kinds of text", stage.bag(UNIT)
    stage.unit().finish(OperationResult.RETRY_RELEASE)
    yield "after retry-release", stage.bag(UNIT)
    stage.unit().finish(OperationResult.RETRY_HOLD)
    yield "after retry-hold", stage.bag(UNIT)
    stage.backend().clear_fallback()
    yield "processed by etcd", stage.bag(UNIT)
    stage.backend().fallback_to_peer()
    yield "fallen back to peer", stage.bag(UNIT)
    stage.unit().finish(OperationResult.RELEASE)
    yield "after release, one more waits", stage.bag(UNIT)
    stage.unit().finish(OperationResult.RETRY_HOLD)
    yield "dropped at its limit", stage.bag(UNIT)
    stage.unit().finish(OperationResult.RELEASE)
    yield "run with nothing queued", stage.bag(UNIT)
    stage.put(UNIT, {"etcd-rollingops-worker-pid": "4711", "address": "10.0.0.1"})
    yield "with keys that are not of the protocol", stage.bag(UNIT)
    fresh = Stage()
    fresh.unit().finish(OperationResult.RELEASE)
    yield "run before anything was requested", fresh.bag(UNIT)
    fresh = Stage()
    fresh.backend().fallback_to_peer()
    yield "fallen back before anything was requested", fresh.bag(UNIT)
    user = Stage(Charm, leads=False)
    user.harness.charm.rollingops.request_async_lock("restart", {}, 5)
    yield "requested through the manager", user.bag(UNIT)
    user.put("charm", {"granted_unit": UNIT, "granted_at": "1771848000.5"})
    yield "run through the manager", user.bag(UNIT)


def other_units():
    """Bags that the library does not write: older, damaged, or edited by hand."""
    yield "version 0: asks for the lock", {"state": "acquire"}
    yield "version 0: has released the lock", {"state": "release", "callback_override": ""}
    yield "version 0: with a queue of its successor", {"state": "release", "operations": QUEUED}
    for state in ("request", "retry-release", "retry-hold", "idle"):
        yield f"state {state} without a queue", {"state": state}
        yield f"state {state} with a queue", {"state": state, "operations": QUEUED}
    yield "a queue without a state", {"operations": QUEUED}
    yield "an unknown state", {"state": "asleep", "operations": QUEUED}
    yield "a state in capitals", {"state": "REQUEST"}
    for text in ("[]", "{}"):
        yield f"an empty queue written as {text}", {"state": "idle", "operations": text}
    for name, text in {
        "null": "null", "blank": " ", "an object": '{"not":"a list"}', "a text": '"x"', "cut off": QUEUED[:-9],
        "not JSON": "operations", "of numbers": "[1]", "of nulls": "[null]", "of empty objects": "[{}]",
        "without a stamp": '[{"callback_id":"x"}]', "with a blank id": '[{"callback_id":" ","requested_at":"1.0"}]',
        "with a negative limit": '[{"callback_id":"x","requested_at":"1.0","max_retry":-1}]',
        "with an unknown result": '[{"callback_id":"x","requested_at":"1.0","result":"done"}]',
        "with a stamp that is no time": '[{"callback_id":"x","requested_at":"soon"}]',
        "with a stamp beyond all calendars": '[{"callback_id":"x","requested_at":"1e12"}]',
    }.items():
        yield f"a damaged queue: {name}", {"state": "request", "operations": text}
    yield "a queue with everything lax", {"state": "request", "operations": (
        '[{"callback_id":"x","requested_at":1771848000.5,"max_retry":"3","attempt":true,"later":1}]')}
    yield "a queue with a stamp in the year 5138", {"state": "request", "operations": (
        '[{"callback_id":"x","requested_at":"99999999999.5","max_retry":null,"attempt":0,"result":null,"kwargs":{}}]')}
    for text in ("1771848000.123456", "1771848000", "1771848000.1234564", "1771848000.1234576", " 1771848000.5 ",
                 "+1.5", "-1.5", "1.7e9", "0", "0.0", ".5", "5.", "99999999999.5", "253402300799.5", "-62135596800",
                 "soon", "2026-02-23T12:00:00Z", "nan", "inf", "-inf", "0x10", "1e12", "1e300", "-62135596801",
                 "253402300800", "12:00", "1,5", "true", "null"):
        yield f"executed_at {text}", {"state": "idle", "operations": "[]", "executed_at": text}
    for backend in ("peer", "etcd", "zookeeper", "ETCD"):
        yield f"processing_backend {backend}", {"processing_backend": backend}
    for flag in ("true", "false", "True", "1"):
        yield f"etcd_cleanup_needed {flag}", {"etcd_cleanup_needed": flag}


def unit_line(name, bag):
    """How the original reads and rewrites a unit's bag."""
    stage = Stage()
    stage.put(UNIT, bag)
    read, fails = {}, {}

    def attempt(member, key, look):
        try:
            read[member] = look()
        except Exception as error:  # whatever it is, the original's hook fails with it
            fails[key] = type(error).__name__

    attempt("intent", "state", lambda: str(stage.unit().intent.value))
    attempt("queue", "operations", lambda: [[o.op_id, o.attempt, o.max_retry] for o in stage.unit().queue.operations])
    attempt("executed_at", "executed_at", lambda: micros(stage.unit().executed_at))
    attempt("backend", "processing_backend", lambda: str(stage.backend().backend.value))
    attempt("cleanup", "etcd_cleanup_needed", lambda: stage.backend().cleanup_needed)
    line = {"name": name, "bag": bag, "read": read, "fails": fails}
    if not fails:
        unit, backend = stage.unit(), stage.backend()
        data, state = unit._unit_data, backend._backend_state
        data.intent, data.queue, data.executed_at_dt = data.intent, data.queue, data.executed_at_dt
        state.backend, state.cleanup_needed = state.backend, state.cleanup_needed
        unit._save(data)
        backend._save(state)
        line["rewritten"] = stage.bag(UNIT)
    return line


def application_bags():
    stage = Stage()
    yield "nothing was written yet", stage.bag("charm")
    stage.lock().grant("charm/1")
    yield "granted", stage.bag("charm")
    stage.put("charm", {"peer-rollingops-worker-pid": "4711", "rollingops-client-secret-id": "secret:x"})
    yield "granted, with other keys", stage.bag("charm")
    stage.lock().release()
    yield "released, with other keys", stage.bag("charm")
    yield "a grant without its time", {"granted_unit": "charm/12"}
    yield "a grant with a time that is none", {"granted_unit": "charm/12", "granted_at": "soon"}
    yield "a time without a grant", {"granted_at": "1771848000.25"}


def application_line(name, bag):
    stage = Stage()
    stage.put("charm", bag)
    lock = stage.lock()
    line = {"name": name, "bag": bag, "read": {"unit": lock.granted_unit, "at": micros(lock.granted_at)}, "fails": {}}
    data = lock._app_data
    data.granted_at_dt = data.granted_at_dt
    lock._save(data)
    line["rewritten"] = stage.bag("charm")
    return line


def micros(time):
    return None if time is None else (time - EPOCH) // dt.timedelta(microseconds=1)


def write(path, lines):
    text = "".join(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n" for line in lines)
    path.write_text(text, encoding="utf-8", newline="\n")


def main(folder):
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    clock = Clock()
    with unittest.mock.patch.object(peer, "now_timestamp", clock), \
            unittest.mock.patch.object(common, "now_timestamp", clock):
        units = list(written_units()) + list(other_units())
        applications = list(application_bags())
        write(folder / "units.jsonl", [unit_line(name, bag) for name, bag in units])
        write(folder / "applications.jsonl", [application_line(name, bag) for name, bag in applications])


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
