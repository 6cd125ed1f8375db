"""Grid search, sized to the budget."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpo_gym.tuners.agent import Agent, FloatArray
from hpo_gym.tuning.problem import Problem


def grid_counts(budget: int, dimension: int) -> tuple[int, ...]:
    """Points per axis: as equal as possible, as many in all as the budget allows.

    Example:
        >>> grid_counts(20, 3), grid_counts(20, 2)
        ((3, 3, 2), (5, 4))
    """
    side = 1
    while (side + 1) ** dimension <= budget:
        side += 1
    counts = [side] * dimension
    for axis in range(dimension):
        counts[axis] += 1
        if np.prod(counts) > budget:
            counts[axis] -= 1
            break
    return tuple(counts)


def coarse_to_fine(points: FloatArray) -> FloatArray:
    """The same points, (n, d), ordered so that any prefix covers the cube as evenly as it can.

    The most central one comes first, then always the one farthest from all before it.
    """
    order = [int(np.argmin(np.square(points).sum(axis=1)))]
    gaps = np.full(len(points), np.inf)
    while len(order) < len(points):
        gaps = np.minimum(gaps, np.square(points - points[order[-1]]).sum(axis=1))
        gaps[order] = -1.0
        # Equal distances differ in their last bits: rounding leaves ties to the grid's order.
        order.append(int(np.argmax(gaps.round(9))))
    return points[order]


class GridAgent(Agent):
    """Evaluates the centres of equal cells, then waits at the cheapest configuration, or stops.

    Args:
        problem: See `Agent`.
        seed: Seed of the shuffle.
        shuffle: Evaluate the grid in random order instead of coarse to fine.
    """

    name = "grid"
    modes = ("propose",)

    def __init__(self, problem: Problem, *, seed: int = 0, shuffle: bool = False) -> None:
        super().__init__(problem, seed=seed)
        counts = grid_counts(self.encoder.max_evaluations, self.mode.dimension)
        axes = [(2.0 * np.arange(count) + 1.0) / count - 1.0 for count in counts]
        mesh = np.meshgrid(*axes, indexing="ij")
        self.points = coarse_to_fine(np.stack(mesh, axis=-1).reshape(-1, self.mode.dimension))
        if shuffle:
            self.random.shuffle(self.points)
        self._actions = np.vstack((self.box(self.points), self.rest))

    def act(
        self, observations: NDArray[Any], state: Any, starts: NDArray[np.bool_]
    ) -> tuple[NDArray[Any], None]:
        """The next point of the grid, by the number of paid evaluations."""
        index = np.minimum(self.encoder.evaluations(observations), len(self.points))
        return self._actions[index], None
