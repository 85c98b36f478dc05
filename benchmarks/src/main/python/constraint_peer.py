#!/usr/bin/env python3
"""Measures poetry-core on the rows of ConstraintBenchmark, in checks per second on one core.

Run it where poetry-core is installed:  constraint_peer.py
poetry-core remembers every version and constraint that it has read; it is measured with and without that memory.
"""

import pathlib
import time

import poetry.core
from poetry.core.constraints.version import Version, parse_constraint
from poetry.core.version.pep440.parser import PEP440Parser

ROWS_FILE = pathlib.Path(__file__).parents[1] / "resources" / "typical-constraints.tsv"
ROWS = [tuple(line.split("\t")) for line in ROWS_FILE.read_text().splitlines()]
SECONDS = 2.0
ROUNDS = 5


def remembering():
    for version, requirement in ROWS:
        parse_constraint(requirement).allows(Version.parse(version))


def forgetting():
    for version, requirement in ROWS:
        parse_constraint.cache_clear()
        PEP440Parser.parse.cache_clear()
        parse_constraint(requirement).allows(Version.parse(version))


def check_only(parsed=[(Version.parse(v), parse_constraint(r)) for v, r in ROWS]):
    for version, constraint in parsed:
        constraint.allows(version)


def per_second(function):
    rates = []
    for _ in range(ROUNDS):
        count, start = 0, time.perf_counter()
        while time.perf_counter() - start < SECONDS:
            function()
            count += len(ROWS)
        rates.append(count / (time.perf_counter() - start))
    return sorted(rates)[ROUNDS // 2]


if __name__ == "__main__":
    print(f"poetry-core {poetry.core.__version__}, median of {ROUNDS} rounds")
    print(f"parse both and check, everything remembered:  {per_second(remembering):12,.0f} per second")
    print(f"parse both and check, nothing remembered:     {per_second(forgetting):12,.0f} per second")
    print(f"check only:                                   {per_second(check_only):12,.0f} per second")
