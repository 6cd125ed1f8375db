"""Run tuners on suites of tasks, store every evaluation, and rank them.

    python -m scripts.benchmark --agent mytuner.py:MyTuner

ranks a tuner of your own beside all others. Results are stored as they come: a run that was
interrupted, or that asks for more, computes only what is missing.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro
from tqdm import tqdm

from hpo_gym.benchmark.results.archive import export_suite, import_suite
from hpo_gym.benchmark.results.store import Store
from hpo_gym.benchmark.running.entrants import Entrant, read_entrant
from hpo_gym.benchmark.running.replay import validate
from hpo_gym.benchmark.running.runner import Job, missing_jobs, run
from hpo_gym.benchmark.suites.suite import make_suite
from scripts.benchmark_agents import PROFILES, entrants
from scripts.benchmark_results import show_results
from scripts.command_line import command_of, plain_errors, require_count


@dataclass(frozen=True)
class Arguments:
    """Command line."""

    profile: Literal["smoke", "quick", "full"] = "quick"
    """How many of the tasks and seeds slow tuners run on, and which suites are run by default."""
    suites: tuple[str, ...] = ()
    """Suites to run; by default those of the profile."""
    agents: tuple[str, ...] = ()
    """Tuners of scripts/benchmark_agents.py to run; by default all."""
    agent: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """A tuner of your own: path/to/file.py:Class or module:function, with "name=" before it if it
    is to be called otherwise. May be repeated."""
    database: Path = Path("results/benchmark.sqlite")
    """The store of all results."""
    processes: int = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2
    """Number of worker processes, of one thread each."""
    rerun: tuple[str, ...] = ()
    """Tuners of this run whose stored results are deleted first on all suites, and not imported."""
    show: bool = False
    """Run nothing: show what is stored."""
    validate: bool = False
    """Replay all stored results and confirm every number."""
    from_folder: Annotated[Path | None, tyro.conf.arg(name="import")] = None
    """Start from the result files of this folder where the database has less."""
    export: Path | None = None
    """Write result files, one a suite, into this folder."""
    out: Path = Path("results/benchmark")
    """Folder of the tables and the report."""


def main() -> None:
    """Run the benchmark."""
    arguments = tyro.cli(Arguments, description=__doc__)
    with plain_errors():
        try:
            failed = Benchmark(arguments).run()
        except sqlite3.Error as error:
            raise OSError(f"{arguments.database}: {error}") from error
    sys.exit(1 if failed else 0)


class Benchmark:
    """A benchmark, checked as far as can be before anything runs.

    Args:
        arguments: The command line.

    Raises:
        ValueError: An argument is not valid.
    """

    def __init__(self, arguments: Arguments) -> None:
        self._arguments = arguments
        require_count("--processes", arguments.processes, 1, 1024)
        profile = PROFILES[arguments.profile]
        double = _repeated(arguments.suites)
        if double:
            raise ValueError(f"--suites: {double} are there twice; name each suite once")
        self._suites = [make_suite(name) for name in arguments.suites or profile.suites]
        self._entrants = _choose(entrants(profile), arguments.agents, arguments.agent)
        names = [entrant.name for entrant in self._entrants]
        unknown = [name for name in arguments.rerun if name not in names]
        if unknown:
            raise ValueError(f"--rerun: {unknown} are no tuners of this run; choose from {names}")
        folder = arguments.from_folder
        if folder is not None and not folder.is_dir():
            raise ValueError(f"--import: there is no folder {str(folder)!r}; name another, or none")
        if arguments.show and folder is None and not arguments.database.exists():
            raise ValueError(
                f"--database: there is no file {str(arguments.database)!r}, and --show runs "
                "nothing: name the database of a run, or a folder to --import"
            )

    def run(self) -> bool:
        """Run, confirm, export and show; returns whether anything failed, or there is nothing."""
        arguments = self._arguments
        with Store(arguments.database) as store:
            for name in arguments.rerun:
                print(f"deleted: results of {name} on {store.delete(name)} suites")
            if arguments.from_folder is not None:
                self._import(store, arguments.from_folder)
            failed = False if arguments.show else self._compute(store)
            if arguments.validate:
                failed |= self._validate(store)
            if arguments.export is not None:
                paths = [export_suite(store, suite, arguments.export) for suite in self._suites]
                for path in filter(None, paths):
                    print(f"written: {path}")
            command = command_of("scripts.benchmark")
            failed |= not show_results(store, self._suites, self._entrants, arguments.out, command)
        return failed

    def _import(self, store: Store, folder: Path) -> None:
        identities = {
            entrant.name: entrant.identity
            for entrant in self._entrants
            if entrant.name not in self._arguments.rerun
        }
        for suite in self._suites:
            outdated = import_suite(store, suite, folder, identities)
            if outdated:
                print(f"{folder}/{suite.name}.npz: of another version, left out: {outdated}")

    def _compute(self, store: Store) -> bool:
        """Run what is missing; returns whether anything failed."""
        missing = missing_jobs(store, self._suites, self._entrants)
        left = Counter((job.suite.name, job.entrant.name) for job in missing)
        begun = time.perf_counter()
        total = sum(len(job.shard.tasks) for job in missing)
        # None: a bar for people, none in a file.
        with tqdm(total=total, unit="episode", disable=None, smoothing=0.0) as bar:

            def report(job: Job, succeeded: bool) -> None:
                key = (job.suite.name, job.entrant.name)
                left[key] -= 1
                bar.set_description(" ".join(key), refresh=False)
                bar.update(len(job.shard.tasks))
                if not succeeded:
                    seed, tasks = job.shard
                    bar.write(f"failed: {key[1]} on {key[0]}, seed {seed}, tasks from {tasks[0]}")
                elif not left[key]:
                    seconds = time.perf_counter() - begun
                    bar.write(f"{seconds:7.1f} s: {key[1]} on {key[0]}", file=sys.stderr)

            count = run(
                *(store, self._suites, self._entrants),
                processes=self._arguments.processes,
                report=report,
            )
        if count:
            self._tell_failures(store)
        return count > 0

    def _tell_failures(self, store: Store) -> None:
        """Print the first message of every tuner that failed."""
        told = set()
        for suite in self._suites:
            for name, messages in store.failures(suite).items():
                if name not in told:
                    told.add(name)
                    print(f"\n{name} failed on {suite.name}:\n{messages[0]}", file=sys.stderr)

    def _validate(self, store: Store) -> bool:
        """Replay what is stored; returns whether something is wrong, or nothing is stored."""
        wrong = confirmed = False
        for suite in self._suites:
            for verdict in validate(store, suite):
                manner = "bit for bit" if verdict.bitwise else "to 1e-12"
                outcome, confirmed = f"confirmed {manner}", True
                if verdict.difference is not None:
                    outcome, wrong = f"WRONG: {verdict.difference}", True
                print(f"{suite.name}, {verdict.agent}, {verdict.episodes} episodes: {outcome}")
        if not confirmed:
            names = [suite.name for suite in self._suites]
            print(f"{self._arguments.database}: no results to confirm on {names}", file=sys.stderr)
        return wrong or not confirmed


def _choose(
    known: Sequence[Entrant], names: Sequence[str], own: Sequence[str]
) -> tuple[Entrant, ...]:
    """The tuners that were asked for; the user's own, of unknown speed, run first.

    All known names are reserved: scores refer to some of them, also where they are not chosen.
    """
    by_name = {entrant.name: entrant for entrant in known}
    unknown = [name for name in names if name not in by_name]
    if unknown:
        raise ValueError(
            f"--agents: unknown agents {unknown}; choose from {list(by_name)}, or give your own "
            "as --agent path/to/file.py:Class"
        )
    chosen = [entrant for entrant in known if not names or entrant.name in names]
    mine = [read_entrant(text) for text in own]
    double = _repeated([*by_name, *(entrant.name for entrant in mine)])
    if double:
        raise ValueError(
            f"--agent: the names {double} are taken; give others, as NAME=path/to/file.py:Class"
        )
    return (*mine, *chosen)


def _repeated(names: Sequence[str]) -> list[str]:
    """Names that are there more than once."""
    return sorted(name for name, count in Counter(names).items() if count > 1)


if __name__ == "__main__":
    main()
