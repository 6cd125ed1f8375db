"""How good the best and the median configuration of each task are, as far as is known.

    python -m scripts.anyspace.spaces.reference

evaluates space-filling configurations, then others near the best, and writes `reference.json`. The
median is that of the space-filling ones; the best is the best of all that was ever evaluated here,
by tuners too: run it again after them.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import tyro

from hpo_gym import rng
from hpo_gym.commands.checks import plain_errors, require_count
from hpo_gym.files import write_atomic
from hpo_gym.sobol import space_filling
from scripts.anyspace.spaces.tasks import ModelTask, model_tasks

FILE = Path(__file__).with_name("reference.json")


@dataclass(frozen=True)
class Arguments:
    """Command line."""

    filling: int = 256
    """Space-filling configurations of each task."""
    near: int = 64
    """Configurations near the best one, the best so far each time."""


def main() -> None:
    """Evaluate, and write the file."""
    # Before scikit-learn is imported: more threads only slow such small data down.
    os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"))
    arguments = tyro.cli(Arguments, description=__doc__)
    with plain_errors():
        require_count("--filling", arguments.filling, 3)
        require_count("--near", arguments.near, 0)
        table = {}
        for task in model_tasks():
            table[task.name] = referred(task, arguments.filling, arguments.near)
            print(f"{task.name}: {table[task.name]}", file=sys.stderr, flush=True)
        write_atomic(FILE, json.dumps(table, indent=1) + "\n")


def referred(task: ModelTask, filling: int, near: int) -> dict[str, Any]:
    """The entry of a task."""
    key, xp = rng.text_key(f"reference/{task.name}"), np.random.default_rng(0)
    points = space_filling(task.space, key, 0, filling)
    scores = [task.score(task.space.configuration(point)) for point in points]
    for _ in range(near):
        best = task.space.unit(_best(task)[0])
        steps = xp.standard_normal(len(best)) * 10.0 ** xp.uniform(-2.0, 0.0)
        task.score(task.space.configuration(np.clip(best + steps, -1.0, 1.0)))
    configuration, score = _best(task)
    return {
        "best": score,
        "median": round(float(np.nanmedian(scores)), 9),
        "evaluated": len(task.known),
        "configuration": configuration,
    }


def _best(task: ModelTask) -> tuple[dict[str, Any], float]:
    key = max(task.known, key=lambda key: np.nan_to_num(task.known[key], nan=-np.inf))
    return json.loads(key), task.known[key]


@cache
def reference() -> dict[str, dict[str, Any]]:
    """The file's entries, by the names of the tasks."""
    return dict(json.loads(FILE.read_text(encoding="utf-8")))


if __name__ == "__main__":
    main()
