"""A child process of one thread that answers calls, and whose end is certain.

The child is spawned, not forked: it meets no threads, locks or open files of its parent, and its
parent's main module is not imported. Whatever it does, it ends with its parent, and with it the
processes that it started.
"""

from __future__ import annotations

import json
import math
import multiprocessing
import os
import pickle
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from types import ModuleType
from typing import Any
from uuid import uuid4

from hpo_gym.executors.executor import Failure
from hpo_gym.executors.kin import descendants, kill_all, kill_group, kill_marked

GRACE = 5.0
"""Seconds that a process may take to end in order."""
LAST_GRACE = 2.0
"""Those of a process that gave no answer in time, from SIGTERM to SIGKILL."""
_MARK = "HPO_GYM_CHILD"
"""Environment variable by which the processes that a child started are found again."""
_starting = threading.Lock()
"""What a child is to inherit belongs to all threads of this process."""
THREADS = ("OMP_NUMTHREADS", "OPENBLAS_NUMTHREADS", "MKL_NUMTHREADS")


class Child:
    """A process that does one call after another.

    Args:
        plain: Answers are sent as JSON: reading them executes nothing, whoever wrote them.

    Attributes:
        hung: Whether it was ended because a call took too long.
    """

    def __init__(self, *, plain: bool = False) -> None:
        self._plain, self._busy, self.hung = plain, False, False
        context = multiprocessing.get_context("spawn")
        self.connection, remote = context.Pipe()
        # Not a daemon, for its calls may start processes too.
        self.process = context.Process(target=_serve, args=(remote, plain), daemon=False)
        self._kin: set[tuple[int, str]] = set()
        # Below the mark of this process: who kills a child kills the children of that child.
        self._mark = f"{os.environ.get(_MARK, '')}/{uuid4().hex}"
        if os.name == "posix":
            resource_tracker.ensure_running()  # it serves this process, and must not bear the mark
        ones = dict.fromkeys(THREADS, "1")
        with _starting, _environment({**ones, _MARK: self._mark}), _no_main():
            self.process.start()
        remote.close()

    @property
    def waitables(self) -> tuple[Any, ...]:
        """What `multiprocessing.connection.wait` takes: ready with an answer or the end."""
        return self.connection, self.process.sentinel

    @property
    def idle(self) -> bool:
        """Whether it waits for a call."""
        return not self._busy and self.process.is_alive()

    def send(self, function: Callable[..., Any], *arguments: Any) -> None:
        """Begin a call; function and arguments are pickled."""
        self._busy = True
        with suppress(OSError):  # of a process that has just died; `receive` will tell
            self.connection.send_bytes(pickle.dumps((function, arguments)))

    def receive(self) -> Any:
        """The answer to the last call, or a `Failure`; blocks until there is one."""
        with suppress(EOFError, OSError):
            if self.connection in wait(self.waitables):
                answer = self.connection.recv_bytes()
                self._busy = False
                return self._read_plain(answer) if self._plain else pickle.loads(answer)
        if not self._ends_within(GRACE):
            self.kill()
            return Failure("the process closed its connection")
        return Failure(f"the process died with exit code {self.process.exitcode}")

    def _read_plain(self, answer: bytes) -> Any:
        try:
            value = json.loads(answer)
        except (ValueError, RecursionError):
            self.kill()  # who knows what it is doing
            return Failure(f"the process answered with something else than JSON: {answer[:99]!r}")
        failed = isinstance(value, dict) and value.keys() == {"message"}
        return Failure(str(value["message"])) if failed else value

    def call(
        self,
        function: Callable[..., Any],
        *arguments: Any,
        limit: float | None = None,
        waiting: Callable[[float], None] = lambda seconds: None,
        every: float = 60.0,
    ) -> Any:
        """Call and wait for the answer.

        Args:
            function: What to call there.
            *arguments: Its arguments.
            limit: Seconds to wait; then the process gets SIGTERM, on which it closes what it has to
                close, and is killed `LAST_GRACE` seconds later.
            waiting: Called with the seconds that passed, every so often.
            every: How often, in seconds.

        Returns:
            The answer, or a `Failure`.
        """
        self.send(function, *arguments)
        passed, last = 0.0, math.inf if limit is None else limit
        while not wait(self.waitables, min(every, last - passed)):
            passed = min(passed + every, last)
            if passed >= last:
                self.stop(LAST_GRACE)
                self.hung = True
                return Failure(f"no answer within {last:g} s")
            waiting(passed)
        return self.receive()

    def stop(self, grace: float = GRACE) -> None:
        """End the process: in order if it does so in time, else by force.

        Args:
            grace: Seconds for it to end: by itself, if it is idle, else after SIGTERM.
        """
        self._kin |= descendants(self.process.pid)  # once it has ended, they are nobody's
        self.connection.close()
        if self._busy:
            self.process.terminate()
        self._ends_within(grace)
        self.kill()

    def _ends_within(self, seconds: float) -> bool:
        """Wait for the end; `Process.join` waits for ever for a process that closed its files."""
        deadline = time.monotonic() + seconds
        while self.process.is_alive() and time.monotonic() < deadline:
            time.sleep(0.005)
        return not self.process.is_alive()

    def kill(self) -> None:
        """End the process and whatever it started, at once."""
        self._kin |= descendants(self.process.pid)
        self.process.kill()
        self.process.join()
        kill_all(self._kin)
        kill_group(self.process.pid)
        kill_marked(f"{_MARK}={self._mark}")


