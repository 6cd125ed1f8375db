"""Frames of an episode: a line of text, or a picture (see `hpo_gym.rendering.picture`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from hpo_gym.arrays import Columns
from hpo_gym.shells.process import Record
from hpo_gym.tuning.merging import task_of_row
from hpo_gym.tuning.process import TuningProcess
from hpo_gym.tuning.state import State, Tasks

if TYPE_CHECKING:
    from hpo_gym.rendering.picture import Picture

_KEPT_PICTURES = 4
"""Tasks whose pictures are kept ready; each takes some megabytes."""


class Snapshot(NamedTuple):
    """What a picture needs to know of a state."""

    tasks: Tasks
    unit: Columns
    """Unit configuration, d numbers."""


class Trail:
    """An episode so far.

    Args:
        records: What it showed, from its beginning on.
        start_evaluated: Whether its start was evaluated.
    """

    def __init__(self, records: Sequence[Record], start_evaluated: bool) -> None:
        self.records = records
        self._known = -1 if start_evaluated else 0

    @property
    def tasks(self) -> Tasks:
        """The task of the one row."""
        tasks: Tasks = self.records[0].snapshot.tasks
        return tasks

    @property
    def evaluated(self) -> list[Record]:
        """The records that evaluated something: no empty start, no decision to stop."""
        known, kept = self._known, []
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


class TuningRenderer:
    """Draws episodes of a tuning process.

    Args:
        process: The process.
    """

    modes = ("ansi", "rgb_array")

    def __init__(self, process: TuningProcess) -> None:
        self._process = process
        self._pictures: list[tuple[Tasks, Picture]] = []

    def __getstate__(self) -> dict[str, Any]:
        """Without the pictures, which are drawn anew when they are needed."""
        return {**vars(self), "_pictures": []}

    def snapshot(self, state: State, row: int | None) -> Snapshot:
        """What the picture of a row needs to know of a state; None for the state of one row."""
        if row is None:
            return Snapshot(state.tasks, state.unit)
        unit = tuple(float(np.broadcast_to(c, state.key.shape)[row]) for c in state.unit)
        return Snapshot(task_of_row(state.tasks, row), unit)

    def frame(self, records: Sequence[Record], mode: str) -> Any:
        """The frame of an episode.

        Returns:
            A line of text for "ansi", (height, width, 3) uint8 for "rgb_array".

        Raises:
            ImportError: A picture is asked for and matplotlib is not installed.
        """
        trail = Trail(records, self._process.layout.start_evaluated)
        if mode == "ansi":
            return line(self._process, trail)
        return self._picture(trail.tasks).frame(trail)

    def _picture(self, tasks: Tasks) -> Picture:
        """The picture of a task; those used last are kept."""
        # Imported here: an environment needs no matplotlib until it draws.
        from hpo_gym.rendering.picture import Picture

        entry = next((entry for entry in self._pictures if entry[0] == tasks), None)
        if entry is None:
            entry = tasks, Picture(self._process, tasks)
        else:
            self._pictures.remove(entry)
        self._pictures = [*self._pictures, entry][-_KEPT_PICTURES:]
        return entry[1]


def line(process: TuningProcess, trail: Trail) -> str:
    """The last step of an episode in one line."""
    record, info = trail.records[-1], trail.records[-1].info
    step = f"step {len(trail.records) - 1}/{process.options.max_evaluations}"
    reward = "" if record.reward is None else f" reward={record.reward:+.6f}"
    if not trail.evaluated:
        return f"{step} | nothing evaluated yet{reward}"
    metric = process.options.metric
    configuration = " ".join(f"{name}={info[name]:.6g}" for name in process.space.names)
    parts = [
        f"{step} stopped" if trail.stopped else step,
        configuration,
        f"{metric}={info[metric]:.6g} best_{metric}={info[f'best_{metric}']:.6g}",
        f"regret={info['regret']:.6g}",
        f"cost={info['cost']:.6g} total_cost={info['total_cost']:.6g}{reward}",
    ]
    return " | ".join(parts)


def headline(process: TuningProcess, trail: Trail) -> str:
    """The title of a picture: what `line` says, shorter."""
    info, metric = trail.records[-1].info, process.options.metric
    evaluated = trail.evaluated
    if not evaluated:
        return "nothing evaluated yet"
    earned = sum(record.reward or 0.0 for record in trail.records)
    count = f"evaluation {info['evaluations']} of {process.options.max_evaluations}"
    configuration = ", ".join(f"{name} {info[name]:.3g}" for name in process.space.names)
    parts = [
        count if info["evaluations"] else "start",
        *([configuration] if process.space.dimension <= 4 else []),
        f"{metric} {info[metric]:.4g} (best {info[f'best_{metric}']:.4g})",
        f"regret {info['regret']:.2%}",
        f"return {earned:.3f}",
    ]
    return "   |   ".join([*parts, *(["stopped"] if trail.stopped else [])])
