"""Ctrl-C and SIGTERM, for programs that end in an orderly way."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Interrupted(KeyboardInterrupt):
    """A signal ended something.

    Args:
        number: The signal's.
        text: Where it was left, for the user.

    Attributes:
        exit_code: 128 + the number, as shells have it: 130 for Ctrl-C, 143 for SIGTERM.
    """

    def __init__(self, number: int, text: str = "") -> None:
        super().__init__(text)
        self.exit_code = 128 + number


@contextmanager
def handling(handler: Callable[[int, object], None]) -> Iterator[None]:
    """Give both signals to a handler for a while.

    Python lets only the main thread do so: in any other nothing changes.

    Args:
        handler: Called with the signal's number and the frame.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {each: signal.signal(each, handler) for each in (signal.SIGINT, signal.SIGTERM)}

    def restore() -> None:
        while before:
            signal.signal(*before.popitem())

    if hasattr(os, "register_at_fork"):  # the signals of a forked process are its own
        os.register_at_fork(after_in_child=restore)
    try:
        yield
    finally:
        restore()
