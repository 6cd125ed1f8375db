"""Attacks are counted: what was tried, how it ended, and what it left behind.

A test of tests/attack takes the fixture `attack` and tries what it has on it. The test fails unless
nothing was silently wrong, no error was of an unexpected kind, and no process stayed. The counts of
all tests are printed by kind when the session ends, by a plain pytest as by one of many workers.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import gymnasium as gym
import pytest

_MARK = "ATTACK"
"""Environment variable by which the processes of an attack are known."""
_OUTCOMES = ("refused", "verified", "silently wrong", "tracebacks", "processes left")


class Attack:
    """Tries things, and notes how each ended.

    Args:
        kind: What is attacked.
    """

    def __init__(self, kind: str) -> None:
        self.kind, self.counts = kind, Counter(dict.fromkeys(_OUTCOMES, 0))
        self.faults: list[str] = []
        self.mark = uuid4().hex

    def note(self, outcome: str, what: str) -> None:
        """Count an outcome; one of the bad ones is a fault."""
        self.counts[outcome] += 1
        if outcome not in ("refused", "verified"):
            self.faults.append(f"{outcome}: {what}")

    def attempt(
        self,
        what: str,
        action: Callable[[], Any],
        verify: Callable[[Any], None] | None,
        *words: str,
    ) -> bool:
        """Try something.

        Args:
            what: What, for messages.
            action: What is tried; a refusal is a ValueError or an error of Gymnasium.
            verify: Asserts that what the action returned is right; None if it must be refused.
            *words: What the message of a refusal must contain.

        Returns:
            Whether it was refused.
        """
        try:
            result = action()
        except (ValueError, gym.error.Error) as error:
            message = str(error)
            clear = len(message) > 15 and all(word in message for word in words)
            self.note("refused" if clear else "silently wrong", f"{what}: unclear: {message!r}")
            return True
        except Exception as error:
            self.note("tracebacks", f"{what}: {type(error).__name__}: {error}")
            return False
        self.verify(what, (lambda: verify(result)) if verify else None)
        return False

    def verify(self, what: str, check: Callable[[], Any] | None) -> None:
        """Count something that worked: the check must hold; None if it should not have worked."""
        if check is None:
            self.note("silently wrong", f"{what}: accepted")
            return
        try:
            check()
        except AssertionError as error:
            self.note("silently wrong", f"{what}: {str(error).strip()[:300]}")
        else:
            self.note("verified", what)

    def look_for_processes(self, patience: float = 5.0) -> list[int]:
        """The processes that attacks started and that stayed; counted."""
        deadline = time.monotonic() + patience
        while (left := self._marked()) and time.monotonic() < deadline:
            time.sleep(0.05)
        for pid, name in left.items():
            self.note("processes left", f"{pid}: {name}")
            with suppress(OSError):
                os.kill(pid, 9)
        return [*left]

    def _marked(self) -> dict[int, str]:
        """Living processes with the mark in their environment or their command, but this one."""
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                command = (folder / "cmdline").read_bytes()
                marked = self.mark.encode() in (folder / "environ").read_bytes() + command
                # Of the standard library, one for the life of this process.
                if (
                    marked
                    and b"resource_tracker" not in command
                    and int(folder.name) != os.getpid()
                ):
                    found[int(folder.name)] = command.replace(b"\0", b" ").decode()[:200]
        return found


@pytest.fixture
def attack(request, monkeypatch):
    """An `Attack` of the kind that the test's module calls KIND."""
    attack = Attack(request.module.KIND)
    monkeypatch.setenv(_MARK, attack.mark)
    yield attack
    attack.look_for_processes()
    request.node.user_properties.append(("attack", [attack.kind, dict(attack.counts)]))
    assert attack.counts.total() > 0
    assert not attack.faults, f"{len(attack.faults)} faults:\n" + "\n".join(attack.faults[:40])


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the counts by kind."""
    totals: dict[str, Counter[str]] = {}
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", None) == "teardown":
                for kind, counts in (v for n, v in report.user_properties if n == "attack"):
                    totals.setdefault(kind, Counter()).update(counts)
    if not totals:
        return
    terminalreporter.section("attacks")
    totals["all"] = sum(totals.values(), Counter())
    header = ("tried", *_OUTCOMES)
    terminalreporter.line(f"{'':22}" + "".join(f"{name:>16}" for name in header))
    for kind, counts in totals.items():
        tried = counts.total() - counts["processes left"]
        numbers = (tried, *(counts[name] for name in _OUTCOMES))
        terminalreporter.line(f"{kind:22}" + "".join(f"{number:16,}" for number in numbers))
