"""Compare the wall time of a sweep in executors, each from its start to its end.

    python -m scripts.speed.bench_executors --executors dask:1 dask:2

A job takes the processor for some time, and the ratio is to the first executor.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import tyro

from hpo_gym.commands.checks import plain_errors, require_count, require_seconds
from hpo_gym.executors.executor import Failure
from hpo_gym.executors.named import executor_named
from hpo_gym.references import load


@dataclass(frozen=True)
class Arguments:
    """Command line."""

    executors: tuple[str, ...] = ("processes:1", "processes:2", "dask:1", "dask:2")
    """What to compare: processes:N, dask:N or dask://host:port."""
    jobs: int = 40
    """Number of jobs."""
    seconds: float = 0.2
    """Processor seconds of each."""
    sleep: bool = False
    """Sleep instead, as for an evaluation on another machine."""


def main() -> None:
    """Run every executor once."""
    arguments = tyro.cli(Arguments, description=__doc__)
    with plain_errors():
        require_count("--jobs", arguments.jobs, 1)
        require_seconds("--seconds", arguments.seconds)
        executors = [executor_named(name) for name in arguments.executors]
        # By name: what is defined here would be sought in the main module of another process.
        work = load(f"scripts.speed.bench_executors:{'nap' if arguments.sleep else 'compute'}")
        first = None
        for name, executor in zip(arguments.executors, executors, strict=True):
            begun = time.perf_counter()
            for _, outcome in executor.run(iter([arguments.seconds] * arguments.jobs), work):
                if isinstance(outcome, Failure):
                    raise OSError(f"{name}: {outcome.message}")
            seconds = time.perf_counter() - begun
            first = first or seconds
            print(f"{name:24} {seconds:6.1f} s  {seconds / first:.2f}")


def compute(seconds: float) -> None:
    """Use the processor for some time."""
    begun = time.process_time()
    while time.process_time() - begun < seconds:
        pass


def nap(seconds: float) -> None:
    """Sleep."""
    time.sleep(seconds)


if __name__ == "__main__":
    main()
