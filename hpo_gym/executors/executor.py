"""What does jobs: `Executor`."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from typing import NamedTuple, Protocol, TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")


class Failure(NamedTuple):
    """What became of a job without a result."""

    message: str
    """The traceback, or how the process died."""


class Executor(Protocol):
    """Does jobs somewhere: in other processes, on other machines."""

    @property
    def shares_files(self) -> bool:
        """Whether jobs see the files of this machine; else all that they need and make is sent."""

    def run(
        self, jobs: Iterator[Job], work: Callable[[Job], Result]
    ) -> Generator[tuple[Job, Result | Failure], None, None]:
        """Do jobs.

        Args:
            jobs: The jobs; each is asked for when it can begin.
            work: Does a job. What it raises becomes a `Failure`, as does its death.

        Yields:
            Each job with its outcome, in the order in which they end. Closing it ends those that
            are under way.
        """
