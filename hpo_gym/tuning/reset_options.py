"""The options of a reset of the tuning process: which task, which start."""

from __future__ import annotations

from typing import Any

import numpy as np

from hpo_gym import rng
from hpo_gym.arrays import Column, Columns, Namespace
from hpo_gym.families import Family
from hpo_gym.tasks.options import naming
from hpo_gym.tasks.reset_options import Episode, Episodes, TaskReader
from hpo_gym.tuning.options import Options


class EpisodeReader(TaskReader):
    """Reads tasks and starts, and draws those that a reset does not give.

    Args:
        family: The family.
        options: The environment's options.
    """

    known = ("start", "model", "task")

    def __init__(self, family: Family, options: Options) -> None:
        super().__init__(family, options)
        self._evaluates_start = options.start != "none"
        self._start: tuple[float, ...] | None = None
        if not isinstance(options.start, str):
            self._start = family.space.unit(options.start)

    def _read_start(self, start: Any) -> tuple[float, ...] | None:
        if start is None:
            return None
        if not self._evaluates_start:
            raise ValueError(
                f"options['start'] = {start!r} needs an environment that evaluates a start; "
                "this one has start='none'"
            )
        with naming("options['start']", start):
            return self._family.space.unit(start)

    def start(self, key: Column, episodes: Episodes, xp: Namespace) -> Columns:
        """The unit configurations from which episodes start: one that is given, else drawn."""
        if isinstance(episodes, Episode):
            return self._starts(key, episodes.start or self._start, xp)
        units = np.array(self._starts(key, self._start, xp))
        for row, episode in enumerate(episodes):
            if episode.start is not None:
                units[:, row] = episode.start
        return xp.group(list(units))

    def _starts(self, key: Column, start: tuple[float, ...] | None, xp: Namespace) -> Columns:
        if start is None:
            draws = rng.uniforms(rng.derive(key, rng.START), self._family.space.dimension)
            return xp.group([2.0 * draw - 1.0 for draw in draws])
        if isinstance(key, np.ndarray):
            return xp.group([np.full(key.shape, coordinate) for coordinate in start])
        return xp.group(start)
