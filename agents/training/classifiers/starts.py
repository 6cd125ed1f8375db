"""Lists of configurations that are good on many recorded tables: where the tuner begins.

Lists are greedy, as in `agents.informed.portfolio`; every origin of data counts as much as another.
A list that was made of a table promises more there than it would elsewhere. So in training, tables
see the list that was made of the tables of other origins.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from agents.informed.portfolio import greedy, judge_weights, regret_table
from hpo_gym.classifier_space import SPACE
from hpo_gym.families.recorded import grid
from hpo_gym.families.recorded.family import RecordedFamily
from hpo_gym.policies.classifier.policy import STARTS

from .tables import recorded

FOLDS = 4
"""Parts of the origins, each of which has a list that was made of the others."""
_SPLIT = "train"


@cache
def fold_of_tables() -> NDArray[np.int64]:
    """(tables,) the part to which the origin of each training table belongs."""
    origin = recorded(_SPLIT).origin
    parts = np.random.default_rng(0).permutation(np.arange(origin.max() + 1) % FOLDS)
    return np.asarray(parts[origin])


@cache
def starts_without(fold: int | None) -> NDArray[np.float32]:
    """A list (STARTS, 3) of points in [0, 1], made of all training tables but those of a part."""
    regret, weights = _judged()
    kept = np.ones(len(weights), dtype=bool) if fold is None else fold_of_tables() != fold
    chosen = greedy(regret[:, kept], STARTS, weights[kept])
    scaled = tuple(column[chosen] for column in grid.points())
    points = 0.5 * (np.stack(SPACE.position(scaled), axis=1) + 1.0)
    return points.astype(np.float32)


@cache
def _judged() -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Regrets (points of the grid, tables) of the training tables, and how much each counts."""
    family, tables = RecordedFamily(), RecordedFamily.sizes[_SPLIT]
    points = np.stack(grid.points())
    return regret_table(family, "f1", points, tables), judge_weights(family, tables)
