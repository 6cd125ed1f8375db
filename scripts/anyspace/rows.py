"""Runs of tuners on tasks, and the rows that are kept of them: a file of JSON lines per tuner."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from math import inf, isnan
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from hpo_gym import rng
from hpo_gym.families.relative import relative_regret
from scripts.anyspace.tasks import task_of
from scripts.anyspace.tuners import contestant

Key: TypeAlias = tuple[str, int, int, str, int, int]
"""Suite, dimension, task, mark, seed, workers."""


class Run(NamedTuple):
    """A run to be done."""

    suite: str
    dimension: int
    task: int
    mark: str
    seed: int
    workers: int
    budget: int
    tuner: str

    @property
    def key(self) -> Key:
        """All but the budget and the tuner."""
        return self[:6]


@dataclass(frozen=True)
class Row:
    """What a run gave.

    Attributes:
        suite: Name of the suite.
        dimension: Number of unit coordinates of the task.
        task: Its index.
        mark: See `Task.mark`: rows of tasks that have changed since are of no use.
        seed: Seed of tuner and noise, for each task another one.
        workers: Evaluations that ran at a time.
        budget: Number of evaluations.
        regrets: Relative regret of the incumbent after each evaluation: noise-free, of the best
            observed one; that of the score 0 before there is any.
        milliseconds: Time for each suggestion, that of telling the last result included.
    """

    suite: str
    dimension: int
    task: int
    mark: str
    seed: int
    workers: int
    budget: int
    regrets: list[float]
    milliseconds: list[float]

    @property
    def key(self) -> Key:
        """All but the budget and what came out."""
        return self.suite, self.dimension, self.task, self.mark, self.seed, self.workers


def play(run: Run) -> Row:
    """Tune one task.

    Several workers are always busy, and all evaluations take equally long: the oldest ends first.
    """
    task = task_of(run.suite, run.dimension, run.task)
    # Each task has first points of its own, the same for all tuners that draw them: with one seed
    # for all tasks, their regrets would rise and fall together, and intervals by task be too short.
    seed = rng.derive(rng.text_key(f"{run.suite}/{run.dimension}/{run.task}"), run.seed) % 2**32
    tuner = contestant(run.tuner).make(task.space, run.budget, seed)
    best, incumbent = -inf, relative_regret(0.0)
    regrets: list[float] = []
    milliseconds: list[float] = []
    running: list[tuple[int, dict[str, Any]]] = []
    started = time.perf_counter()
    while len(regrets) < run.budget:
        while len(running) < run.workers and len(milliseconds) < run.budget:
            running.append((len(milliseconds), tuner.ask()))
            milliseconds.append(round(1e3 * (time.perf_counter() - started), 2))
            started = time.perf_counter()
        number, configuration = running.pop(0)
        seen = task.evaluate(configuration, number, run.seed)
        if seen.score > best:  # NaN is not
            best, incumbent = seen.score, seen.regret
        regrets.append(float(f"{incumbent:.6g}"))
        started = time.perf_counter()
        if isnan(seen.score):
            tuner.fail(configuration)
        else:
            tuner.tell(configuration, seen.score)
    facts = run._asdict()
    facts.pop("tuner")
    return Row(**facts, regrets=regrets, milliseconds=milliseconds)


class Kept:
    """The rows in a folder; several processes may add to it.

    Args:
        folder: Where the files are.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def _file(self, tuner: str) -> Path:
        version = contestant(tuner).version
        return self._folder / f"{Path(tuner).stem}{'@' if version else ''}{version}.jsonl"

    def add(self, tuner: str, row: Row) -> None:
        """Keep a row."""
        self._folder.mkdir(parents=True, exist_ok=True)
        # On a line of its own, whatever was cut off before.
        line = "\n" + json.dumps(asdict(row), separators=(",", ":"))
        with self._file(tuner).open("a", encoding="utf-8") as file:
            file.write(line)

    def read(self, tuner: str) -> list[Row]:
        """The rows of a tuner; a line that was cut off is left out."""
        if not self._file(tuner).exists():
            return []
        rows = []
        for line in self._file(tuner).read_text(encoding="utf-8").splitlines():
            try:
                rows.append(Row(**json.loads(line)))
            except (ValueError, TypeError):
                continue
        return rows

    def missing(self, runs: Iterable[Run]) -> list[Run]:
        """The runs of which there is no row.

        A tuner that does not plan does the same at the beginning of a longer run: of its budgets
        only the largest one is run.
        """
        done: dict[str, set[tuple[Key, int]]] = {}
        left = []
        runs = list(runs)
        longest = max((run.budget for run in runs), default=0)
        for run in runs:
            plans = contestant(run.tuner).plans
            if not plans and run.budget < longest:
                continue
            if run.tuner not in done:
                rows = self.read(run.tuner)
                done[run.tuner] = {
                    (row.key, budget)
                    for row in rows
                    for budget in ([row.budget] if plans else range(1, row.budget + 1))
                }
            if (run.key, run.budget) not in done[run.tuner]:
                left.append(run)
        return left

    def curves(self, tuner: str, budget: int) -> dict[Key, Row]:
        """Rows that show runs with a budget, by their keys."""
        plans = contestant(tuner).plans
        return {
            row.key: row
            for row in self.read(tuner)
            if row.budget == budget or (not plans and row.budget > budget)
        }
