"""The database file of a store: its tables, and how it is opened.

An episode is a row: its numbers are arrays, little-endian float64, its actions float32. A row is
either there as a whole or not at all, and a million evaluations are read in tenths of a second.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

_FORMAT = 2
_SCHEMA = (
    """CREATE TABLE suites (
        id INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
        data TEXT NOT NULL)""",
    """CREATE TABLE runs (
        id INTEGER PRIMARY KEY, suite INTEGER NOT NULL REFERENCES suites, agent TEXT NOT NULL,
        identity TEXT NOT NULL, manifest TEXT NOT NULL, fingerprint TEXT NOT NULL DEFAULT '',
        UNIQUE (suite, agent))""",
    """CREATE TABLE episodes (
        run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE, task INTEGER NOT NULL,
        seed INTEGER NOT NULL, actions BLOB NOT NULL, regret BLOB NOT NULL, reward BLOB NOT NULL,
        resource BLOB NOT NULL, cost BLOB NOT NULL, seconds BLOB NOT NULL,
        PRIMARY KEY (run, task, seed))""",
    """CREATE TABLE failures (
        run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE, seed INTEGER NOT NULL,
        task INTEGER NOT NULL, message TEXT NOT NULL, PRIMARY KEY (run, seed, task))""",
    """CREATE TABLE claims (
        run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE, seed INTEGER NOT NULL,
        task INTEGER NOT NULL, host TEXT NOT NULL, pid INTEGER NOT NULL, started TEXT NOT NULL,
        since REAL NOT NULL, PRIMARY KEY (run, seed, task))""",
    f"PRAGMA user_version = {_FORMAT}",
)
_PATIENCE = 60.0
"""Seconds to wait for another process's transaction."""


def open_database(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """A connection to the file, which is created if need be; nothing is written to read it.

    Args:
        path: The file; ``:memory:`` for one that is never on a disk.
        read_only: Whether only to read it, which needs no right to write it or its folder.

    Raises:
        ValueError: The file is not a store of this version.
        sqlite3.Error: It is not there, or out of reach.
    """
    try:
        return _open_to_read(path) if read_only else _open_to_write(path)
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError as error:
        raise ValueError(
            f"{path} cannot be used as a store of results: {error}; name another file, or "
            "move it out of the way"
        ) from error


def close_database(connection: sqlite3.Connection) -> None:
    """Close a file; the last one leaves it so that reading it needs no files beside it."""
    with suppress(sqlite3.Error):  # others have it open, or it may not be written
        connection.execute("PRAGMA journal_mode = DELETE")
    connection.close()


@contextmanager
def transaction(connection: sqlite3.Connection, *, durable: bool = True) -> Iterator[None]:
    """All or nothing of what is written within.

    Args:
        connection: The database.
        durable: Whether to wait until it is on the disk, where it outlives a power cut.
    """
    connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _open_to_write(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None)
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        with transaction(connection):  # two processes may find the file missing at the same time
            if not _tables(connection):
                for statement in _SCHEMA:
                    connection.execute(statement)
            _check_format(connection)
        connection.execute("PRAGMA journal_mode = WAL")
    except BaseException:
        connection.close()
        raise
    return connection


def _open_to_read(path: Path) -> sqlite3.Connection:
    """As usual, or where that fails as a file that nobody changes.

    A file in WAL mode, as of a killed run, is read with files beside it, which a folder that cannot
    be written does not let a reader have. Without them what a run left there would be overlooked:
    if there is something, it stays a failure.
    """
    pending = any(_size(path.with_name(path.name + end)) for end in ("-wal", "-journal"))
    for manner in ("mode=ro",) if pending else ("mode=ro", "mode=ro&immutable=1"):
        address = f"file:{quote(str(path.absolute()))}?{manner}"
        connection = sqlite3.connect(address, uri=True, timeout=_PATIENCE, isolation_level=None)
        try:
            _check_format(connection)
        except BaseException as error:
            connection.close()
            failure = error
        else:
            return connection
        # A file that another process has locked may be about to change: that is no way around it.
        busy = getattr(failure, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY
        if busy or not isinstance(failure, sqlite3.OperationalError):
            raise failure
    raise failure


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _tables(connection: sqlite3.Connection) -> list[str]:
    return [name for (name,) in connection.execute("SELECT name FROM sqlite_master")]


def _check_format(connection: sqlite3.Connection) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version != _FORMAT or "episodes" not in _tables(connection):
        raise sqlite3.DatabaseError(f"it has the format {version} instead of {_FORMAT}")
