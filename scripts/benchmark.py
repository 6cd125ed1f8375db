"""Run tuners on suites of tasks, store every evaluation, and rank them.

    python -m scripts.benchmark --agent mytuner.py:MyTuner

ranks a tuner of your own beside all others, and with --suite mysuites.py:MY_SUITE on tasks of your
own. Results are stored as they come: a run that was interrupted, or that asks for more, computes
only what is missing.
"""

from __future__ import annotations

import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import tyro
from tqdm import tqdm

from hpo_gym.benchmark.results.archive import export_suite, import_suite
from hpo_gym.benchmark.results.store import Store
from hpo_gym.benchmark.running.replay import validate
from hpo_gym.benchmark.running.runner import TunerFailure, missing_jobs, run
from hpo_gym.benchmark.running.shards import Job
from hpo_gym.benchmark.running.tuner_process import TIMEOUT
from hpo_gym.benchmark.suites.suite import Suite
from hpo_gym.commands.checks import plain_errors, require_seconds, require_writable
from hpo_gym.executors.executor import Failure
from hpo_gym.executors.named import CORES, executor_named
from hpo_gym.families.optima import solved_anew
from hpo_gym.tuners.entry import AgentEntry
from scripts.benchmark_agents import PROFILES
from scripts.benchmark_choice import choose_agents, choose_suites, sealed_suites
from scripts.benchmark_results import show_results
from scripts.command_line import Imports, command_of, import_modules


