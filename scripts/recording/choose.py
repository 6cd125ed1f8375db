"""Choose tables for the family `recorded`, and write its two files.

    python -m scripts.recording.choose

The rule, computed from the tables, of the mean F1 of the training seeds:

1. The best F1 is at least 0.1 above the median of the search space, and 16 random evaluations leave
   at least 2 % of the best on average: what anything solves is left out.
2. The hardest first, by what random evaluations leave, a table is taken unless its correlation with
   one that was taken before exceeds 0.98, or 6 of its origin were taken.

Splits are by origin (data sets that share cases, see `scripts.recording.sources`): in the order of
a hash of their names, the first half of all origins is train, the next fifth validation, the rest
test. In a split, tasks are in the order of a hash of their names.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tyro
from numpy.typing import NDArray

from hpo_gym import rng
from hpo_gym.commands.checks import plain_errors
from hpo_gym.families.recorded.tables import COUNTS_FILE, INDEX_FILE, packed
from hpo_gym.files import write_atomic
from scripts.record import FOLDER
from scripts.recording.measures import Measures, measured
from scripts.recording.sources import SOURCES, origin
from scripts.recording.tables import Table, read

_LEAST_RISE, _LEAST_REGRET = 0.1, 0.02
_MOST_CORRELATION, _MOST_OF_AN_ORIGIN = 0.98, 6
_SHARES = {"train": 0.5, "validation": 0.7, "test": 1.0}
"""Cumulated."""


@dataclass(frozen=True)
class Arguments:
    """Command line."""

    tables: Path = FOLDER
    """Folder of the recorded tables."""
    out: Path = Path("hpo_gym/families/recorded")
    """Folder of the family's files."""


class Candidate(NamedTuple):
    """A table and how hard it is."""

    table: Table
    measures: Measures
    pattern: NDArray[np.float32]
    """Its F1, of mean 0 and length 1: products of two are correlations."""


def candidates(folder: Path) -> Iterable[Candidate]:
    """The tables that are not solved by anything."""
    for path in sorted(folder.glob("*.npz")):
        table = read(path)
        if table is None:
            raise ValueError(f"{path} is damaged or old: record it again")
        f1 = table.f1.mean(axis=0)
        measures = measured(f1)
        rise = measures.best - measures.median
        if rise >= _LEAST_RISE and measures.random >= _LEAST_REGRET:
            pattern = f1.ravel() - f1.mean()
            yield Candidate(table, measures, (pattern / np.linalg.norm(pattern)).astype(np.float32))


def chosen(found: Iterable[Candidate]) -> list[Candidate]:
    """The hardest tables that are not alike."""
    taken: list[Candidate] = []
    count: Counter[str] = Counter()
    for candidate in sorted(found, key=lambda c: -c.measures.random):
        kin = candidate.table.facts.origin
        alike = any(candidate.pattern @ other.pattern > _MOST_CORRELATION for other in taken)
        if not alike and count[kin] < _MOST_OF_AN_ORIGIN:
            taken.append(candidate)
            count[kin] += 1
    return taken


@cache
def splits() -> dict[str, str]:
    """The split of all tables of each origin."""
    origins = sorted({origin(source) for source in SOURCES}, key=rng.text_key)
    return {
        name: next(split for split, share in _SHARES.items() if place < share * len(origins))
        for place, name in enumerate(origins)
    }


def card(candidate: Candidate) -> dict[str, Any]:
    """What the index says of a table."""
    facts, measures = candidate.table.facts, candidate.measures
    source, _, model = facts.name.rpartition(" ")
    return {
        "source": source,
        "origin": facts.origin,
        "model": model,
        "rows": facts.rows,
        "columns": facts.columns,
        "positives": facts.positives,
        "negatives": facts.negatives,
        "difficulty": measures.difficulty,
        **{name: round(value, 4) for name, value in measures._asdict().items()},
    }


def main(arguments: Arguments) -> None:
    """Choose, and write the files."""
    taken = chosen(candidates(arguments.tables))
    if not taken:
        raise ValueError(f"--tables {arguments.tables}: no table there is hard enough")
    taken.sort(key=lambda c: rng.text_key(c.table.facts.name))
    parts = {
        split: [c for c in taken if splits()[c.table.facts.origin] == split] for split in _SHARES
    }
    ordered = [c.table for part in parts.values() for c in part]
    data = packed(np.stack([t.counts for t in ordered]), np.stack([t.loss for t in ordered]))
    index = {
        "sha256": hashlib.sha256(data).hexdigest(),
        "splits": {split: [card(c) for c in part] for split, part in parts.items()},
    }
    write_atomic(arguments.out / COUNTS_FILE, data)
    write_atomic(arguments.out / INDEX_FILE, json.dumps(index, indent=1) + "\n")
    for split, part in parts.items():
        origins = {c.table.facts.origin for c in part}
        print(f"{split}: {len(part)} tables of {len(origins)} origins")
    print(f"{len(data) / 2**20:.1f} MiB")


if __name__ == "__main__":
    with plain_errors():
        main(tyro.cli(Arguments, description=__doc__))
