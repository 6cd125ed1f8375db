"""Static tuners that know the training tasks: the best configuration, and the best list of them.

A portfolio is built greedily. Its first configuration has the lowest mean regret over training
tasks, and each of the others is the one that lowers the mean regret of the best so far the most.
The regret is noise-free and normalised by each task's best possible score; it is 1 before the
first. What a list of any length gains is at least 1 - 1/e of what the best list of that length
would, because the gain is submodular (Nemhauser, Wolsey and Fisher, 1978).

Candidates are the optima of other training tasks than those that judge them; where these are few,
as recorded tables are, all points of the tables' grid. Tasks of one origin, such as the classifiers
on one data set, count together as much as those of another one. The portfolios of the shipped
families are in ``agents/informed/data``; ``python -m scripts.make_portfolio`` makes them.
"""

from __future__ import annotations

import json
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpo_gym.arrays import Vectors
from hpo_gym.families import Family, KnownOptimum, TaskBank, make_family
from hpo_gym.tuners.agent import Agent, FloatArray
from hpo_gym.tuning.problem import Problem

from ..searches.optuna_search import OptunaAgent

FOLDER = Path(__file__).parent / "data"
"""Where the portfolios stand."""

_XP = Vectors()


def regret_table(
    family: KnownOptimum, metric: str, scaled: FloatArray, tasks: int
) -> NDArray[np.float32]:
    """Noise-free normalised regret of configurations on the first training tasks.

    Args:
        family: The family.
        metric: The primary metric.
        scaled: Scaled configurations, (d, c).
        tasks: Number of tasks n.

    Returns:
        (c, n) float32: memory is what limits the size of the table.
    """
    parameters, best = family.tasks("train", np.arange(tasks), metric)
    table = np.empty((scaled.shape[1], tasks), dtype=np.float32)
    for regret, configuration in zip(table, scaled.T, strict=True):
        columns = tuple(np.full(tasks, value) for value in configuration)
        regret[:] = 1.0 - family.true_score(parameters, columns, metric, _XP) / best
    return table


def judge_weights(family: TaskBank, tasks: int) -> FloatArray:
    """How much each of the first training tasks counts, (tasks,): origins alike, in sum 1."""
    origins = [family.origin("train", task) for task in range(tasks)]
    counts = Counter(origins)
    return np.array([1.0 / (len(counts) * counts[origin]) for origin in origins])


def greedy(regret: NDArray[Any], size: int, weights: FloatArray | None = None) -> list[int]:
    """Rows of a table, each the one that lowers the mean of the columns' minima the most.

    Args:
        regret: Regrets (candidates, tasks); of equally good candidates the first is taken.
        size: Number of rows.
        weights: How much each column counts; None for all alike.

    Example:
        >>> greedy(np.array([[0.4, 0.4, 0.4], [0.1, 0.9, 0.9], [0.9, 0.0, 0.5]]), 2)
        [0, 2]
    """
    best = np.full(regret.shape[1], np.inf, dtype=regret.dtype)
    chosen: list[int] = []
    for _ in range(size):
        means = np.average(np.minimum(regret, best), axis=1, weights=weights)
        chosen.append(int(np.argmin(means)))
        best = np.minimum(best, regret[chosen[-1]])
    return chosen


@lru_cache(maxsize=16)
def _read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def file_name(family: Family, metric: str) -> str:
    """``portfolio-FAMILY.json`` for F1, ``portfolio-FAMILY-METRIC.json`` for other metrics."""
    suffix = "" if metric == "f1" else f"-{metric}"
    return f"portfolio-{family.name}{suffix}.json"


def known_family(family: Family | str, problem: Problem) -> Family:
    """The family that a tuner knows: that of the problems, or another one like it.

    Args:
        family: The family, or its name.
        problem: The problems that are to be tuned.

    Raises:
        ValueError: There is no such family, or it has another search space or other metrics.
    """
    known = make_family(family)
    if known.space != problem.space or known.metrics != problem.metrics:
        raise ValueError(
            f"family = {known.name!r} has the space {known.space} and the metrics {known.metrics}, "
            f"the problem has {problem.space} and {problem.metrics}: name one that has the same"
        )
    return known


def read_portfolio(family: Family, metric: str) -> FloatArray:
    """The unit configurations (16, d) of the portfolio of a family for a metric.

    Raises:
        ValueError: There is none for this family, in this version and for this metric.
    """
    path = FOLDER / file_name(family, metric)
    known = _read(path) if path.exists() else {}
    if (known.get("family"), known.get("metric")) != (family.describe(), metric):
        raise ValueError(
            f"there is no portfolio for the family {family.describe()} with metric={metric!r}; "
            f"known: {sorted(p.stem.removeprefix('portfolio-') for p in FOLDER.glob('*.json'))}; "
            f"for a known family python -m scripts.make_portfolio --metric {metric} makes one"
        )
    return np.array(known["unit"])


class PortfolioAgent(Agent):
    """Evaluates the first configurations of the greedy portfolio in turn, then repeats the last.

    Args:
        problem: See `Agent`.
        family: The family, whose portfolio it is, or its name.
        seed: Not used: there is nothing random.
        size: Number of configurations; None for all. 1 is the best static configuration.

    Raises:
        ValueError: There is no portfolio for the family, or not of this size.
    """

    name = "portfolio"
    modes = ("propose",)

    def __init__(
        self, problem: Problem, *, family: Family | str, seed: int = 0, size: int | None = None
    ) -> None:
        super().__init__(problem, seed=seed)
        units = read_portfolio(known_family(family, problem), problem.metric)
        self._actions = self.box(units[: _length(size, units)])

    def act(
        self, observations: NDArray[Any], state: Any, starts: NDArray[np.bool_]
    ) -> tuple[NDArray[Any], None]:
        """The next of the list, by the number of paid evaluations."""
        index = np.minimum(self.encoder.evaluations(observations), len(self._actions) - 1)
        return self._actions[index], None


def portfolio_gp(
    problem: Problem, *, family: Family | str, seed: int = 0, size: int = 4
) -> OptunaAgent:
    """Optuna's Gaussian process, started with the first configurations of the portfolio.

    Args:
        problem: See `Agent`.
        family: The family, whose portfolio it is, or its name.
        seed: Seed of the sampler.
        size: Number of configurations to start with.

    Raises:
        ValueError: There is no portfolio for the family, or not of this size.
        ImportError: Optuna, or what the sampler needs, is not installed.
    """
    units = read_portfolio(known_family(family, problem), problem.metric)
    initial = units[: _length(size, units)]
    return OptunaAgent(
        problem, seed=seed, sampler="gp", startup_trials=len(initial), initial=initial
    )


def _length(size: int | None, units: FloatArray) -> int:
    """The number of configurations that was asked for."""
    if size is None:
        return len(units)
    if not 1 <= size <= len(units):
        raise ValueError(f"size = {size!r} must be a whole number in [1, {len(units)}], or None")
    return size
