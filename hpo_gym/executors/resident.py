"""A callable that lives in a process of its own, where it can do no harm."""

from __future__ import annotations

import multiprocessing
import pickle
import weakref
from collections.abc import Callable
from typing import Any

import cloudpickle

from hpo_gym.executors.child import Child
from hpo_gym.executors.executor import Failure

_START = 300.0
"""Seconds that a process may take to make its callable, imports included."""


class Resident:
    """A callable in a `Child`, where it stays from one call to the next with all that it keeps.

    The process begins with the first call; after one that ended or killed it, the next call begins
    another, with a callable made anew. A copy has a process of its own.

    Args:
        make: Called in the process, makes the callable; a function that can be imported.
        *arguments: Its arguments; they travel by value if need be, as lambdas do.

    Raises:
        RuntimeError: This process is a daemon, which may start no other.
    """

    def __init__(self, make: Callable[..., Callable[..., Any]], *arguments: Any) -> None:
        if multiprocessing.current_process().daemon:
            raise RuntimeError(
                "a process of its own is needed, which a daemonic process may not start: give "
                "AsyncVectorEnv daemon=False"
            )
        self._make, self._arguments = make, arguments
        self._child: Child | None = None
        self._end: weakref.finalize[..., Any] | None = None

    @property
    def pid(self) -> int | None:
        """Number of the process; None while there is none."""
        return None if self._child is None else self._child.process.pid

    def __call__(self, *arguments: Any, limit: float) -> Any:
        """Call it.

        Args:
            *arguments: The arguments.
            limit: Seconds that the call may take; then the process is killed.

        Raises:
            RuntimeError: The callable raised an exception, or its process hung or died.
        """
        if self._child is None or not self._child.idle:
            self._begin()
        assert self._child is not None
        answer = self._child.call(_evaluate, *arguments, limit=limit)
        if isinstance(answer, Failure):
            raise RuntimeError(answer.message)
        return answer

    def _begin(self) -> None:
        """Begin a process, in the place of one that is dead or hangs."""
        if self._end is not None:
            self._end()
        self._child = child = Child()
        self._end = weakref.finalize(self, child.kill)
        made = child.call(_keep, self._make, _ByValue(self._arguments), limit=_START)
        if isinstance(made, Failure):
            self.close()
            raise RuntimeError(made.message)

    def close(self) -> None:
        """End the process; a further call begins another."""
        child, self._child = self._child, None
        if child is not None and self._end is not None and self._end.detach():
            child.stop()

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_child": None, "_end": None}


class _ByValue:
    """Objects on their way to a child, which cannot import all of them."""

    def __init__(self, thing: Any) -> None:
        self._pickled = cloudpickle.dumps(thing)

    def __reduce__(self) -> Any:
        return pickle.loads, (self._pickled,)


_kept: list[Callable[..., Any]] = []
"""In a child: its callable."""


def _keep(make: Callable[..., Callable[..., Any]], arguments: Any) -> None:
    _kept.append(make(*arguments))


def _evaluate(*arguments: Any) -> Any:
    return _kept[-1](*arguments)
