"""Ctrl-C and SIGTERM, which end an evaluation but not the writing of its result."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Interrupted(KeyboardInterrupt):
    """A signal came.

    Attributes:
        exit_code: 128 + its number, as shells have it: 130 for Ctrl-C, 143 for SIGTERM.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.exit_code = 128 + number


class Interrupts:
    """Raises `Interrupted` when a signal comes, or when what must not be interrupted is over.

    An evaluation may catch what was raised and go on: it is raised again at the next shield.
    """

    def __init__(self) -> None:
        self._shielded, self._signal = False, 0
        self._before: dict[signal.Signals, Any] = {}
        if hasattr(os, "register_at_fork"):  # the signals of what an evaluation forks are its own
            os.register_at_fork(after_in_child=self._restore)

    @contextmanager
    def listen(self) -> Iterator[None]:
        """Take the signals; Python lets only the main thread do so, elsewhere nothing changes."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        signals = (signal.SIGINT, signal.SIGTERM)
        self._before = {each: signal.signal(each, self._handle) for each in signals}
        try:
            yield
        finally:
            self._restore()

    def _restore(self) -> None:
        for each, handler in self._before.items():
            signal.signal(each, handler)
        self._before = {}

    @contextmanager
    def shield(self) -> Iterator[None]:
        """Let a signal wait."""
        self._shielded = True
        try:
            yield
        finally:
            self._shielded = False
        if self._signal:
            raise Interrupted(self._signal)

    def _handle(self, number: int, _: Any) -> None:
        self._signal = number
        if not self._shielded:
            raise Interrupted(number)
