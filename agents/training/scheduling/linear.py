"""Schedulers whose preference for a run is linear in what the view "rungs" says of its rung.

What a feature is worth is the same at all rungs, but for a part that grows with the rung; a start
has features of its own. So 28 numbers are learned.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from hpo_gym.scheduling.rungs import HEAD, LAST, PER_RUNG, REACHED, TOP, RungEncoder

_GROWING = (REACHED, REACHED + 1, TOP, LAST)
"""Features of a rung whose worth may grow with the rung."""
_NEXT = (REACHED, TOP)
"""Features of the next rung that count too."""


class LinearPreferences:
    """Weights of a policy as linear functions of some numbers.

    Args:
        encoder: The layout of observations.

    Attributes:
        basis: (p, K, size + 1): the weights (and last the bias) of each of K choices are the sum of
            its p matrices, weighted by the numbers.
    """

    def __init__(self, encoder: RungEncoder) -> None:
        self.size = encoder.size
        self.choices = (encoder.size - HEAD) // PER_RUNG
        self.basis = np.stack([*self._of_runs(), *self._of_starts()])

    def _of_runs(self) -> Iterator[NDArray[np.float64]]:
        rungs = range(1, self.choices)
        last = self.choices - 1
        for feature in range(PER_RUNG):
            yield self._matrix({j: (self._place(j, feature), 1.0) for j in rungs})
        for feature in _GROWING:
            yield self._matrix({j: (self._place(j, feature), j / last) for j in rungs})
        for place in (*range(HEAD), self.size):  # the head, then the bias
            yield self._matrix({j: (place, 1.0) for j in rungs})
            yield self._matrix({j: (place, j / last) for j in rungs})
        for feature in _NEXT:
            yield self._matrix({j: (self._place(j + 1, feature), 1.0) for j in rungs})

    def _of_starts(self) -> Iterator[NDArray[np.float64]]:
        first = (self._place(1, feature) for feature in (REACHED + 1, TOP, TOP + 1))
        for place in (*range(HEAD), *first, self.size):
            yield self._matrix({0: (place, 1.0)})

    def _place(self, rung: int, feature: int) -> int:
        return HEAD + PER_RUNG * (rung - 1) + feature

    def _matrix(self, entries: dict[int, tuple[int, float]]) -> NDArray[np.float64]:
        matrix = np.zeros((self.choices, self.size + 1))
        for choice, (place, value) in entries.items():
            matrix[choice, place] = value
        return matrix

    @property
    def first(self) -> NDArray[np.float64]:
        """(p,) numbers to begin with: prefer the best last score, or a start."""
        numbers = np.zeros(len(self.basis))
        numbers[LAST], numbers[TOP], numbers[-1] = 3.0, -1.0, 1.0
        return numbers

    def weights(self, numbers: NDArray[np.float64]) -> NDArray[np.float32]:
        """(..., K, size + 1) weights of policies, from their numbers (..., p)."""
        return np.tensordot(numbers, self.basis, axes=1).astype(np.float32)
