"""Frames of an episode: a line of text, or a picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from hpo_gym.rendering.trail import Trail, line
from hpo_gym.shells.process import Record
from hpo_gym.tasks.columns import Tasks, task_of_row
from hpo_gym.tuning.process import TuningProcess
from hpo_gym.tuning.state import State

if TYPE_CHECKING:
    from hpo_gym.rendering.picture import Picture

_KEPT_PICTURES = 4
"""Tasks whose pictures are kept ready; each takes some megabytes."""


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

    def snapshot(self, state: State, row: int | None) -> Tasks:
        """The task of a row; None for the state of one row."""
        return state.tasks if row is None else task_of_row(state.tasks, row)

    def frame(self, records: Sequence[Record], mode: str) -> Any:
        """The frame of an episode.

        Returns:
            A line of text for "ansi", (height, width, 3) uint8 for "rgb_array".

        Raises:
            ImportError: A picture is asked for and matplotlib is not installed.
        """
        trail = Trail(records, self._process.encoder.start_evaluated)
        if mode == "ansi":
            return line(self._process, trail)
        return self._picture(records[0].snapshot).frame(trail)

    def _picture(self, tasks: Tasks) -> Picture:
        """The picture of a task; those used last are kept."""
        # Imported here: an environment needs no matplotlib until it draws.
        from hpo_gym.rendering.picture import Picture

        # Not by their best score: where that is unknown, it is NaN.
        entry = next((entry for entry in self._pictures if entry[0][:2] == tasks[:2]), None)
        if entry is None:
            entry = tasks, Picture(self._process, tasks)
        else:
            self._pictures.remove(entry)
        self._pictures = [*self._pictures, entry][-_KEPT_PICTURES:]
        return entry[1]
