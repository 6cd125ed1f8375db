"""The grid of recorded tables: thresholds, numbers of epochs and learning rates.

What lies between is evaluated at the nearest point of the grid: thresholds on the linear axis,
numbers of epochs and learning rates on the logarithmic one.
"""

from __future__ import annotations

import numpy as np

from hpo_gym.arrays import Columns, Namespace
from hpo_gym.families.classifier import THR, Z

THRS = np.linspace(*THR, 33)
"""Thresholds; multiples of 1 / 32, so that comparing a score with them is exact."""
EPOCHS = np.array([1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 18, 22, 27, 33, 40, 48, 58, 70, 84, 100])
"""Numbers of epochs after which a network was looked at."""
ZS = np.linspace(*Z, 25)
"""Logarithms of the learning rates to base 10."""
SHAPE = (len(ZS), len(EPOCHS), len(THRS))
"""Of a table: learning rates, epochs, thresholds."""

_COUNTS = np.arange(101.0)
NEAREST_EPOCHS = np.abs(
    np.log(np.maximum(_COUNTS, 1.0))[:, None] - np.log(EPOCHS.astype(float))
).argmin(axis=1)
"""(101,) for each number of epochs its place in `EPOCHS`."""
_PLACES = NEAREST_EPOCHS[:, None].astype(float)


def places(scaled: Columns, xp: Namespace) -> Columns:
    """Places of scaled configurations in the grid, as whole floats: of lr, epochs and thr.

    Args:
        scaled: thr, epochs and log10 of the learning rate.
        xp: Array namespace.
    """
    thr, epochs, z = scaled
    lr = xp.rint((z - Z[0]) * ((len(ZS) - 1) / (Z[1] - Z[0])))
    (epoch,) = xp.take(_PLACES, xp.rint(epochs))
    return lr, epoch, xp.rint(thr * (len(THRS) - 1.0))


def points() -> Columns:
    """All points of the grid as scaled configurations, each (cells,), thresholds fastest.

    The epochs are the cheapest ones that are evaluated there.
    """
    cheapest = np.searchsorted(NEAREST_EPOCHS[1:], np.arange(len(EPOCHS))) + 1.0
    z, epochs, thr = np.meshgrid(ZS, cheapest, THRS, indexing="ij")
    return thr.ravel(), epochs.ravel(), z.ravel()


def weights() -> np.ndarray:
    """Shares of the search space that are evaluated at the points of `points`, (cells,)."""
    lr, thr = (np.ones(size) for size in (len(ZS), len(THRS)))
    lr[[0, -1]] = thr[[0, -1]] = 0.5
    # A whole number of epochs has the share 1 / 99 of its axis, but the first and last half of it.
    count = np.ones(100)
    count[[0, -1]] = 0.5
    epochs = np.bincount(NEAREST_EPOCHS[1:], count)
    cells = lr[:, None, None] * epochs[:, None] * thr
    return np.asarray((cells / cells.sum()).ravel())
