"""How actions are read: one row's, or those of many rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium import spaces

from hpo_gym.arrays import Columns


class ActionReader:
    """An action space, `Box(-1, 1, (size,))` or `Discrete(size)`, and how its actions are read.

    Components of a Box that are out of range are clipped; NaN, wrong shapes and discrete actions
    that do not exist raise.

    Args:
        size: Number of components, or of discrete actions.
        discrete: Whether it is a Discrete.
        mode: What errors call the space: the options that make it.
    """

    def __init__(self, size: int, *, discrete: bool, mode: str) -> None:
        self.size, self.discrete, self._mode = size, discrete, mode
        self._shape = () if discrete else (size,)
        self._kinds = "iu" if discrete else "iuf"

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

    def _message(self, action: Any, shape: Any = None) -> str:
        wanted = (
            f"whole numbers in [0, {self.size - 1}]"
            if self.discrete
            else f"{self.size} numbers in [-1, 1] without NaN"
        )
        rows = f", as an array of shape {shape}" if shape is not None else ""
        return (
            f"action {action!r} is not valid for {self._mode}: "
            f"give {wanted}{rows}; nothing was evaluated"
        )
