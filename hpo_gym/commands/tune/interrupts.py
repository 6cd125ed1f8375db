"""Ctrl-C and SIGTERM, which end an evaluation but not the writing of its result."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from hpo_gym.interrupts import Interrupted, handling


class Interrupts:
    """Raises `Interrupted` when a signal comes, or when what must not be interrupted is over."""

    def __init__(self) -> None:
        self._shielded, self._waiting = False, 0

    def listen(self) -> AbstractContextManager[None]:
        """Take the signals."""
        return handling(self._handle)

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

    def _handle(self, number: int, _: object) -> None:
        if self._shielded:
            self._waiting = number
        else:
            raise Interrupted(number)
