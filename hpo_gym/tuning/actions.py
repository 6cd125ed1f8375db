"""Action modes: from an action to the unit configuration that is evaluated next.

propose   Box(-1, 1, (d,)): an absolute unit configuration.
adjust    Box(-1, 1, (d,)): a move of the last evaluated one, 1 = `adjust_step` of the range.
nudge     Discrete(2d + 1): 0 stays; 2i + 1 and 2i + 2 move coordinate i down and up by a notch.

d counts unit coordinates: one for a number, k for a choice among k. The largest of these k wins,
and the first of equals: where two stand at the wall, only a nudge of the winner down makes way.

With ``stop``, a Box has one more component (> 0 stops) and a Discrete one more action (the last).
Out-of-range components are clipped; NaN, wrong shapes and discrete actions that do not exist
raise. A move that ends outside the cube is clipped per axis.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hpo_gym.arrays import Column, Columns, Namespace
from hpo_gym.tasks.actions import ActionReader
from hpo_gym.tuning.options import Options

NOTCH = 0.1
"""Size of a nudge, as a fraction of the range."""


def clip(value: Column, xp: Namespace) -> Column:
    """Clip a unit coordinate into [-1, 1]."""
    return xp.minimum(xp.maximum(value, -1.0), 1.0)


class ActionMode(ActionReader):
    """The action space of an environment and its meaning.

    Args:
        options: The environment's options.
        dimension: Number of unit coordinates of the search space.
    """

    def __init__(self, options: Options, dimension: int) -> None:
        self.name, self.stop, self.dimension = options.action, options.stop, dimension
        # Unit coordinates span [-1, 1]: twice the fraction of the range.
        self.step = 2.0 * (NOTCH if self.name == "nudge" else options.adjust_step)
        discrete = self.name == "nudge"
        size = (2 * dimension + 1 if discrete else dimension) + self.stop
        mode = f"action={self.name!r}, stop={self.stop}"
        super().__init__(size, discrete=discrete, mode=mode)

    def target(self, unit: Columns, action: Columns, xp: Namespace) -> Columns:
        """The unit configuration that an action evaluates, d columns in [-1, 1].

        Args:
            unit: The last evaluated unit configuration, d columns.
            action: What `read` or `read_rows` returned.
            xp: Array namespace.
        """
        if self.name == "propose":
            return action[: self.dimension] if self.stop else action
        if self.name == "adjust":
            moves = action[: self.dimension]
            return tuple(
                [clip(u + self.step * move, xp) for u, move in zip(unit, moves, strict=True)]
            )
        (choice,) = action
        targets = []
        for i, u in enumerate(unit):
            up = xp.where(choice == 2 * i + 2, self.step, 0.0)
            move = xp.where(choice == 2 * i + 1, -self.step, up)
            targets.append(clip(u + move, xp))
        return tuple(targets)

    def masks(self, unit: Columns) -> NDArray[np.bool_]:
        """Which discrete actions there is a reason to take: all but moves that move nothing.

        Args:
            unit: The last evaluated unit configuration, d columns.

        Returns:
            (size,) for numbers, (N, size) for columns; staying and stopping are always allowed.
        """
        columns = np.stack(unit, axis=-1)
        masks = np.ones((*columns.shape[:-1], self.size), dtype=np.bool_)
        masks[..., 1 : 2 * self.dimension : 2] = columns > -1.0
        masks[..., 2 : 2 * self.dimension + 1 : 2] = columns < 1.0
        return masks

    def stops(self, action: Columns) -> Column:
        """Which rows chose to stop, in a mode that has such an action."""
        return action[0] == self.size - 1 if self.discrete else action[-1] > 0.0
