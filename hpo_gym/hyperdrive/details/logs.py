"""The ends of logs, as a terminal would show them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from hpo_gym.hyperdrive.child import FILES, LOG
from hpo_gym.hyperdrive.hyperdrive_run import HyperDriveRun
from hpo_gym.hyperdrive.journal import reading

MOST_BYTES = 64 * 2**10
"""So much of a log is shown at most."""
_ESCAPE = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|[@-Z\\-_])")
"""Colours and movements of a terminal's cursor."""


class Log(NamedTuple):
    """The end of a log."""

    text: str
    size: int
    """Bytes of the whole log."""
    shown: int
    """Bytes of it that are in the text."""


def child_log(run: HyperDriveRun, number: int, most: int = MOST_BYTES) -> Log:
    """The log of a child.

    Args:
        run: The run.
        number: The child's number.
        most: Bytes at most.

    Raises:
        ValueError: There is no such child.
    """
    file: Path = run.child(number).folder / FILES / LOG
    if not file.is_file():
        return Log("", 0, 0)
    with file.open("rb") as opened:
        size = opened.seek(0, 2)
        opened.seek(max(0, size - most))
        return _end(opened.read(most), size)


def run_log(run: HyperDriveRun, most: int = MOST_BYTES) -> Log:
    """The log of a run: how its children ended, and what went wrong with itself."""
    text = run.log_text() + reading(run.folder).facts.get("error", "")
    data = text.encode()
    return _end(data[max(0, len(data) - most) :], len(data))


def _end(data: bytes, size: int) -> Log:
    """The last bytes of a log of this size, from the beginning of a line if there is one."""
    cut = size > len(data)
    whole = data[data.find(b"\n") + 1 :] if cut else data
    return Log(as_terminal(whole.decode(errors="replace")), size, len(whole))


def as_terminal(text: str) -> str:
    """A text without colours, and of a line that was written over, such as a bar, what stayed."""
    lines = _ESCAPE.sub("", text).replace("\r\n", "\n").split("\n")
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in lines)