@dataclass(frozen=True)
class Arguments:
    """Command line."""

    profile: Literal["smoke", "quick", "full"] = "quick"
    """How many of the tasks and seeds slow tuners run on, and which suites are run by default."""
    suites: tuple[str, ...] = ()
    """Suites to run; by default those of the profile."""
    suite: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """A suite of your own, to run instead of the profile's: path/to/file.py:SUITE or module:SUITE.
    May be repeated."""
    agents: tuple[str, ...] = ()
    """Registered tuners to run (agents/registry.py); by default those of
    scripts/benchmark_agents.py."""
    agent: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """A tuner of your own: path/to/file.py:Class, module:function or a trained path/to/policy.npz,
    with "NAME=" before it if it is to be called otherwise. May be repeated."""
    files: tuple[Path, ...] = ()
    """Files, or folders of them, that your tuners depend on besides what they import and open in
    Python: what a library in C or another program reads."""
    database: Path = Path("results/benchmark.sqlite")
    """The store of all results."""
    executor: str = f"processes:{CORES}"
    """What runs the tuners: processes:N on this machine, dask://host:port, the workers of a Dask
    cluster, or dask, one that is made here."""
    timeout: float = TIMEOUT
    """Seconds that a tuner has for each of its answers (import, construction, each decision of all
    rows); one that needs longer gets SIGTERM, is killed two seconds later, and has failed."""
    salt: Path | None = None
    """Seal the suites: draw their tasks from keys that are hashed with the text in this file, so
    that nobody has seen them before. A file that does not exist is made, with a fresh secret; keep
    it, for results can be checked with it alone."""
    rerun: tuple[str, ...] = ()
    """Tuners of this run whose stored results are deleted first on all suites, and not imported."""
    show: bool = False
    """Run nothing, and write nothing into the database: show what is stored."""
    validate: bool = False
    """Replay the stored results of these tuners and confirm every number, and show what follows
    from them alone: no cache is used. Where evaluations cannot be repeated, because the family is
    impure, they are only counted."""
    rows: Path | None = None
    """Start from the result files of this folder where the database has less."""
    imports: Imports = ()
    """A module or a file of yours that registers families, agents, suites or rewards. It runs
    beside the tasks: import what you trust. May be repeated."""
    export: Path | None = None
    """Write result files, one per suite and tuner, into this folder; those that hold the same
    results already are left as they are."""
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
        self._executor = executor_named(arguments.executor)
        import_modules(arguments.imports)
        for option, folder in (("--out", arguments.out), ("--export", arguments.export)):
            if folder is not None:
                require_writable(option, folder)
        self._profile = PROFILES[arguments.profile]
        require_seconds("--timeout", arguments.timeout)
        self._suites = choose_suites(arguments.suites, arguments.suite, self._profile.suites)
        self._agents = choose_agents(arguments.agents, arguments.agent, arguments.files)
        names = [agent.name for agent in self._agents]
        unknown = [name for name in arguments.rerun if name not in names]
        if unknown:
            raise ValueError(f"--rerun: {unknown} are not tuners of this run; choose from {names}")
        if arguments.rerun and arguments.show:
            raise ValueError("--rerun deletes results, and --show runs nothing: leave one out")
        folder = arguments.rows
        if folder is not None and not folder.is_dir():
            raise ValueError(f"--rows: there is no folder {str(folder)!r}; name another, or none")
        if arguments.show and folder is None and not arguments.database.exists():
            raise ValueError(
                f"--database: there is no file {str(arguments.database)!r}, and --show runs "
                "nothing: name the database of a run, or a folder of --rows"
            )
        if arguments.salt is not None:  # the last check, for it may write a salt
            chosen = bool(arguments.suites or arguments.suite)
            self._suites = sealed_suites(self._suites, arguments.salt, chosen)

    def run(self) -> bool:
        """Run, confirm, export and show; returns whether anything failed, or there is nothing."""
        arguments = self._arguments
        with self._store() as store:
            for name in arguments.rerun:
                print(f"deleted: results of {name} on {store.delete(name)} suites")
            if arguments.rows is not None:
                self._import(store, arguments.rows)
            failed = False if arguments.show else self._compute(store)
            current = {suite.name: self._current(store, suite) for suite in self._suites}
            if arguments.validate:
                failed |= self._validate(store, current)
            if arguments.export is not None:
                self._export(store, arguments.export)
            command = command_of("scripts.benchmark")
            with solved_anew() if arguments.validate else nullcontext():
                failed |= not show_results(
                    store, self._suites, current, self._profile, arguments.out, command
                )
        return failed

    def _store(self) -> Store:
        """The database; where nothing is run it is only read, and imports go into a copy of it."""
        arguments = self._arguments
        if not arguments.show:
            return Store(arguments.database)
        if arguments.rows is not None:
            return Store.in_memory(arguments.database)
        return Store(arguments.database, read_only=True)

    def _current(self, store: Store, suite: Suite) -> list[AgentEntry]:
        """The tuners whose stored results are theirs; of the others it is told what changed."""
        lines = {agent.name: store.outdated(suite, agent) for agent in self._agents}
        for line in filter(None, lines.values()):
            print(line)
        return [agent for agent in self._agents if lines[agent.name] is None]

    def _import(self, store: Store, folder: Path) -> None:
        wanted = [agent for agent in self._agents if agent.name not in self._arguments.rerun]
        for suite in self._suites:
            outdated = import_suite(store, suite, folder, wanted)
            if outdated:
                print(f"{folder}: {suite.name}: of another version, left out: {outdated}")

    def _export(self, store: Store, folder: Path) -> None:
        for suite in self._suites:
            written = export_suite(store, suite, folder)
            print(f"{folder}: {suite.name}: {len(written)} files written, the others hold the same")

    def _compute(self, store: Store) -> bool:
        """Run what is missing; returns whether anything failed."""
        missing = missing_jobs(store, self._suites, self._agents, self._profile, say=print)
        left = Counter((job.suite.name, job.agent.name) for job in missing)
        begun = time.perf_counter()
        total = sum(len(job.shard.tasks) for job in missing)
        # None: a bar on a terminal, none in a file.
        with tqdm(total=total, unit="episode", disable=None, smoothing=0.0) as bar:

            def report(job: Job, failure: TunerFailure | Failure | None) -> None:
                key = (job.suite.name, job.agent.name)
                left[key] -= 1
                bar.set_description(" ".join(key), refresh=False)
                bar.update(len(job.shard.tasks))
                if failure is not None:
                    seed, tasks = job.shard
                    place = f"{key[1]} on {key[0]}, seed {seed}, tasks from {tasks[0]}"
                    if isinstance(failure, TunerFailure):
                        bar.write(f"failed: {place}")
                    else:
                        bar.write(
                            f"not run, and not the tuner's fault: {place}:\n{failure.message}"
                        )
                elif not left[key]:
                    seconds = time.perf_counter() - begun
                    bar.write(f"{seconds:7.1f} s: {key[1]} on {key[0]}", file=sys.stderr)

            count = run(
                store,
                self._suites,
                self._agents,
                profile=self._profile,
                executor=self._executor,
                timeout=self._arguments.timeout,
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

    def _validate(self, store: Store, current: Mapping[str, Sequence[AgentEntry]]) -> bool:
        """Replay what is stored; returns whether anything is wrong, or nothing is stored."""
        wrong = confirmed = False
        for suite in self._suites:
            names = [agent.name for agent in current[suite.name]]
            for verdict in validate(store, suite, agents=names):
                manner = "bit for bit" if verdict.bitwise else "to 1e-12"
                outcome, confirmed = f"confirmed {manner}", True
                if not verdict.replayed:
                    outcome = "not replayed: the family is impure"
                if verdict.difference is not None:
                    outcome, wrong = f"WRONG: {verdict.difference}", True
                print(f"{suite.name}, {verdict.agent}, {verdict.episodes} episodes: {outcome}")
        if not confirmed:
            names = [suite.name for suite in self._suites]
            print(f"{self._arguments.database}: no results to confirm on {names}", file=sys.stderr)
        return wrong or not confirmed


if __name__ == "__main__":
    main()
