"""Choose the settings of the schedulers on recorded-validation.

    python -m scripts.scheduling_choice --schedulers asha

The score of a setting is the mean of log10 of eight regrets: IQM and mean at the quarters of the
worker-epochs; of several samplers, the mean. The best go into `agents.schedulers.registry`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import tyro

from agents.schedulers.registry import settings_of
from hpo_gym.benchmark.scoring.statistics import iqm, mean
from hpo_gym.benchmark.showing.table import Table
from hpo_gym.commands.checks import plain_errors
from scripts.scheduling_runs import QUARTERS, Rows, contestant, played

_RUNGS = {"eta": (2, 3, 4), "least": (1, 2, 4, 16)}
GRIDS: Mapping[str, Mapping[str, Sequence[Any]]] = {
    "bandit": {"slack_factor": (0.02, 0.05, 0.1, 0.2, 0.5), "delay_evaluation": (2, 3, 4)},
    "median": {"delay_evaluation": (1, 2, 3, 4, 5)},
    "truncation": {"truncation_percentage": (20, 50, 65, 80), "delay_evaluation": (2, 3, 5)},
    "optuna-median": {"n_startup_trials": (1, 5), "n_warmup_steps": (0, 2, 4)},
    "syne-tune-median": {"grace_time": (1, 3, 5), "grace_population": (2, 5)},
    "sha": _RUNGS,
    "asha": _RUNGS,
    # With least = 1 its first bracket has all the runs: that would be successive halving.
    "hyperband": {**_RUNGS, "least": (2, 4, 16)},
}
"""Values that are tried, each with each. Delays are numbers of reports: 3 is at 4 epochs."""


@dataclass(frozen=True)
class Arguments:
    """Command line."""

    schedulers: tuple[str, ...] = tuple(GRIDS)
    """Whose settings."""
    samplers: tuple[str, ...] = ("random", "sobol")
    """The samplers that they are tried with."""
    seeds: int = 3
    """Runs of each table."""


def main() -> None:
    """Try all settings, and print them, the best first."""
    arguments = tyro.cli(Arguments, description=__doc__)
    with plain_errors():
        for name in arguments.schedulers:
            table = _table(name, arguments)
            print(f"\n{table.title}\n\n{table.markdown()}", flush=True)


def _table(scheduler: str, arguments: Arguments) -> Table:
    if scheduler not in GRIDS:
        raise ValueError(f"scheduler {scheduler!r} must be one of {[*GRIDS]}")
    found = []
    for settings in _each(GRIDS[scheduler]):
        scores = []
        for sampler in arguments.samplers:
            agent = contestant(f"{sampler}+{scheduler}")
            rows = played(agent, "validation", "budget", arguments.seeds, **settings)
            scores.append(score(rows))
        found.append((float(np.mean(scores)), settings, scores))
    found.sort(key=lambda one: one[0])
    chosen = {frozenset(settings_of(s, scheduler).items()) for s in arguments.samplers}
    lines = [
        [
            ", ".join(f"{name} {value}" for name, value in settings.items()),
            *[f"{value:.3f}" for value in (*scores, average)],
            "chosen" if {frozenset(settings.items())} == chosen else "",
        ]
        for average, settings, scores in found
    ]
    return Table(scheduler, ["settings", *arguments.samplers, "mean", ""], lines)


def _each(grid: Mapping[str, Sequence[Any]]) -> Iterator[dict[str, Any]]:
    for values in product(*grid.values()):
        yield dict(zip(grid, values, strict=True))


def score(rows: Rows) -> float:
    """Mean of log10 of IQM and mean of the regret at the quarters of the worker-epochs."""
    regret = rows.by_epochs[..., list(QUARTERS)].astype(np.float64)
    columns = np.moveaxis(regret, -1, 0).reshape(len(QUARTERS), -1)
    return float(np.mean(np.log10([iqm(columns), mean(columns)])))


if __name__ == "__main__":
    main()
