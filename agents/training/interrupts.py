"""Ctrl-C and SIGTERM as a wish to stop, which a training grants when everything is saved."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class TrainingInterrupted(KeyboardInterrupt):
    """A signal ended a training after its state was saved; the text says where.

    Attributes:
        exit_code: 128 + the signal's number, as shells have it: 130 for Ctrl-C, 143 for SIGTERM.
    """

    def __init__(self, text: str, number: int) -> None:
        super().__init__(text)
        self.exit_code = 128 + number


class Interrupt:
    """The first signal that came; 0 if none did."""

    number = 0

    @contextmanager
    def listen(self, *, only_if: bool) -> Iterator[None]:
        """Keep the first Ctrl-C or SIGTERM; a second one interrupts at once.

        Python lets only the main thread handle signals: elsewhere, nothing changes.
        """
        if not only_if or threading.current_thread() is not threading.main_thread():
            yield
            return

        def handle(number: int, frame: object) -> None:
            if self.number:
                raise KeyboardInterrupt
            self.number = number

        before = {each: signal.signal(each, handle) for each in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)
