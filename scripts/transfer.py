"""Compare tuners on recorded tables of real classifiers, whatever they learned from.

    python -m scripts.transfer --split validation

Runs what is missing, keeps it, a file for each tuner, and prints tables of all that is there. The
regret is that of the incumbent, chosen by its observed F1, relative to the best of the table; both
are means over the training seeds. Choose by the split "validation": "test" is for the record.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

import tyro

from hpo_gym.benchmark.results.archive import export_suite, import_suite
from hpo_gym.benchmark.results.records import Records
from hpo_gym.benchmark.results.store import Store
from hpo_gym.benchmark.running.profile import Profile
from hpo_gym.benchmark.running.runner import run
from hpo_gym.benchmark.suites.registry import make_suite
from hpo_gym.benchmark.suites.suite import Suite
from hpo_gym.commands.checks import plain_errors, require_count
from hpo_gym.executors.executor import Executor
from hpo_gym.executors.named import executor_named
from hpo_gym.families import RecordedFamily
from hpo_gym.tuners.entry import SPEEDS, AgentEntry
from scripts.transfer_report import tables
from scripts.transfer_tuners import LEARNED, contestant, usual


@dataclass(frozen=True)
class Arguments:
    """Command line."""

    split: Literal["validation", "test"] = "validation"
    """Which tables."""
    tuners: tuple[str, ...] = ()
    """The tuners; all if none are named. "tpe-5-from-fictitious-3" is "tpe-5" after the first 3
    configurations of that family's portfolio."""
    of: Annotated[str, tyro.conf.arg(metavar="TUNER")] = [*LEARNED][-1]
    """The tuner that is compared with each of the others."""
    seeds: int = 5
    """Runs of each table."""
    slow_seeds: int = 2
    """The same of slow tuners, such as Gaussian processes."""
    executor: str = "processes:1"
    """What runs the tuners: processes:N on this machine, dask://host:port, the workers of a Dask
    cluster, or dask, one that is made here."""
    rows: Path = Path("docs/transfer-rows")
    """Folder where the runs are kept."""
    show: bool = False
    """Run nothing, print only."""


def main() -> None:
    """Run what is missing, and print the tables."""
    arguments = tyro.cli(Arguments, description=__doc__)
    with plain_errors():
        sys.exit(0 if _main(arguments) else 1)


def _main(arguments: Arguments) -> bool:
    """Returns whether there is something to show, and nothing failed."""
    suite = suite_of(arguments.split)
    for name in ("seeds", "slow_seeds"):
        require_count(f"--{name.replace('_', '-')}", getattr(arguments, name), 1, len(suite.seeds))
    executor = executor_named(arguments.executor)
    tuners = [contestant(name) for name in arguments.tuners or usual()]
    knows = {tuner.entry.name: tuner.knows for tuner in tuners}
    found = {
        tuner.entry.name: _records(suite, tuner.entry, arguments, executor) for tuner in tuners
    }
    records = [record for record in found.values() if record is not None]
    if records:
        for table in tables(suite, records, knows, arguments.of):
            print(f"\n{table.title}\n\n{table.markdown()}")
    missing = [name for name, record in found.items() if record is None]
    if missing:
        print(f"\nno runs of {missing}", file=sys.stderr)
    return bool(records) and (arguments.show or not missing)


def suite_of(split: str) -> Suite:
    """The suite "recorded-test", or the same on all tables of another split."""
    suite, tasks = make_suite("recorded-test"), tuple(range(RecordedFamily.sizes[split]))
    return replace(suite, name=f"recorded-{split}", split=split, tasks=tasks)


def _records(
    suite: Suite, entry: AgentEntry, arguments: Arguments, executor: Executor
) -> Records | None:
    """The runs of one tuner; unless only what is there is asked for, all of them, and kept."""
    wanted = (len(suite.tasks), arguments.seeds)
    seeds = {speed: arguments.seeds for speed in SPEEDS} | {"slow": arguments.slow_seeds}
    limits = {speed: {suite.name: (wanted[0], count)} for speed, count in seeds.items()}
    with Store(":memory:") as store:
        for line in import_suite(store, suite, arguments.rows, [entry]):
            print(f"of another version, left out: {line}", file=sys.stderr)
        if not arguments.show:
            run(store, [suite], [entry], profile=Profile(limits=limits), executor=executor)
            for messages in store.failures(suite).values():
                print(f"{entry.name} failed: {messages[0]}", file=sys.stderr)
            for path in export_suite(store, suite, arguments.rows):
                print(f"written: {path}", file=sys.stderr)
        return store.records(suite, entry.name)


if __name__ == "__main__":
    main()
