"""The options of a reset, and the tasks of those that name none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from hpo_gym import rng
from hpo_gym.arrays import Column
from hpo_gym.families import Family, KnownOptimum
from hpo_gym.tasks.columns import Tasks, merge_tasks
from hpo_gym.tasks.options import TaskOptions, naming


class Episode(NamedTuple):
    """What ``reset(options=...)`` asks for, checked: None for the constructor's.

    Where the rows ask for different things, a list of these takes its place, one per row.
    """

    start: tuple[float, ...] | None = None
    tasks: Tasks | None = None


Episodes: TypeAlias = Episode | Sequence[Episode]
"""One for all rows, or one for each."""


class TaskReader:
    """Reads what ``reset(options=...)`` asks for, and draws tasks where it asks for none.

    Args:
        family: The family.
        options: The environment's options.

    Attributes:
        known: Keys that a reset may have.
    """

    known: ClassVar[tuple[str, ...]] = ("model", "task")

    def __init__(self, family: Family, options: TaskOptions) -> None:
        self._family, self._options = family, options
        self._only = 0 if family.sizes[options.split] == 1 else options.only_task
        self._order = np.array(options.task if self._only is None and options.task else [])

    def read(self, options: Mapping[str, Any] | None, rows: NDArray[Any] | None) -> Episodes:
        """Check the options of a reset.

        Args:
            options: Values of `known` keys, or nothing; of N rows also ``rows`` alone, a list of N
                such dicts.
            rows: (N,) bool, the rows that are reset; None for one row.

        Raises:
            ValueError: A key is unknown, or a value is not valid.
        """
        if not options:
            return Episode()
        if rows is not None and "rows" in options:
            return self._read_each(options, rows)
        return self._read_one(options, rows)

    def _read_one(self, options: Mapping[str, Any], rows: NDArray[Any] | None) -> Episode:
        """What all rows ask for."""
        known = [*self.known] if rows is None else [*self.known, "rows"]
        unknown = sorted(set(map(str, options)) - set(known))
        if unknown:
            raise ValueError(f"unknown reset options {unknown}; known: {known}")
        tasks = self._read_tasks(options.get("model"), options.get("task"), rows)
        return Episode(self._read_start(options.get("start")), tasks)

    def _read_start(self, start: Any) -> tuple[float, ...] | None:
        """The start of an episode, where a process has one."""
        return None

    def tasks(self, index: Column) -> Tasks:
        """The tasks with these indices in the option's split."""
        family, options = self._family, self._options
        if isinstance(family, KnownOptimum):
            return Tasks(index, *family.tasks(options.split, index, options.metric))
        return Tasks(index, family.sample(options.split, index), np.nan)

    def begin(self, key: Column, turn: Column, episodes: Episodes) -> Tasks:
        """The tasks of episodes: those that a reset gave, else those of the option task."""
        if isinstance(episodes, Episode):
            return episodes.tasks or self._next(key, turn)
        tasks = self._next(key, turn)
        for row, episode in enumerate(episodes):
            if episode.tasks is not None:
                here = np.array([row])
                tasks = merge_tasks(tasks, episode.tasks, here, len(episodes), self._family)
        return tasks

    def _next(self, key: Column, turn: Column) -> Tasks:
        """The tasks of the option: the only one, or the next in order, or drawn."""
        if self._only is not None:
            return self._only_tasks
        if self._order.size:
            index = self._order[turn % self._order.size]
        else:
            (draw,) = rng.uniforms(rng.derive(key, rng.TASK), 1)
            index = draw * self._family.sizes[self._options.split]
        return self.tasks(index.astype(np.int64) if isinstance(index, np.ndarray) else int(index))

    @cached_property
    def _only_tasks(self) -> Tasks:
        """The only task, the same in every episode."""
        return self.tasks(self._only)

    def _read_each(self, options: Mapping[str, Any], rows: NDArray[Any]) -> list[Episode]:
        """What each row that is reset asks for."""
        each = options["rows"]
        dicts = isinstance(each, list) and all(isinstance(row, Mapping) for row in each)
        if len(options) > 1 or not dicts or len(each) != len(rows):
            raise ValueError(
                f"options['rows'] must be a list of {len(rows)} dicts, one per row, and no option "
                f"beside it: got {options!r}"
            )
        episodes = []
        for row in np.flatnonzero(rows).tolist():
            try:
                episodes.append(self._read_one(each[row], None))
            except ValueError as error:
                raise ValueError(f"options['rows'][{row}]: {error}") from error
        return episodes

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
