"""The processes that a process started: how they are found, and ended."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path


def kill_group(pid: int | None) -> None:
    """Kill the group of processes that a child leads."""
    if pid is not None and hasattr(os, "killpg"):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)


def descendants(pid: int | None) -> set[tuple[int, str]]:
    """The processes that a process started, and theirs, where the system tells (Linux).

    Each with its time of start: numbers of processes are given again.
    """
    children: dict[int, list[tuple[int, str]]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        if facts := _facts(int(folder.name)):
            children.setdefault(facts[0], []).append((int(folder.name), facts[1]))
    found: set[tuple[int, str]] = set()
    waiting = [] if pid is None else [pid]
    while waiting:
        for child in children.pop(waiting.pop(), []):
            found.add(child)
            waiting.append(child[0])
    return found


def _facts(pid: int) -> tuple[int, str] | None:
    """The parent of a process and when it started; None if it has ended or nobody tells."""
    try:
        # After the name, which may have blanks: state, parent, then 17 numbers, then the start.
        numbers = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
        return int(numbers[1]), numbers[19]
    except (OSError, ValueError, IndexError):
        return None


def kill_all(processes: set[tuple[int, str]]) -> None:
    """Kill those of the processes that are still there."""
    for pid, started in processes:
        facts = _facts(pid)
        if facts is not None and facts[1] == started:
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)


def kill_marked(mark: str) -> None:
    """Kill the processes that left their group, where the system shows environments (Linux)."""
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if mark.encode() in (folder / "environ").read_bytes():
                os.kill(int(folder.name), signal.SIGKILL)
