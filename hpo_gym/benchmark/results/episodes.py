"""`Episodes`: what seeded episodes of an agent gave."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


class Episodes(NamedTuple):
    """One row per episode; T is the budget of evaluations.

    After a stop, curves keep their last value.
    """

    returns: FloatArray
    """(n,) sums of rewards."""
    start_scores: FloatArray
    """(n,) noise-free scores of the starts, 0 where nothing is known at the start."""
    regret: FloatArray
    """(n, T + 1) noise-free regret of the incumbent after 0..T evaluations."""
    cost: FloatArray
    """(n, T + 1) cost paid for them."""
