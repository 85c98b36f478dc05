#!/usr/bin/env python3
"""Writes golden/dependencies.txt, values of the databag key "dependencies", as the original writes them.

Run it where pydantic 1 is installed:  make_dependency_golden.py OUTPUT_FOLDER
The original declares its document as pydantic models and stores what their json() returns.
"""

import pathlib
import sys
from typing import Dict

from pydantic import BaseModel, create_model


class Model(BaseModel):
    dependencies: Dict[str, str]
    name: str
    upgrade_supported: str
    version: str


CASES = [
    {"charm": ({}, "app", ">0", "2")},
    {
        "charm": ({"pgbouncer": ">0"}, "postgresql", ">0", "3"),
        "snap": ({}, "charmed-postgresql", "^14", "14.23"),
    },
    {"kafka_service": ({"zookeeper": "^3.6", "a": "~1.0 || >=2,<3"}, "kafka", ">=0.8", "3.3.2+ubuntu.1")},
    {"rock": ({"caf\u00e9": "*", "\U0001f600\u2028": "1"}, 'q"b\\s/\u4e2d\u6587\x7f\x85\t\n\r\b\f\x00\x1f<&>\'', "*", "1")},
]

if __name__ == "__main__":
    lines = []
    for case in CASES:
        models = {label: Model(**dict(zip(Model.__fields__, values))) for label, values in case.items()}
        lines.append(create_model("Document", **{label: (Model, ...) for label in models})(**models).json())
    folder = pathlib.Path(sys.argv[1])
    (folder / "dependencies.txt").write_text("".join(line + "\n" for line in lines))
