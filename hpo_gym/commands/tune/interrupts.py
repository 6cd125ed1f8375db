"""Ctrl-C and SIGTERM, which end an evaluation but not the writing of its result."""

from __future__ import annotations

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
    """Raises `Interrupted` when a signal comes, or when what must not be interrupted is over."""

    def __init__(self) -> None:
        self._shielded, self._waiting = False, 0

    @contextmanager
    def listen(self) -> Iterator[None]:
        """Take the signals; Python lets only the main thread do so, elsewhere nothing changes."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        signals = (signal.SIGINT, signal.SIGTERM)
        before = {each: signal.signal(each, self._handle) for each in signals}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

    @contextmanager
    def shield(self) -> Iterator[None]:
        """Let a signal wait."""
        self._shielded = True
        try:
            yield
        finally:
            self._shielded = False
        if self._waiting:
            raise Interrupted(self._waiting)

    def _handle(self, number: int, _: Any) -> None:
        if self._shielded:
            self._waiting = number
        else:
            raise Interrupted(number)
