"""Storage of a vector environment: the state of N rows, and the arrays that a call returns."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpo_gym.columns import ArrayMath
from hpo_gym.dynamics import Dynamics, State, Tasks
from hpo_gym.families import Family

_MATH = ArrayMath()


class Rows:
    """The state of N rows as arrays that stay where they are (structure of arrays).

    Args:
        state: A state of N rows, which is copied.
        family: The family, which knows how to give each row its own parameters.
    """

    def __init__(self, state: State, family: Family) -> None:
        self._family = family
        self.count = len(state.key)
        # One task for all is kept shared: its equations are then evaluated faster.
        self.tasks = state.tasks
        self._columns = tuple(
            tuple(np.array(column) for column in field)
            if isinstance(field, tuple)
            else np.array(field)
            for field in state[1:]
        )

    def view(self, where: slice) -> State:
        """The state of a range of rows; valid until the next `write`."""
        return State(
            _slice_tasks(self.tasks, where),
            *[
                tuple([column[where] for column in field])
                if isinstance(field, tuple)
                else field[where]
                for field in self._columns
            ],
        )

    def begin(self, where: Any, state: State) -> None:
        """Overwrite the rows at a slice or an index array, their tasks included."""
        self.tasks = self._merge_tasks(where, state.tasks)
        self.write(where, state)

    def write(self, where: Any, state: State) -> None:
        """Overwrite the rows at a slice or an index array, whose tasks go on."""
        for mine, new in zip(self._columns, state[1:], strict=True):
            if isinstance(mine, tuple):
                for column, values in zip(mine, new, strict=True):
                    column[where] = values
            else:
                mine[where] = new

    def _merge_tasks(self, where: Any, new: Tasks) -> Tasks:
        old = self.tasks
        index = np.array(old.index)
        index[where] = new.index
        if old.parameters is new.parameters:
            return old._replace(index=index)
        parameters = self._own(old.parameters, self.count)
        subset = self._own(new.parameters, len(index[where]))
        for name, column in vars(parameters).items():
            column[where] = getattr(subset, name)
        best_possible = np.array(np.broadcast_to(old.best_possible, self.count))
        best_possible[where] = new.best_possible
        return Tasks(index, parameters, best_possible)

    def _own(self, parameters: Any, count: int) -> Any:
        if isinstance(parameters, SimpleNamespace):
            return parameters
        return self._family.expand(parameters, count)


def _slice_tasks(tasks: Tasks, where: slice) -> Tasks:
    index, parameters, best_possible = tasks
    if isinstance(parameters, SimpleNamespace):
        parameters = SimpleNamespace(
            **{name: column[where] for name, column in vars(parameters).items()}
        )
        best_possible = best_possible[where]
    return Tasks(index[where], parameters, best_possible)


def task_of_row(tasks: Tasks, row: int) -> Tasks:
    """The task of one row, as a state of one row holds it."""
    index, parameters, best_possible = _slice_tasks(tasks, slice(row, row + 1))
    if isinstance(parameters, SimpleNamespace):
        parameters = SimpleNamespace(
            **{name: float(column[0]) for name, column in vars(parameters).items()}
        )
        best_possible = best_possible[0]
    return Tasks(int(index[0]), parameters, float(best_possible))


class Outputs:
    """Everything that one call of a vector environment returns, carved out of one fresh block.

    One large block instead of thirty arrays spares the allocator (and the kernel) most of the
    work; no two calls share memory.

    Args:
        dynamics: The environment's dynamics.
        count: Number of rows N.
    """

    def __init__(self, dynamics: Dynamics, count: int) -> None:
        self._dynamics = dynamics
        types = dynamics.info_types
        size, words = dynamics.layout.size, 1 + len(types)
        block = np.empty(count * (8 * words + 4 * size + 2 + words), dtype=np.uint8)
        wide = block[: 8 * words * count].view(np.float64).reshape(words, count)
        rest = block[8 * words * count :]
        self.observations = rest[: 4 * size * count].view(np.float32).reshape(size, count)
        flags = rest[4 * size * count :].view(np.bool_).reshape(2 + words, count)
        self.rewards: NDArray[np.float64] = wide[0]
        self.terminated, self.truncated, success = flags[:3]
        self.truncated[...] = False
        self._masks = flags[3:]
        self._masks[...] = True
        self.values: dict[str, NDArray[Any]] = {}
        for (name, kind), row in zip(types.items(), wide[1:], strict=True):
            self.values[name] = row.view(np.int64) if kind is int else row
        self.values["is_success"] = success

    def write(self, where: Any, state: State) -> None:
        """Fill in the observations (but for their history) and infos of these rows."""
        columns = self._dynamics.observation(state, _MATH)
        for row, column in zip(self.observations, columns, strict=False):
            row[where] = column
        info = self._dynamics.info(state, _MATH)
        for array, column in zip(self.values.values(), info, strict=True):
            array[where] = column

    def infos(self, mask: NDArray[np.bool_] | None = None) -> dict[str, Any]:
        """The info arrays, each followed by its mask; rows outside ``mask`` are set to 0."""
        if mask is not None:
            self._masks[...] = mask
        infos: dict[str, Any] = {}
        for (name, array), own_mask in zip(self.values.items(), self._masks, strict=True):
            if mask is not None:
                array[~mask] = 0
            infos[name], infos[f"_{name}"] = array, own_mask
        return infos
