"""Compare tuners of any search space on functions that none of them saw.

    python -m scripts.anyspace.evidence --tuners random tpe-5 gp-4 learned --d 2 4 --tasks 24

Runs what is missing, keeps it, and prints tables of all that is there. The regret is relative: 0 is
the best possible, 1 the median of random configurations.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated

import tyro

from hpo_gym.commands.checks import plain_errors, require_count
from scripts.anyspace.report import report
from scripts.anyspace.rows import Kept, Row, Run, play
from scripts.anyspace.tasks import FAMILIES, SUITES, places_of, task_of
from scripts.anyspace.tuners import USUAL, contestant


@dataclass(frozen=True)
class Arguments:
    """Command line."""

    tuners: tuple[str, ...] = USUAL
    """The tuners; "ax" and "smac" need the extra "peers"; the npz file of a policy is one, too."""
    suites: tuple[str, ...] = FAMILIES
    """The suites; "sklearn-spaces" trains models of scikit-learn, and needs the extra "spaces"."""
    d: tuple[int, ...] = (1, 2, 3, 4, 6)
    """Numbers of coordinates of the families' tasks; "classical" has none of one."""
    tasks: int = 24
    """Tasks of each suite and number of coordinates; of "sklearn-spaces" at most so many."""
    seeds: int = 1
    """Runs of each task."""
    budgets: tuple[int, ...] = (8, 16, 32)
    """Numbers of evaluations."""
    workers: tuple[int, ...] = (1,)
    """Evaluations that run at a time."""
    jobs: int = 1
    """Processes."""
    of: Annotated[str, tyro.conf.arg(metavar="TUNER")] = "learned"
    """The tuner that is compared with each of the others."""
    rows: Path = Path("results/anyspace")
    """Folder where the rows are kept."""
    show: bool = False
    """Run nothing, print only."""


def main() -> None:
    """Run what is missing, and print the tables."""
    # Before the workers import NumPy and torch: more threads only slow them down.
    os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"))
    arguments = tyro.cli(Arguments, description=__doc__)
    with plain_errors():
        _check(arguments)
        kept = Kept(arguments.rows)
        runs = list(_runs(arguments))
        if not arguments.show:
            _play_all(kept, kept.missing(runs), arguments.jobs)
        report(kept, runs, arguments.tuners, arguments.of)


def _check(arguments: Arguments) -> None:
    for tuner in (*arguments.tuners, arguments.of):
        contestant(tuner)
    unknown = [suite for suite in arguments.suites if suite not in SUITES]
    if unknown:
        raise ValueError(f"--suites {unknown} must be some of {[*SUITES]}")
    for name, counts in (
        ("--tasks", [arguments.tasks]),
        ("--seeds", [arguments.seeds]),
        ("--budgets", arguments.budgets),
        ("--workers", arguments.workers),
        ("--jobs", [arguments.jobs]),
    ):
        for count in counts:
            require_count(name, count, 1)


def _runs(arguments: Arguments) -> Iterator[Run]:
    """All runs, task by task: what is there after a while is balanced."""
    places = [
        [(suite, *place, task_of(suite, *place).mark) for place in places]
        for suite in arguments.suites
        for places in places_of(suite, arguments.d, arguments.tasks)
    ]
    for tasks in zip_longest(*places):
        for seed in range(arguments.seeds):
            for suite, d, task, mark in filter(None, tasks):
                for workers in arguments.workers:
                    for budget in arguments.budgets:
                        for tuner in arguments.tuners:
                            yield Run(suite, d, task, mark, seed, workers, budget, tuner)


def _play_all(kept: Kept, runs: list[Run], jobs: int) -> None:
    for number, (tuner, row) in enumerate(_played(runs, jobs), 1):
        kept.add(tuner, row)
        if sys.stderr.isatty():
            print(f"\r{number}/{len(runs)} runs", end="", file=sys.stderr, flush=True)
    if runs and sys.stderr.isatty():
        print(file=sys.stderr)


def _played(runs: list[Run], jobs: int) -> Iterator[tuple[str, Row]]:
    if jobs == 1:
        yield from map(_named, runs)
        return
    with get_context("spawn").Pool(jobs) as pool:
        yield from pool.imap_unordered(_named, runs)


def _named(run: Run) -> tuple[str, Row]:
    return run.tuner, play(run)


if __name__ == "__main__":
    main()
