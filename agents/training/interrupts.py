"""Ctrl-C and SIGTERM as a wish to stop, which a training grants when everything is saved."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

from hpo_gym.interrupts import Interrupted, handling


class TrainingInterrupted(Interrupted):
    """A signal ended a training after its state was saved; the text says where."""


class Interrupt:
    """The first signal that came; 0 if none did."""

    number = 0

    def listen(self, *, only_if: bool) -> AbstractContextManager[None]:
        """Keep the first Ctrl-C or SIGTERM; a second one interrupts at once."""
        return handling(self._keep) if only_if else nullcontext()

    def _keep(self, number: int, _: object) -> None:
        if self.number:
            raise KeyboardInterrupt
        self.number = number
