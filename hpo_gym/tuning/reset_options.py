"""The options of a reset: which task, which start."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpo_gym import rng
from hpo_gym.arrays import Column, Columns, Namespace
from hpo_gym.families import Family, KnownOptimum
from hpo_gym.tuning.options import Options, naming
from hpo_gym.tuning.state import Episode, Tasks

_KNOWN = ["start", "model", "task"]


class EpisodeReader:
    """Reads what ``reset(options=...)`` asks for, and draws tasks where it asks for none.

    Args:
        family: The family.
        options: The environment's options.
    """

    def __init__(self, family: Family, options: Options) -> None:
        self._family, self._options = family, options
        self._start: tuple[float, ...] | None = None
        if not isinstance(options.start, str):
            self._start = family.space.unit(options.start)

    def read(self, options: Mapping[str, Any] | None, rows: NDArray[Any] | None) -> Episode:
        """Check the options of a reset.

        Args:
            options: ``start``, ``model`` and ``task``, or nothing.
            rows: (N,) bool, the rows that are reset; None for one row.

        Raises:
            ValueError: A key is unknown, or a start, model or task is not valid.
        """
        if not options:
            return Episode()
        unknown = sorted(set(map(str, options)) - set(_KNOWN))
        if unknown:
            raise ValueError(f"unknown reset options {unknown}; known: {_KNOWN}")
        start = options.get("start")
        if start is not None:
            if self._options.start == "none":
                raise ValueError(
                    f"options['start'] = {start!r} needs an environment that evaluates a start; "
                    "this one has start='none'"
                )
            with naming("options['start']", start):
                start = self._family.space.unit(start)
        return Episode(start, self._read_tasks(options.get("model"), options.get("task"), rows))

    def tasks(self, index: Column) -> Tasks:
        """The tasks with these indices in the option's split."""
        family, options = self._family, self._options
        if isinstance(family, KnownOptimum):
            return Tasks(index, *family.tasks(options.split, index, options.metric))
        return Tasks(index, family.sample(options.split, index), np.nan)

    def draw(self, key: Column) -> Tasks:
        """The tasks of episodes with these keys: the one that is fixed, else drawn."""
        size = self._family.sizes[self._options.split]
        if self._options.task is not None or size == 1:
            return self.tasks(self._options.task or 0)
        (draw,) = rng.uniforms(rng.derive(key, rng.TASK), 1)
        index = draw * size
        return self.tasks(index.astype(np.int64) if isinstance(index, np.ndarray) else int(index))

    def start(self, key: Column, episode: Episode, xp: Namespace) -> Columns:
        """The unit configurations from which episodes start: one that is given, else drawn."""
        start = episode.start or self._start
        if start is None:
            draws = rng.uniforms(rng.derive(key, rng.START), self._family.space.dimension)
            return xp.group([2.0 * draw - 1.0 for draw in draws])
        if isinstance(key, np.ndarray):
            return xp.group([np.full(key.shape, coordinate) for coordinate in start])
        return xp.group(start)

    def _read_tasks(self, model: Any, task: Any, rows: NDArray[Any] | None) -> Tasks | None:
        """The tasks that a reset asks for by their constants or by their index."""
        if model is not None and task is not None:
            raise ValueError(
                f"options['model'] = {model!r} and options['task'] = {task!r} both name the task "
                "of the episode: give one of them"
            )
        if model is not None:
            family, best = self._family, np.nan
            with naming("options['model']", model):
                parameters = family.with_model(model)
            if isinstance(family, KnownOptimum):
                best = family.best_score(parameters, self._options.metric)
            return Tasks(-1, parameters, best)
        if task is None:
            return None
        size = self._family.sizes[self._options.split]
        with naming("options['task']", task):
            index = np.asarray(task)
        fits = index.ndim == 0
        if rows is not None and index.shape == rows.shape:
            index, fits = index[rows], True
        if not fits or index.dtype.kind not in "iu" or not ((index >= 0) & (index < size)).all():
            raise ValueError(
                f"options['task'] = {task!r} must be a whole number in [0, {size - 1}], of the "
                f"split {self._options.split!r}; a vector environment also takes an array of one "
                "per row"
            )
        return self.tasks(index.astype(np.int64) if index.ndim else int(index))
