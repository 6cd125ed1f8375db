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

from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from hpo_gym.arrays import Column, Columns, Namespace
from hpo_gym.tuning.options import Options

NOTCH = 0.1
"""Size of a nudge, as a fraction of the range."""


def clip(value: Column, xp: Namespace) -> Column:
    """Clip a unit coordinate into [-1, 1]."""
    return xp.minimum(xp.maximum(value, -1.0), 1.0)


class ActionMode:
    """The action space of an environment and its meaning.

    Args:
        options: The environment's options.
        dimension: Number of unit coordinates of the search space.
    """

    def __init__(self, options: Options, dimension: int) -> None:
        self.name, self.stop, self.dimension = options.action, options.stop, dimension
        # Unit coordinates span [-1, 1]: twice the fraction of the range.
        self.step = 2.0 * (NOTCH if self.name == "nudge" else options.adjust_step)
        self.discrete = self.name == "nudge"
        self.size = 2 * dimension + 1 if self.discrete else dimension
        self.size += self.stop
        self._shape = () if self.discrete else (self.size,)
        self._kinds = "iu" if self.discrete else "iuf"

    def space(self) -> spaces.Box | spaces.Discrete[Any]:
        """A fresh action space of one row."""
        if self.discrete:
            return spaces.Discrete(self.size)
        bound = np.ones(self.size, dtype=np.float32)
        return spaces.Box(-bound, bound, dtype=np.float32)

    def read(self, action: Any) -> Columns:
        """One row's action as Python numbers.

        Raises:
            ValueError: The action has the wrong shape or kind, or is NaN.
        """
        array = action if type(action) is np.ndarray else self._array(action)
        if array.shape != self._shape or array.dtype.kind not in self._kinds:
            raise ValueError(self._message(action))
        if self.discrete:
            if not 0 <= array < self.size:
                raise ValueError(self._message(action))
            return (int(array),)
        values = []
        for value in array.tolist():
            if value != value:
                raise ValueError(self._message(action))
            values.append(-1.0 if value < -1.0 else 1.0 if value > 1.0 else float(value))
        return tuple(values)

    def read_rows(self, actions: Any, rows: int, ignored: Any = None) -> Columns:
        """Many rows' actions as columns of (rows,).

        Args:
            actions: (rows, size) for a Box, (rows,) integers for a Discrete.
            rows: Number of rows.
            ignored: Mask of rows whose action is not looked at, or None.

        Raises:
            ValueError: The actions have the wrong shape or kind, or one that counts is NaN.
        """
        array = self._array(actions)
        shape = (rows, *self._shape)
        if array.shape != shape or array.dtype.kind not in self._kinds:
            raise ValueError(self._message(actions, shape))
        low, high = (0, self.size - 1) if self.discrete else (-1.0, 1.0)
        if not (array.min() >= low and array.max() <= high):  # False also where one is NaN
            array = self._repair(array, low, high, ignored)
        if self.discrete:
            return (array,)
        return np.array(array.T, dtype=np.float64, order="C")

    def _array(self, action: Any) -> Any:
        try:
            return np.asarray(action)
        # Ragged lists; tensors that need a gradient, lie on a device or have a type of their own.
        except (ValueError, TypeError, RuntimeError) as error:
            raise ValueError(self._message(action)) from error

    def _repair(self, array: Any, low: float, high: float, ignored: Any) -> Any:
        """Clip a Box's actions; raise where an action that counts cannot be clipped."""
        rows = len(array)
        if ignored is not None:
            array = np.where(ignored.reshape(rows, *[1] * len(self._shape)), 0, array)
        wrong = (array < low) | (array > high) if self.discrete else np.isnan(array)
        wrong = wrong.reshape(rows, -1).any(axis=1)
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            raise ValueError(f"row {row}: " + self._message(array[row], (rows, *self._shape)))
        return np.clip(array, low, high)

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

    def _message(self, action: Any, shape: Any = None) -> str:
        wanted = (
            f"whole numbers in [0, {self.size - 1}]"
            if self.discrete
            else f"{self.size} numbers in [-1, 1] without NaN"
        )
        rows = f", as an array of shape {shape}" if shape is not None else ""
        return (
            f"action {action!r} is not valid for action={self.name!r}, stop={self.stop}: "
            f"give {wanted}{rows}; nothing was evaluated"
        )
