"""Fit the prior of the rough family to the recorded tables of the split train.

    python -m scripts.recording.fit_rough

A random search: from the best numbers so far, some are moved at random, always for the same keys of
tasks, and kept where the mean distance of `scripts.recording.likeness` from the tables falls. The
best numbers so far are written whenever it does, and how far they are is printed. It takes about
four seconds a try.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tyro

from hpo_gym import rng
from hpo_gym.arrays import Column, Struct
from hpo_gym.commands.checks import plain_errors, require_count
from hpo_gym.families.rough.family import RoughFamily, drawn, read_prior
from hpo_gym.files import write_atomic
from scripts.recording.likeness import FloatArray, distance, likeness, measured_tasks

BOUNDS: Mapping[tuple[Any, ...], tuple[float, float]] = {
    ("binormal",): (0.1, 0.95),
    ("thr", "steepness"): (0.1, 2.0),
    ("thr", "sigma"): (0.1, 1.0),
    ("thr", "shift"): (0.1, 1.5),
    ("warp", "epochs"): (0.1, 1.0),
    ("warp", "lr"): (0.1, 1.0),
    ("length", "epochs", 0): (0.05, 0.5),
    ("length", "epochs", 1): (0.6, 4.0),
    ("length", "lr", 0): (0.05, 0.5),
    ("length", "lr", 1): (0.6, 4.0),
    ("amplitude", "most"): (0.1, 4.0),
    ("amplitude", "power"): (0.5, 3.0),
    ("share", "thr"): (0.1, 2.0),
    ("share", "loss"): (0.1, 1.0),
    ("cases",): (0.3, 30.0),
    ("width",): (0.02, 2.0),
}
"""Numbers of the prior, and where they are searched: all positive, on a logarithmic scale."""


@dataclass(frozen=True)
class Arguments:
    """Command line."""

    tasks: int = 192
    """Tasks that are compared with the tables."""
    tries: int = 160
    """Number of priors."""
    seed: int = 1
    """Of the search and of the tasks."""
    out: Path = Path("results/rough-prior.json")
    """Where the best prior goes."""


class _Candidate(RoughFamily):
    """Tasks of another prior."""

    def __init__(self, prior: Mapping[str, Any], keys: Any) -> None:
        columns = drawn(prior, "train", keys)
        self._tasks = Struct(**{name: columns[name] for name in self.parameter_names})

    def sample(self, split: str, task: Column) -> Struct:
        """One task."""
        return self._tasks.row(int(task))


def measured(prior: Mapping[str, Any], keys: Any) -> FloatArray:
    """(tasks, measures) of the tasks with these keys."""
    family = _Candidate(prior, keys)
    return np.array([likeness(family, "train", task) for task in range(len(keys))])


def moved(prior: Mapping[str, Any], random: np.random.Generator, step: float) -> dict[str, Any]:
    """The prior with some numbers moved."""
    other = deepcopy(dict(prior))
    for path, (low, high) in BOUNDS.items():
        if random.random() < 0.3:
            holder: Any = other
            for name in path[:-1]:
                holder = holder[name]
            value = holder[path[-1]] * np.exp(step * random.standard_normal())
            holder[path[-1]] = round(float(np.clip(value, low, high)), 3)
    return other


def main(arguments: Arguments) -> None:
    """Search, and write the best."""
    require_count("--tasks", arguments.tasks, 8, 4096)
    random = np.random.default_rng(arguments.seed)
    tables = measured_tasks("recorded", "train", 4096)
    index = np.arange(arguments.tasks, dtype=np.uint64)
    keys = rng.derive(rng.text_key(f"fit-rough/{arguments.seed}"), index)
    best, prior = np.inf, read_prior()
    for number in range(arguments.tries):
        other = moved(prior, random, 0.6 * 0.98**number) if number else prior
        apart = distance(tables, measured(other, keys))
        if apart.mean() < best:
            best, prior = float(apart.mean()), other
            numbers = {**prior, "source": f"fitted to recorded-train, distance {best:.3f}"}
            write_atomic(arguments.out, json.dumps(numbers, indent=1) + "\n")
            print(number, f"{best:.3f}", " ".join(f"{value:.2f}" for value in apart), flush=True)


if __name__ == "__main__":
    with plain_errors():
        main(tyro.cli(Arguments, description=__doc__))