_at_end: list[Callable[[], None]] = []


def at_end(function: Callable[[], None]) -> None:
    """Have a function called when this process, a child, ends in order."""
    _at_end.append(function)


def inside_child() -> bool:
    """Whether this process is a child."""
    return _MARK in os.environ


@contextmanager
def _environment(changes: Mapping[str, str]) -> Iterator[None]:
    """Environment variables for processes that are started meanwhile."""
    before = {name: os.environ.get(name) for name in changes}
    os.environ.update(changes)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _no_main() -> Iterator[None]:
    """Let processes that are started meanwhile know nothing of the main module of this one.

    A script without a main guard would start itself again and again, and our own commands would
    bring their packages along, which may be called like the user's. Their command line, which is
    handed on too, may say where a secret lies.
    """
    main, arguments = sys.modules["__main__"], sys.argv
    sys.modules["__main__"], sys.argv = ModuleType("__main__"), [""]
    try:
        yield
    finally:
        sys.modules["__main__"], sys.argv = main, arguments


def _serve(connection: Connection, plain: bool) -> None:
    """The life of a child."""
    if hasattr(os, "setsid"):
        os.setsid()  # a group of its own: Ctrl-C is its parent's, and its own children are found
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _end)
    if hasattr(os, "register_at_fork"):  # what a call forks ends when it is told to
        os.register_at_fork(after_in_child=lambda: signal.signal(signal.SIGTERM, signal.SIG_DFL))
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with suppress(_End):
        while True:
            try:
                request = connection.recv_bytes()
            except (EOFError, OSError):
                break
            connection.send_bytes(_answer(request, plain))
    _end_undisturbed()
    for function in _at_end:
        function()


def _answer(request: bytes, plain: bool) -> bytes:
    """The answer to a call."""
    try:
        function, arguments = pickle.loads(request)
        answer = function(*arguments)
        return json.dumps(answer).encode() if plain else pickle.dumps(answer)
    except _End:
        raise
    except BaseException:  # whatever a call raises, also SystemExit
        failure = Failure(traceback.format_exc())
        return json.dumps(failure._asdict()).encode() if plain else pickle.dumps(failure)


class _End(BaseException):
    """This process was asked to end in the midst of a call."""


def _end(*_: Any) -> None:
    _end_undisturbed()
    raise _End


def _end_undisturbed() -> None:
    """Let no further request to end disturb what happens at the end; whoever waits long kills."""
    signal.signal(signal.SIGTERM, lambda *_: None)  # not SIG_IGN, which programs would inherit


def _end_with_parent() -> None:
    """End this process, also in the midst of a call, once its parent is gone."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)  # in order, so that it ends its own children
    time.sleep(2 * GRACE)  # one of its own children may need `GRACE` to be killed
    kill_group(os.getpid())
    os._exit(1)
