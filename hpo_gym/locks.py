"""Files that one process at a time works on."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def alone(file: Path) -> Iterator[None]:
    """Let no other run work on a file meanwhile; one that is killed frees it.

    Raises:
        ValueError: Another one does.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    # A thread may go on with what another one began.
    connection = sqlite3.connect(_lock_of(file), timeout=1.0, check_same_thread=False)
    try:
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        raise ValueError(f"another run works on {file}; wait for its end, or end it") from error
    else:
        yield
    finally:
        connection.close()


def is_worked_on(file: Path) -> bool:
    """Whether somebody holds a file `alone`; looking disturbs nobody."""
    if not _lock_of(file).exists():
        return False
    connection = sqlite3.connect(_lock_of(file), timeout=0.0)
    try:
        connection.execute("BEGIN")
        connection.execute("SELECT * FROM sqlite_schema")  # takes a lock for reading
    except sqlite3.OperationalError:
        return True
    finally:
        connection.close()
    return False


def _lock_of(file: Path) -> Path:
    return file.with_name(file.name + ".lock")
