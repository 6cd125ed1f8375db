"""Which tasks have a wide plateau, and which a narrow optimum.

The *width* of a task is the share of its search space whose noise-free score is within 5 % of the
best one, counted on a regular grid. Of the first 1,024 tasks of a split, the 32 with the largest
width make `capability-plateau` and the 32 with the smallest one `capability-narrow`; of equal ones
the lower index comes first. The indices are data, in capability_tasks.json beside this file, which

    python -m hpo_gym.benchmark.suites.capabilities

writes anew.
"""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hpo_gym.arrays import Vectors
from hpo_gym.families import make_family, require_optimum
from hpo_gym.files import write_atomic

CANDIDATES, CHOSEN = 1024, 32
NEAR = 0.95
"""A score counts as near the best one if it is at least this fraction of it."""
GRID = 32
"""Points per axis, at the middles of equal cells of the unit cube."""

_FILE = "capability_tasks.json"
_FAMILY, _SPLIT = "fictitious", "test"
_XP = Vectors()


def stored_tasks() -> dict[str, tuple[int, ...]]:
    """The chosen task indices by capability, as they are stored."""
    stored = json.loads((files(__package__) / _FILE).read_text(encoding="utf-8"))
    return {name: tuple(indices) for name, indices in stored["tasks"].items()}


def choose_tasks() -> dict[str, tuple[int, ...]]:
    """The task indices by capability, by the rule, in increasing order."""
    width = widths(np.arange(CANDIDATES))
    wide = np.argsort(-width, kind="stable")[:CHOSEN]
    narrow = np.argsort(width, kind="stable")[:CHOSEN]
    return {
        "plateau": tuple(np.sort(wide).tolist()),
        "narrow": tuple(np.sort(narrow).tolist()),
    }


def widths(tasks: NDArray[np.int64]) -> NDArray[np.float64]:
    """Width of each of the tasks with these indices (n,): (n,), in [0, 1]."""
    family = require_optimum(make_family(_FAMILY), "the width of a task")
    axis = (2.0 * np.arange(GRID) + 1.0) / GRID - 1.0
    unit = tuple(np.stack(np.meshgrid(*3 * [axis], indexing="ij")).reshape(3, -1))
    scaled = family.space.scaled(unit, _XP)
    result = np.empty(len(tasks))
    for row, task in enumerate(tasks.tolist()):
        parameters, best = family.tasks(_SPLIT, task, "f1")
        scores = family.true_score(parameters, scaled, "f1", _XP)
        result[row] = np.mean(scores >= NEAR * best)
    return result


def main() -> None:
    """Write the file."""
    data = {
        "rule": f"{CHOSEN} of the first {CANDIDATES} tasks; see {__package__}.capabilities",
        "family": make_family(_FAMILY).describe(),
        "split": _SPLIT,
        "tasks": choose_tasks(),
    }
    path = Path(__file__).with_name(_FILE)
    write_atomic(path, json.dumps(data) + "\n")
    print(f"written: {path}")


if __name__ == "__main__":
    main()
