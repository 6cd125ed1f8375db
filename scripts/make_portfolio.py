"""Build the greedy static portfolio of a family, in ``agents/data``.

    python -m scripts.make_portfolio --family binormal

The optima of some training tasks are the candidates, the others judge them; see
`agents.informed.portfolio`. It takes seconds, once the optima of the training tasks are known.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import tyro

from agents.informed.portfolio import FOLDER, file_name, greedy, regret_table
from hpo_gym.commands.checks import plain_errors, require_count
from hpo_gym.families import HashedBank, make_family
from hpo_gym.files import write_atomic
from scripts.command_line import command_of


@dataclass(frozen=True)
class Arguments:
    """Command line."""

    family: Literal["fictitious", "binormal", "rough"] = "fictitious"
    """Family of the tasks."""
    metric: Literal["f1", "accuracy", "loss"] = "f1"
    """Primary metric."""
    size: int = 16
    """Number of configurations."""
    tasks: int = 4096
    """Number of training tasks that judge, the first ones."""
    candidates: int = 4096
    """Number of candidates, the optima of the training tasks after these."""
    folder: Path = FOLDER
    """Where the file goes."""


def run(arguments: Arguments) -> None:
    """Build the portfolio and write it."""
    family = make_family(arguments.family)
    assert isinstance(family, HashedBank)
    tasks, metric, most = arguments.tasks, arguments.metric, family.sizes["train"]
    require_count("--tasks", tasks, 1, most - 1)
    require_count("--candidates", arguments.candidates, 1, most - tasks)
    require_count("--size", arguments.size, 1, arguments.candidates)
    others = np.arange(tasks, tasks + arguments.candidates)
    scaled, _ = family.best("train", others, metric)
    regret = regret_table(family, metric, scaled, tasks)
    chosen = greedy(regret, arguments.size)
    left = np.minimum.accumulate(regret[chosen], axis=0).mean(axis=1, dtype=np.float64)
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


if __name__ == "__main__":
    with plain_errors():
        run(tyro.cli(Arguments, description=__doc__))
