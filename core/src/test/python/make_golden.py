#!/usr/bin/env python3
"""Writes golden/operations.tsv and golden/queues.txt with the original library.

Run it where charmlibs-rollingops 1.1.2 is installed:  make_golden.py OUTPUT_FOLDER
Each line of operations.tsv: callback id, requested_at in microseconds, max_retry or -, attempt, result or -,
kwargs as plain JSON, wire form; the first six as JSON texts, separated by tabs.
"""

import datetime as dt
import json
import pathlib
import sys

from charmlibs.rollingops import OperationResult
from charmlibs.rollingops._common._models import _Operation, _OperationQueue

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc)
BASE = 1771848000_000000

FLOATS = [0.0, -0.0, 1.0, 100.0, 0.1, 0.5, 1.5, 123456.789, 0.001, 0.0001, 0.00012, 0.00001, 0.000012, 0.000001, 1e-7,
          1.25e-7, 1e15, 1e16, 1.2345e16, 123456789012345680.0, 1e17, 1e20, 1e21, 1e22, 1e100, 1.5e300, 5e-324,
          1.7976931348623157e308, 2.2250738585072014e-308, 0.30000000000000004, 2e-3, 9007199254740993.0, 4.35, 2.675,
          9.5e-5, 1e-5, 1.1e-5, 9999999999999998.0, 12345678901234567.0, 2.0**63, 2.0**-20, 1 / 3, 1e23, 8.41e21]

CASES = [
    ("cb", 123456, None, 0, None, {"b": 2, "a": 1}),
    ("restart", 0, 3, 0, None, {}),
    ("restart", 1, 0, 7, None, {"delay": 1}),
    ("restart", 100000, None, 1, OperationResult.RETRY_HOLD, {}),
    ("restart", 120, 5, 2, OperationResult.RETRY_RELEASE, {}),
    ("restart", 10, 5, 6, OperationResult.RELEASE, {"z": None, "y": True, "x": False}),
    (" padded ", 999999, None, 0, None, {}),
    ("a/b", 5, None, 0, None, {"path": "/etc/x", "html": "<a&b>'"}),
    ("caf\u00e9 \U0001f600", 5, None, 0, None, {"\u00e9": "\u4e2d\u6587 \U0001f600"}),
    ("cb", 5, None, 0, None, {"msg": "hello world", "quote": 'a"b\\c', "ctl": "\b\t\n\f\r\x00\x01\x1f\x7f\x85"}),
    ("cb", 5, None, 0, None, {"sep\u2028": "a\u2028b\u2029c\\u2028", "\u2029": ["\u2028"]}),
    ("cb", 5, None, 0, None, {"nested": {"z": 1, "a": {"y": [1, "2", None, {}], "b": []}}, "Z": 1, "a": 1, "_": 1}),
    ("cb", 5, None, 0, None, {"big": 123456789012345678901234567890, "neg": -5, "zero": 0}),
    ("cb", 5, None, 0, None, {"floats": FLOATS + [-x for x in FLOATS]}),
    ("cb", 5, None, 0, None, {"": "", "\U0001f600": 1, "\uffff": 2}),
]


def main(folder: pathlib.Path) -> None:
    operations = []
    lines = []
    for callback, micros, max_retry, attempt, result, kwargs in CASES:
        at = EPOCH + dt.timedelta(microseconds=BASE + micros)
        operation = _Operation(callback_id=callback, kwargs=kwargs, requested_at=at, max_retry=max_retry,
                               attempt=attempt, result=result)
        operations.append(operation)
        fields = [callback, BASE + micros, max_retry, attempt, result.value if result else None, kwargs]
        lines.append("\t".join([json.dumps(f) for f in fields] + [operation.to_string()]))
    (folder / "operations.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    queues = ["[]", _OperationQueue(operations[:1]).to_string(), _OperationQueue(operations).to_string()]
    (folder / "queues.txt").write_text("\n".join(queues) + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
