"""What does jobs: `Executor`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol, TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")


class Failure(NamedTuple):
    """What became of a job without a result."""

    message: str
    """The traceback, or how the process died."""


class Executor(Protocol):
    """Does jobs somewhere: in other processes, on other machines."""

    def run(
        self, jobs: Iterator[Job], work: Callable[[Job], Result]
    ) -> Iterator[tuple[Job, Result | Failure]]:
        """Do jobs.

        Args:
            jobs: The jobs; each is asked for when it can begin.
            work: Does a job. What it raises becomes a `Failure`, as does its death.

        Yields:
            Each job with its outcome, in the order in which they end.
        """
