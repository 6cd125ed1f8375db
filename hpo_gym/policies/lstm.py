"""A long short-term memory in NumPy: what lets a policy remember.

Hochreiter and Schmidhuber, "Long short-term memory" (Neural Computation, 1997), with a forget gate
and without peepholes, as torch's ``nn.LSTM`` of one layer.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.float32]


class Memory:
    """Turns observations and the previous state into features and a new state.

    The state is a pair of hidden values and cells, each (1, N, size) float32, as that of
    sb3-contrib's recurrent policies.

    Args:
        observation_weight: (4 size, observation), gates in torch's order: input, forget, cell,
            output.
        hidden_weight: (4 size, size).
        bias: (4 size,).
    """

    def __init__(
        self, observation_weight: NDArray[Any], hidden_weight: NDArray[Any], bias: NDArray[Any]
    ) -> None:
        self.size: int = hidden_weight.shape[1]
        self._weight = np.concatenate([observation_weight, hidden_weight], axis=1).T.copy()
        self._bias = bias
        # sigmoid(x) = (1 + tanh(x / 2)) / 2 never overflows; three of the four gates are sigmoids.
        self._halves = np.full(4 * self.size, 0.5, dtype=np.float32)
        self._halves[2 * self.size : 3 * self.size] = 1.0

    @property
    def gates(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """The linear layer of the gates: weight (observation + size, 4 size) and bias."""
        return self._weight, self._bias

    def step(
        self, observations: FloatArray, state: Any, episode_start: Any
    ) -> tuple[FloatArray, tuple[FloatArray, FloatArray]]:
        """Features (N, size), and the state after these observations.

        Args:
            observations: (N, observation).
            state: What the last call returned; None at first.
            episode_start: (N,) bool, rows that forget their state first; None for none of them.

        Raises:
            ValueError: The state or the starts are of another number of rows.
        """
        rows = len(observations)
        if state is None:
            hidden = cells = np.zeros((rows, self.size), dtype=np.float32)
        else:
            hidden, cells = (self._rows(part, rows) for part in state)
            if episode_start is not None:
                starts = np.asarray(episode_start, dtype=np.bool_).reshape(-1)
                if len(starts) != rows:
                    raise ValueError(f"episode_start has {len(starts)} rows, the batch has {rows}")
                keep = (~starts)[:, None].astype(np.float32)
                hidden, cells = hidden * keep, cells * keep
        gates = np.concatenate([observations, hidden], axis=1) @ self._weight
        gates += self._bias
        gates *= self._halves
        np.tanh(gates, out=gates)
        take, keep, new, show = np.split(gates, 4, axis=1)
        cells = (0.5 + 0.5 * keep) * cells + (0.5 + 0.5 * take) * new
        hidden = (0.5 + 0.5 * show) * np.tanh(cells)
        return hidden, (hidden[None], cells[None])

    def _rows(self, part: Any, rows: int) -> FloatArray:
        array: FloatArray = np.asarray(part, dtype=np.float32)
        if array.shape != (1, rows, self.size):
            raise ValueError(
                f"the state must be two arrays of the shape {(1, rows, self.size)}, got "
                f"{array.shape}: pass state=None when the batch changes"
            )
        return array.reshape(rows, self.size)
