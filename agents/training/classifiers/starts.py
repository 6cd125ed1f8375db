"""Lists of configurations that are good on many recorded tables: where the tuner begins.

Lists are greedy, as in `agents.informed.portfolio`; every origin of data counts as much as another.
A list that was made of a table promises more there than it would elsewhere. So in training, tables
see the list that was made of the tables of other origins.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from agents.informed.portfolio import greedy
from hpo_gym.classifier_space import SPACE
from hpo_gym.families.recorded import grid
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
    tables = recorded(_SPLIT)
    kept = np.ones(len(tables.origin), dtype=bool) if fold is None else fold_of_tables() != fold
    f1 = tables.f1.numpy().mean(axis=1).reshape(len(kept), -1)[kept]
    regret = 1.0 - f1 / f1.max(axis=1, keepdims=True)
    chosen = greedy(np.repeat(regret, _repeats(tables.origin[kept]), axis=0).T, STARTS)
    scaled = tuple(column[chosen] for column in grid.points())
    points = 0.5 * (np.stack(SPACE.position(scaled), axis=1) + 1.0)
    return points.astype(np.float32)


def _repeats(origin: NDArray[np.int64]) -> NDArray[np.int64]:
    """How often each table counts, so that origins count alike, or nearly so."""
    counts = np.bincount(origin)[origin]
    return np.maximum(np.rint(12.0 / counts), 1.0).astype(np.int64)
