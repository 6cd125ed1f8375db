"""Ctrl-C and SIGTERM, which end an evaluation but not the writing of its result."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from hpo_gym.interrupts import Interrupted, handling


class Interrupts:
    """Raises `Interrupted` when a signal comes, or when what must not be interrupted is over.

    An evaluation may catch what was raised and go on: it is raised again at the next shield.
    """

    def __init__(self) -> None:
        self._shielded, self._signal = False, 0

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
        if self._signal:
            raise Interrupted(self._signal)

    def _handle(self, number: int, _: object) -> None:
        self._signal = number
        if not self._shielded:
            raise Interrupted(number)
