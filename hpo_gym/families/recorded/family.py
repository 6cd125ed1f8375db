"""The recorded family: what real classifiers did, looked up in tables.

A task is a classifier on a data set: logistic regression or a network of one hidden layer of 8, 32
or 64 rectified units, trained by minibatch SGD (batches of 32), on a binary problem of 60 % of the
cases, and looked at on the other 40 %. A table holds the true and false positives there, and the
loss of the training part, at 25 learning rates, 20 numbers of epochs and 33 thresholds; other
configurations are evaluated at the nearest point of this grid, see
`hpo_gym.families.recorded.grid`. Accuracy is that at the threshold 0.5. Metrics are 0 where they
would be 0 / 0; at the threshold 1 nothing is predicted positive.

Every table was recorded with three training seeds (initial weights, order of the cases). An
evaluation shows the metrics of one of them, drawn; noise-free metrics are the means of the three.

The splits share no data set: see docs/recorded.md, which says how tables were chosen too.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, ClassVar

import numpy as np

from hpo_gym.arrays import Column, Columns, Namespace, Struct, Vectors
from hpo_gym.families.bank import TaskBank
from hpo_gym.families.base import KnownOptimum
from hpo_gym.families.classifier import ClassifierFamily, Metrics
from hpo_gym.families.recorded import grid
from hpo_gym.families.recorded.tables import SEEDS, index, tables

_XP = Vectors()


class RecordedFamily(TaskBank, KnownOptimum, ClassifierFamily):
    """Recorded tables, as the module's text says; noise is that of the training seed."""

    name = "recorded"
    noise = None
    draws = 1
    sizes: ClassVar[dict[str, int]] = {
        split: len(cards) for split, cards in index()["splits"].items()
    }

    def card(self, split: str, task: int) -> dict[str, Any]:
        """What a task is of: its data, its classifier, how hard it is."""
        return dict(index()["splits"][split][task])

    def origin(self, split: str, task: int) -> str:
        """The data that its problem was made of."""
        return str(self.card(split, task)["origin"])

    def check_noise(self, noise: float) -> None:
        """Raise ValueError: the training seeds decide on the noise."""
        raise ValueError(
            f"noise = {noise!r}: family {self.name!r} has the noise of its training seeds and no "
            "other; leave noise at None"
        )

    def sample(self, split: str, task: Column) -> Struct:
        """Place of the tables, and their numbers of positive cases."""
        table, positives = _facts(split)[:, task]
        if np.ndim(task):
            return Struct(table=table, positives=positives)
        return Struct(table=float(table), positives=float(positives))

    def noiseless(self, parameters: Any, scaled: Columns, xp: Namespace) -> Metrics:
        """Means over the training seeds."""
        return _mean(_of_seeds(parameters, scaled, xp))

    def evaluate(
        self, parameters: Any, scaled: Columns, noise: float | None, draws: Columns, xp: Namespace
    ) -> tuple[Metrics, Metrics]:
        """Means over the training seeds, and the metrics of the seed that is drawn."""
        first, *others = metrics = _of_seeds(parameters, scaled, xp)
        seen: Columns = first
        for seed, other in enumerate(others, 1):
            seen = xp.select(draws[0] * SEEDS < seed, seen, other)
        return _mean(metrics), Metrics(*seen)

    def frontier(self, parameters: Any, metric: str) -> tuple[Columns, Any]:
        """The best score at each number of epochs of the grid; see `KnownOptimum.frontier`."""
        points = grid.points()
        score = np.asarray(self.true_score(parameters, points, metric, _XP))
        by_epoch = np.moveaxis(score.reshape(grid.SHAPE), 1, 0).reshape(grid.SHAPE[1], -1)
        best = by_epoch.argmax(axis=1)
        columns = [
            np.moveaxis(column.reshape(grid.SHAPE), 1, 0).reshape(by_epoch.shape)
            for column in points
        ]
        level = np.arange(len(best))
        return tuple(column[level, best] for column in columns), by_epoch[level, best]

    def best(self, split: str, index: Column, metric: str) -> tuple[Any, Column]:
        """Scaled configurations, (d,) or (d, N), and noise-free scores of the tasks' optima."""
        tasks, places = np.unique(np.atleast_1d(index), return_inverse=True)
        found = [_optimum(split, task, metric) for task in tasks.tolist()]
        scaled, score = (np.array(part) for part in zip(*found, strict=True))
        if np.ndim(index):
            return scaled[places].T, score[places]
        return scaled[0], float(score[0])


def _of_seeds(parameters: Any, scaled: Columns, xp: Namespace) -> list[Metrics]:
    """The metrics with each training seed."""
    recorded = tables()
    lr, epoch, thr = grid.places(scaled, xp)
    row = (parameters.table * float(grid.SHAPE[0]) + lr) * float(grid.SHAPE[1]) + epoch
    curves = xp.take(recorded.curves, row)
    counts = xp.take(recorded.counts, row * float(grid.SHAPE[2]) + thr)
    positives, zero = parameters.positives, 0.0 * lr
    metrics = []
    for seed in range(SEEDS):
        true, false = counts[seed] + zero, counts[SEEDS + seed] + zero
        predicted = true + false
        metrics.append(
            Metrics(
                precision=true / xp.maximum(predicted, 1.0),
                recall=true / positives,
                loss=curves[seed] + zero,
                accuracy=curves[SEEDS + seed] + zero,
                f1=2.0 * true / (predicted + positives),
            )
        )
    return metrics


def _mean(metrics: list[Metrics]) -> Metrics:
    first, *others = metrics
    total: Columns = first
    for other in others:
        total = [one + two for one, two in zip(total, other, strict=True)]
    return Metrics(*[column / float(SEEDS) for column in total])


@lru_cache(maxsize=8)
def _facts(split: str) -> Any:
    """(2, n) places of a split's tables among all, and numbers of positive cases."""
    splits = index()["splits"]
    names = list(splits)
    first = sum(len(splits[name]) for name in names[: names.index(split)])
    positives = [float(card["positives"]) for card in splits[split]]
    return np.array([np.arange(first, first + len(positives), dtype=np.float64), positives])


@lru_cache(maxsize=2**12)
def _optimum(split: str, task: int, metric: str) -> tuple[tuple[float, ...], float]:
    family = RecordedFamily()
    return family.optimum(family.sample(split, task), metric)
