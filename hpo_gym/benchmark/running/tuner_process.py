"""A tuner in a process of its own, which holds no environment and answers within a time limit."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpo_gym.benchmark.running import hosted
from hpo_gym.benchmark.running.hosted import Briefing
from hpo_gym.executors.child import Child
from hpo_gym.executors.executor import Failure

TIMEOUT = 300.0
"""Seconds that a tuner has for every answer, unless told otherwise."""
NOTICE = 60.0
"""Seconds without an answer after which, and after each of which, that is said."""
_PACKAGE = Path(__file__).parents[2]


class TunerError(Exception):
    """A tuner failed.

    Args:
        message: How: a traceback, or what became of its process.
        hung: Whether it gave no answer within the limit.
    """

    def __init__(self, message: str, hung: bool = False) -> None:
        super().__init__(message)
        self.message, self.hung = message, hung

    @property
    def reason(self) -> str:
        """The last line of the message, and where that was if it was outside of hpo_gym."""
        lines = self.message.rstrip().splitlines() or [""]
        places = [line.strip() for line in lines if line.startswith('  File "')]
        theirs = places and str(_PACKAGE) not in places[-1]
        return f"{lines[-1]} ({places[-1]})" if theirs else lines[-1]


class TunerProcess:
    """The process of one tuner, for one problem after another.

    What the tuner sends back is read as JSON: it cannot execute anything here. What it is told is
    the briefing, a seed and observations; an oracle is told its tasks too.

    Args:
        name: Name of the tuner.
        timeout: Seconds that it has for every answer: import and construction, each decision.
    """

    def __init__(self, name: str, timeout: float = TIMEOUT) -> None:
        self.name, self._timeout = name, timeout
        self._child = Child(plain=True)

    def build(
        self, briefing: Briefing, *, seed: int, told: tuple[tuple[int, ...], str] | None = None
    ) -> None:
        """Build the tuner anew.

        Args:
            briefing: What it is, and what it may know.
            seed: Seed of its random numbers.
            told: Tasks and split, for an oracle.

        Raises:
            TunerError: It cannot be built.
        """
        self._ask(hosted.build, briefing, seed, told)

    def decide(
        self, observations: NDArray[np.float32], *, begins: bool
    ) -> tuple[NDArray[np.float32], float]:
        """Its actions, not checked, and the seconds that it took.

        Args:
            observations: Of all rows, (N, size).
            begins: Whether all rows begin their episodes.

        Raises:
            TunerError: It raises, dies, gives no answer in time, or answers with no actions.
        """
        answer = self._ask(hosted.decide, observations, begins)
        try:
            actions, seconds = answer
            if not 0.0 <= seconds < math.inf:
                raise ValueError(f"it took {seconds!r} s")
            return np.array(actions, dtype=np.float32), float(seconds)
        except (TypeError, ValueError) as error:
            raise TunerError(f"predict returned no actions: {error}") from error

    def files(self) -> dict[str, str]:
        """Digests by absolute path of the files that it read so far, if it has no version."""
        files = self._ask(hosted.files)
        if not isinstance(files, dict):
            raise TunerError(f"the process named no files: {files!r}")
        return {str(path): str(digest) for path, digest in files.items()}

    @property
    def alive(self) -> bool:
        """Whether the process can be asked."""
        return self._child.idle

    def close(self) -> None:
        """Let the tuner close, and end its process with all that it started."""
        if self._child.idle:
            self._child.call(hosted.close, limit=self._timeout)
        self._child.stop()

    def __enter__(self) -> TunerProcess:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _ask(self, function: Callable[..., Any], *arguments: Any) -> Any:
        answer = self._child.call(
            function, *arguments, limit=self._timeout, waiting=self._waiting, every=NOTICE
        )
        if isinstance(answer, Failure):
            raise TunerError(answer.message, hung=self._child.hung)
        return answer

    def _waiting(self, seconds: float) -> None:
        limit = f"the limit is {self._timeout:g} s"
        print(f"{self.name}: no answer for {seconds:.0f} s ({limit})", file=sys.stderr, flush=True)
