"""Compare agents that also decide for how long to train, on recorded tables of real classifiers.

    python -m scripts.scheduling --split validation

Four workers on a virtual clock share 800 worker-epochs: eight whole runs. Runs what is missing,
keeps it, a file for each agent, and prints tables of all that is there: the regret of the incumbent
at quarters of the worker-epochs, and of the time that they take if no worker waits. With
``--setting runs`` all agents have 16 runs, and what stopping saves is what counts. Choose by the
split "validation": "test" is for the record.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from agents.schedulers.registry import names
from hpo_gym.commands.checks import plain_errors, require_count
from scripts.scheduling_report import savings, tables
from scripts.scheduling_runs import Rows, contestant, keep, kept, played


@dataclass(frozen=True)
class Arguments:
    """Command line."""

    split: Literal["validation", "test"] = "validation"
    """Which tables."""
    setting: Literal["budget", "runs"] = "budget"
    """What all agents have alike: 800 worker-epochs, or 16 runs."""
    agents: tuple[str, ...] = ()
    """The agents, such as tpe+asha or classifier+path/to/policy.npz; all if none are named."""
    of: Annotated[str, tyro.conf.arg(metavar="AGENT")] = "tpe+asha"
    """The agent that is compared with each of the others."""
    seeds: int = 5
    """Runs of each table."""
    rows: Path = Path("docs/scheduling-rows")
    """Folder where the runs are kept."""
    show: bool = False
    """Run nothing, print only."""


def main() -> None:
    """Run what is missing, and print the tables."""
    arguments = tyro.cli(Arguments, description=__doc__)
    with plain_errors():
        _main(arguments)


def _main(arguments: Arguments) -> None:
    require_count("--seeds", arguments.seeds, 1, 1000)
    folder = arguments.rows / f"{arguments.split}-{arguments.setting}"
    found: dict[str, Rows] = {}
    for name in arguments.agents or names():
        agent = contestant(name)
        path = folder / agent.file
        rows = kept(path, agent, arguments.setting, arguments.seeds)
        if rows is None and not arguments.show:
            rows = played(agent, arguments.split, arguments.setting, arguments.seeds)
            keep(path, rows)
            print(f"written: {path}", file=sys.stderr)
        if rows is None:
            print(f"no runs of {name}", file=sys.stderr)
        else:
            found[name] = rows
    if arguments.setting == "runs":
        shown = [savings(arguments.split, found)]
    else:
        shown = [*tables(arguments.split, found, arguments.of)]
    for table in shown:
        print(f"\n{table.title}\n\n{table.markdown()}")


if __name__ == "__main__":
    main()
