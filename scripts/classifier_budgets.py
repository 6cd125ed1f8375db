"""What the tuner for classifiers does with other budgets, and with several workers.

    python -m scripts.classifier_budgets

It tunes recorded tables of the split validation, each several times, and prints the regret of the
incumbent, chosen by its observed F1, relative to the best of the table: interquartile mean and mean
over runs. Workers are always busy, and evaluations take equally long: the oldest ends first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import tyro
from numpy.typing import NDArray

from hpo_gym import Tuner
from hpo_gym.arrays import Floats
from hpo_gym.benchmark.scoring.statistics import iqm
from hpo_gym.classifier_space import SPACE
from hpo_gym.commands.checks import plain_errors, require_count
from hpo_gym.families import RecordedFamily

_FAMILY, _XP = RecordedFamily(), Floats()
_F1 = RecordedFamily.metrics.index("f1")


@dataclass(frozen=True)
class Arguments:
    """Command line."""

    split: Literal["validation", "test"] = "validation"
    """Which tables; "test" is for the record."""
    budgets: tuple[int, ...] = (4, 8, 16, 32, 64)
    """Budgets, with one worker."""
    workers: tuple[int, ...] = (2, 4, 8)
    """Numbers of workers, with 16 evaluations."""
    seeds: int = 5
    """Runs of each table."""
    policy: str = "classifier"
    """Name of the tuner's policy."""


def regrets(task: int, arguments: Arguments, seed: int, budget: int, workers: int) -> list[float]:
    """Regret of the incumbent after every evaluation of one run."""
    parameters = _FAMILY.sample(arguments.split, task)
    _, best = _FAMILY.best(arguments.split, task, "f1")
    random = np.random.default_rng((seed, task, budget, workers))
    tuner = Tuner(SPACE, budget=budget, seed=seed, metric="f1", policy=arguments.policy)
    highest, regret, found = -1.0, 1.0, []
    for number in range(budget):
        while len(tuner.running) < workers and number + len(tuner.running) < budget:
            tuner.ask()
        configuration = tuner.running[0]
        scaled = SPACE.scaled(tuple(SPACE.unit(configuration)), _XP)
        exact, seen = _FAMILY.evaluate(parameters, scaled, None, (random.random(),), _XP)
        tuner.tell(configuration, float(seen[_F1]))
        if seen[_F1] > highest:
            highest, regret = seen[_F1], 1.0 - exact[_F1] / best
        found.append(float(regret))
    return found


def _runs(arguments: Arguments, budget: int, workers: int) -> NDArray[np.float64]:
    """Regrets (evaluations, runs)."""
    runs = [
        regrets(task, arguments, seed, budget, workers)
        for task in range(_FAMILY.sizes[arguments.split])
        for seed in range(arguments.seeds)
    ]
    return np.array(runs).T


def main(arguments: Arguments) -> None:
    """Print the table."""
    for name, counts in (("budgets", arguments.budgets), ("workers", arguments.workers)):
        for count in counts:
            require_count(f"--{name}", count, 4 if name == "budgets" else 1, 1024)
    require_count("--seeds", arguments.seeds, 1, 1000)
    print(f"regret on {arguments.split}, IQM (mean) after so many evaluations")
    print("| budget | workers | 4 | 8 | 16 | 32 | 64 |\n|---|---|---|---|---|---|---|")
    cases = [(budget, 1) for budget in arguments.budgets]
    for budget, workers in cases + [(16, workers) for workers in arguments.workers]:
        regret = _runs(arguments, budget, workers)
        cells = [
            f"{iqm(regret[after - 1]):.4f} ({regret[after - 1].mean():.4f})"
            if after <= budget
            else ""
            for after in (4, 8, 16, 32, 64)
        ]
        print(f"| {budget} | {workers} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    with plain_errors():
        main(tyro.cli(Arguments, description=__doc__))
