"""How far a training has come: a bar on a terminal, in a file a line every now and then."""

from __future__ import annotations

import sys
import time
from typing import Any

from tqdm import tqdm

EVERY = 30.0
"""Seconds from one line to the next."""


class Progress:
    """Shows progress on stderr, to the end; a context manager.

    Args:
        total: How many steps there are.
        done: How many are done.
        unit: What is counted: "step" or "update".
        shown: Whether to show anything.
    """

    def __init__(self, total: int, done: int, unit: str, *, shown: bool) -> None:
        bar = shown and sys.stderr.isatty()
        self._bar = tqdm(total=total, initial=done, unit=unit, disable=not bar)
        self._lines = shown and not bar
        self._total, self._done, self._unit, self._note = total, done, unit, ""
        self._last = time.monotonic()

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: Any) -> None:
        self._bar.close()
        if self._lines:
            self._write()

    def update(self, done: int) -> None:
        """Show that so many steps are done."""
        self._bar.update(done - self._done)
        self._done = done
        if self._lines and time.monotonic() - self._last >= EVERY:
            self._write()

    def note(self, text: str) -> None:
        """Say something beside the number of steps from now on."""
        self._note = f", {text}"
        self._bar.set_postfix_str(text, refresh=False)

    def _write(self) -> None:
        self._last = time.monotonic()
        print(f"{self._done} of {self._total} {self._unit}s{self._note}", file=sys.stderr)
