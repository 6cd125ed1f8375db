"""Build the greedy static portfolio of a family, in ``agents/informed/data``.

    python -m scripts.make_portfolio --family binormal

The optima of some training tasks are the candidates, the others judge them; of recorded tables, all
of the training judge, and all points of their grid are candidates. See `agents.informed.portfolio`.
It takes seconds, once the optima of the training tasks are known.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import tyro

from agents.informed.portfolio import FOLDER, file_name, greedy, judge_weights, regret_table
from hpo_gym.commands.checks import plain_errors, require_count
from hpo_gym.families import KnownOptimum, RecordedFamily, TaskBank, make_family
from hpo_gym.families.recorded.grid import points
from hpo_gym.files import write_atomic
from hpo_gym.tuners.agent import FloatArray
from scripts.command_line import command_of


@dataclass(frozen=True)
class Arguments:
    """Command line."""

    family: Literal["fictitious", "binormal", "rough", "recorded"] = "fictitious"
    """Family of the tasks."""
    metric: Literal["f1", "accuracy", "loss"] = "f1"
    """Primary metric."""
    size: int = 16
    """Number of configurations."""
    tasks: int = 4096
    """Number of training tasks that judge, the first ones; recorded tables all do."""
    candidates: int = 4096
    """Number of candidates, the optima of the training tasks after these; of recorded tables all
    points are."""
    folder: Path = FOLDER
    """Where the file goes."""


def run(arguments: Arguments) -> None:
    """Build the portfolio and write it."""
    family = make_family(arguments.family)
    assert isinstance(family, TaskBank) and isinstance(family, KnownOptimum)
    metric = arguments.metric
    scaled, tasks = _candidates(family, arguments)
    require_count("--size", arguments.size, 1, scaled.shape[1])
    regret, weights = regret_table(family, metric, scaled, tasks), judge_weights(family, tasks)
    chosen = greedy(regret, arguments.size, weights)
    left = np.average(np.minimum.accumulate(regret[chosen], axis=0), axis=1, weights=weights)
    units = np.stack(family.space.position(tuple(scaled[:, chosen])), axis=1)
    content = {
        "family": family.describe(),
        "metric": metric,
        "command": command_of("scripts.make_portfolio"),
        "mean_regret": left.round(6).tolist(),
        "unit": units.round(6).tolist(),
    }
    path = arguments.folder / file_name(family, metric)
    write_atomic(path, json.dumps(content, indent=1) + "\n")
    print(f"mean regret on training tasks {left[0]:.4f} (1), {left[-1]:.4f} ({len(left)})")
    print(path)


def _candidates(family: KnownOptimum, arguments: Arguments) -> tuple[FloatArray, int]:
    """Scaled configurations (3, n), and the number of training tasks that judge them."""
    tasks, most = arguments.tasks, family.sizes["train"]
    if isinstance(family, RecordedFamily):
        return np.stack(points()), most
    require_count("--tasks", tasks, 1, most - 1)
    require_count("--candidates", arguments.candidates, 1, most - tasks)
    others = np.arange(tasks, tasks + arguments.candidates)
    return family.best("train", others, arguments.metric)[0], tasks


if __name__ == "__main__":
    with plain_errors():
        run(tyro.cli(Arguments, description=__doc__))
