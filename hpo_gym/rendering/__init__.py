"""Frames of an episode: a line of text, or a picture (see `hpo_gym.rendering.picture`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from hpo_gym.arrays import Columns
from hpo_gym.tuning.dynamics import Dynamics
from hpo_gym.tuning.state import Tasks

if TYPE_CHECKING:
    from hpo_gym.rendering.picture import Picture

_KEPT_PICTURES = 4
"""Tasks whose pictures are kept ready; each takes some megabytes."""


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

    def evaluated(self, start_evaluated: bool) -> list[Record]:
        """The records that evaluated something: no empty start, no decision to stop."""
        known = -1 if start_evaluated else 0
        kept = []
        for record in self.records:
            if record.info["evaluations"] > known:
                known = record.info["evaluations"]
                kept.append(record)
        return kept

    @property
    def stopped(self) -> bool:
        """The last step chose to stop."""
        counts = [record.info["evaluations"] for record in self.records[-2:]]
        return len(counts) == 2 and counts[0] == counts[1]


class Renderer:
    """Draws trails.

    Args:
        dynamics: The environment's dynamics.
        mode: "ansi", "rgb_array" or None.
        known: The modes that the environment offers.

    Raises:
        ValueError: The mode is unknown.
    """

    def __init__(self, dynamics: Dynamics, mode: str | None, known: list[str]) -> None:
        if mode is not None and mode not in known:
            raise ValueError(f"render_mode = {mode!r} is not one of {[None, *known]}")
        self._dynamics = dynamics
        self._mode = mode
        self._pictures: list[tuple[Tasks, Picture]] = []

    def __getstate__(self) -> dict[str, Any]:
        """Without the pictures, which are drawn anew when they are needed."""
        return {**vars(self), "_pictures": []}

    def frame(self, trail: Trail) -> Any:
        """The frame of an episode.

        Returns:
            A line of text for "ansi", (height, width, 3) uint8 for "rgb_array".

        Raises:
            ImportError: A picture is asked for and matplotlib is not installed.
        """
        if self._mode == "ansi":
            return line(self._dynamics, trail)
        assert trail.tasks is not None  # a trail begins with a task
        return self._picture(trail.tasks).frame(trail)

    def _picture(self, tasks: Tasks) -> Picture:
        """The picture of a task; those used last are kept."""
        # Imported here: an environment needs no matplotlib until it draws.
        from hpo_gym.rendering.picture import Picture

        entry = next((entry for entry in self._pictures if entry[0] == tasks), None)
        if entry is None:
            entry = tasks, Picture(self._dynamics, tasks)
        else:
            self._pictures.remove(entry)
        self._pictures = [*self._pictures, entry][-_KEPT_PICTURES:]
        return entry[1]


def line(dynamics: Dynamics, trail: Trail) -> str:
    """The last step of an episode in one line."""
    record, info = trail.records[-1], trail.records[-1].info
    step = f"step {len(trail.records) - 1}/{dynamics.options.max_evaluations}"
    reward = "" if record.reward is None else f" reward={record.reward:+.6f}"
    if not trail.evaluated(dynamics.layout.start_evaluated):
        return f"{step} | nothing evaluated yet{reward}"
    metric = dynamics.options.metric
    configuration = " ".join(f"{name}={info[name]:.6g}" for name in dynamics.space.names)
    parts = [
        f"{step} stopped" if trail.stopped else step,
        configuration,
        f"{metric}={info[metric]:.6g} best_{metric}={info[f'best_{metric}']:.6g}",
        f"regret={info['regret']:.6g}",
        f"cost={info['cost']:.6g} total_cost={info['total_cost']:.6g}{reward}",
    ]
    return " | ".join(parts)


def headline(dynamics: Dynamics, trail: Trail) -> str:
    """The title of a picture: what `line` says, shorter."""
    info, metric = trail.records[-1].info, dynamics.options.metric
    evaluated = trail.evaluated(dynamics.layout.start_evaluated)
    if not evaluated:
        return "nothing evaluated yet"
    earned = sum(record.reward or 0.0 for record in trail.records)
    count = f"evaluation {info['evaluations']} of {dynamics.options.max_evaluations}"
    configuration = ", ".join(f"{name} {info[name]:.3g}" for name in dynamics.space.names)
    parts = [
        count if info["evaluations"] else "start",
        *([configuration] if dynamics.space.dimension <= 4 else []),
        f"{metric} {info[metric]:.4g} (best {info[f'best_{metric}']:.4g})",
        f"regret {info['regret']:.2%}",
        f"return {earned:.3f}",
    ]
    return "   |   ".join([*parts, *(["stopped"] if trail.stopped else [])])
