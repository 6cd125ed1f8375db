"""What a run logged: one line of JSON per entry, in a file that only grows.

A line is written in one piece, so that processes may write side by side, and read once it is whole:
what a process was writing when it was killed is skipped.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

SCALAR, LIST, ROW, TABLE, FILE = "scalar", "list", "row", "table", "file"
"""Kinds of metrics; a file's value is what it holds."""
TAG, PROPERTY, END = "tag", "property", "end"
"""Kinds of all else: a tag, a property, how the script says that it ended."""
_HOLDS: dict[str, type] = {LIST: list, ROW: dict, TABLE: dict, END: str}
"""What the value of an entry is, by its kind, where it is not just anything."""
RESTART = "restart"
"""Kind of an entry where a child began anew, as its machine had died: earlier ones do not count."""


def append(file: Path, *entries: dict[str, Any]) -> None:
    """Add entries, each with a "kind", a "name", a "value" and the "time"."""
    lines = [json.dumps(entry, default=_plain) for entry in entries]
    # The first line break ends what a killed process may have left.
    data = "\n".join(["", *lines, ""]).encode()
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(descriptor, data)
    finally:
        os.close(descriptor)


def _plain(value: Any) -> Any:
    """What JSON has for numbers and arrays of NumPy, and a text for whatever it has not."""
    return value.tolist() if hasattr(value, "tolist") else str(value)


class Reader:
    """Reads the entries of a file as they are added."""

    def __init__(self, file: Path) -> None:
        self._file, self._offset = file, 0

    def read(self) -> list[dict[str, Any]]:
        """The entries that were added since the last call."""
        try:
            with self._file.open("rb") as file:
                file.seek(self._offset)
                data = file.read()
        except FileNotFoundError:
            return []
        whole = data[: data.rfind(b"\n") + 1]
        self._offset += len(whole)
        return [entry for line in whole.splitlines() if (entry := _entry(line)) is not None]


def _entry(line: bytes) -> dict[str, Any] | None:
    """The entry of a line; None if it was cut off, or is none: scripts can write to the file."""
    try:
        entry = json.loads(line)
        whole = (
            isinstance(entry["name"], str)
            and isinstance(entry["time"], (int, float))
            and isinstance(entry["value"], _HOLDS.get(entry["kind"], object))
        )
    except (ValueError, TypeError, LookupError, RecursionError):
        return None
    return entry if whole else None


def counted(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The entries that count."""
    begins = [number for number, entry in enumerate(entries, 1) if entry["kind"] == RESTART]
    return entries[begins[-1] :] if begins else entries


def numbers(entry: dict[str, Any], name: str) -> list[float]:
    """The values that an entry gives for a metric, each the end of an interval."""
    if entry["name"] != name or entry["kind"] not in (SCALAR, LIST):
        return []
    values = entry["value"] if entry["kind"] == LIST else [entry["value"]]
    return [_float(value) for value in values if isinstance(value, (int, float))]


def _float(value: float) -> float:
    """A number as a float, infinite if it is too large for one."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def metrics(entries: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Metrics as `get_metrics` gives them.

    A number that was logged once is a number, what was logged several times a list; rows and tables
    are dicts of columns. What was logged under one name in several of these ways is a list.
    """
    found: dict[str, Any] = {}
    for entry in entries:
        kind, name, value = entry["kind"], entry["name"], entry["value"]
        if kind == SCALAR:
            found[name] = _joined(found[name], value) if name in found else value
        elif kind == LIST:
            found[name] = [*_as_list(found.get(name, [])), *value]
        elif kind in (ROW, TABLE):
            before = found.get(name, {})
            found[name] = (
                _longer(before, value) if isinstance(before, dict) else _joined(before, value)
            )
        elif kind == FILE:
            found[name] = value
    return found


def _longer(table: dict[str, Any], rows: dict[str, Any]) -> dict[str, Any]:
    """A table with more rows."""
    added = {
        name: _joined(table[name], rows[name]) if name in table else rows[name] for name in rows
    }
    return table | added


def _joined(before: Any, value: Any) -> list[Any]:
    return [*_as_list(before), *_as_list(value)]


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
