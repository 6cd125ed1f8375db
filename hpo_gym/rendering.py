"""Frames of an episode: text and pictures."""

from __future__ import annotations

from typing import Any, NamedTuple

from hpo_gym.columns import Columns
from hpo_gym.dynamics import Dynamics, Tasks


class Record(NamedTuple):
    """One evaluation of an episode, or its start."""

    unit: Columns
    """Unit configuration, d numbers."""
    info: dict[str, Any]
    """The info that the environment returned."""
    reward: float | None
    """None at the start."""


class Trail(NamedTuple):
    """An episode so far."""

    tasks: Tasks | None
    records: list[Record]


class Renderer:
    """Draws trails.

    Args:
        dynamics: The environment's dynamics.
        mode: "ansi", "rgb_array" or None.
        known: The modes that the environment offers.
    """

    def __init__(self, dynamics: Dynamics, mode: str | None, known: list[str]) -> None:
        if mode is not None and mode not in known:
            raise ValueError(f"render_mode = {mode!r} is not one of {[None, *known]}")
        self._dynamics = dynamics
        self._mode = mode

    def frame(self, trail: Trail) -> Any:
        """The frame of an episode."""
        raise NotImplementedError
