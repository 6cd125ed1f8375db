"""The seam between decision processes and the shells that show them to Gymnasium.

A *process* is a Markov decision process as pure functions on a state, written once for one row
(floats) and for N rows (arrays): see `hpo_gym.arrays` for the namespace ``xp``. A *shell* adds what
Gymnasium asks for: seeds, masks, autoreset, fresh arrays, dicts of infos. It looks into no state.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import gymnasium as gym
from numpy.typing import NDArray

from hpo_gym.arrays import Column, Columns, Namespace


class Process(Protocol):
    """What a shell needs of a process; what a state and an action hold is the process's business.

    A column that all rows share may be one number.
    """

    @property
    def info_types(self) -> Mapping[str, type]:
        """Names and types (float, int or bool) of the info's values, in the order of `info`."""
        ...

    def action_space(self) -> gym.Space[Any]:
        """A fresh action space of one row."""
        ...

    def observation_space(self) -> gym.spaces.Box:
        """A fresh observation space of one row: a Box of one dimension, float32."""
        ...

    def read(self, action: Any) -> Any:
        """Check one row's action; returns what `step` takes.

        Raises:
            ValueError: The action is not valid.
        """
        ...

    def read_rows(self, actions: Any, rows: int, ignored: NDArray[Any] | None) -> Any:
        """Check the actions of N rows; returns what `step` takes.

        Args:
            actions: What the user gave.
            rows: The number of rows N.
            ignored: (N,) bool, rows that begin their next episode instead: their action is not
                looked at, and what `step` makes of them is thrown away. None: no row.

        Raises:
            ValueError: An action is not valid; the message names the row.
        """
        ...

    def read_episode(self, options: Mapping[str, Any] | None, rows: NDArray[Any] | None) -> Any:
        """Check the options of a reset; returns what `begin` takes.

        Args:
            options: What the user gave, or None.
            rows: (N,) bool, the rows that are reset; None for one row.

        Raises:
            ValueError: An option is not valid.
        """
        ...

    def begin(self, key: Column, turn: Column, episode: Any, xp: Namespace) -> Any:
        """The state at the beginning of episodes.

        Args:
            key: The episodes' keys, an int or (N,) uint64.
            turn: Their places in the order in which all rows take turns since they were seeded,
                an int or (N,) int64.
            episode: What `read_episode` returned.
            xp: Array namespace.
        """
        ...

    def step(self, state: Any, action: Any, xp: Namespace) -> tuple[Any, Column, Column]:
        """The next state, the reward and whether the episode is over; `state` stays as it is.

        Of one row, a float and a bool.
        """
        ...

    def merge(self, old: Any, new: Any, rows: NDArray[Any]) -> Any:
        """The state `old` of N rows with the rows at the indices ``rows`` replaced by `new`'s."""
        ...

    def observation(self, state: Any, xp: Namespace) -> Sequence[Columns]:
        """Groups of columns that make up the observation, in order."""
        ...

    def info(self, state: Any, xp: Namespace) -> Columns:
        """The values of the info, in the order of `info_types`."""
        ...

    def close(self) -> None:
        """Release what the process holds; called when an environment is closed."""
        ...


class Record(NamedTuple):
    """What an episode showed at its beginning or after a step."""

    snapshot: Any
    """What a `Renderer` keeps of the state."""
    info: dict[str, Any]
    """The info that the environment returned."""
    reward: float | None
    """None at the beginning."""


class Renderer(Protocol):
    """Draws the episodes of a process."""

    @property
    def modes(self) -> Sequence[str]:
        """The render modes."""
        ...

    def snapshot(self, state: Any, row: int | None) -> Any:
        """What the pictures of a row need to know of a state; None for the state of one row."""
        ...

    def frame(self, records: Sequence[Record], mode: str) -> Any:
        """The frame of an episode so far, whose records begin with its beginning."""
        ...


def shown_infos(process: Process, infos: str | Sequence[str]) -> tuple[str, ...]:
    """The names of the infos that a shell shows, in the process's order.

    Args:
        process: The process.
        infos: "all", "none", or names.

    Raises:
        ValueError: There are no infos of such names.
    """
    known = tuple(process.info_types)
    names: Sequence[str] = known if infos == "all" else () if infos == "none" else infos
    valid = isinstance(names, Sequence) and not isinstance(names, str)
    if not valid or not all(isinstance(name, str) and name in known for name in names):
        raise ValueError(
            f"option infos = {infos!r} is not valid: give 'all', 'none' or a sequence of names "
            f"of {[*known]}"
        )
    return tuple(name for name in known if name in names)


def check_render_mode(mode: str | None, renderer: Renderer | None) -> tuple[str, ...]:
    """The render modes that there are.

    Raises:
        ValueError: The mode is none of them.
    """
    modes = tuple(renderer.modes) if renderer is not None else ()
    if mode is not None and not (isinstance(mode, str) and mode in modes):
        raise ValueError(f"render_mode = {mode!r} is not one of {[None, *modes]}")
    return modes


def read_options(options: Any) -> dict[str, Any]:
    """The options of a reset, as a dict that may be changed.

    Raises:
        ValueError: They are neither a mapping nor None.
    """
    if options is not None and not isinstance(options, Mapping):
        raise ValueError(f"options = {options!r} of a reset must be a dict, or None")
    return dict(options or {})
