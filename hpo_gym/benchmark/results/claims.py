"""Who works on what: processes on one database share the work, and inherit that of dead ones."""

from __future__ import annotations

import os
import platform
import sqlite3
import time
from pathlib import Path
from typing import NamedTuple

from hpo_gym.benchmark.suites.suite import Shard

_EXPIRY = 3600.0
"""Seconds for which a claim holds whose owner nobody here can see."""


class Owner(NamedTuple):
    """A process: numbers of processes are given again, but not with the same time of start."""

    host: str
    pid: int
    started: str
    """As the system tells it, "" where it does not."""

    @classmethod
    def here(cls) -> Owner:
        """This process."""
        return cls(platform.node(), os.getpid(), _started(os.getpid()))

    def lives(self, since: float) -> bool:
        """Whether it is still at work.

        Args:
            since: When it was last heard of, in seconds of `time.time`. That decides about the
                processes of other hosts, and where the system tells no starts (Linux does).
        """
        here = Owner.here()
        if self.host == here.host and here.started:
            return _started(self.pid) == self.started
        return time.time() - since < _EXPIRY


def _started(pid: int) -> str:
    """When a process started, in the system's ticks; "" if it has ended, or nobody tells."""
    try:
        # After the name, which may have blanks: state, then 18 numbers, then the start.
        state, *numbers = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (OSError, ValueError):
        return ""
    return "" if state in "ZX" else numbers[18]


def take(connection: sqlite3.Connection, run: int, shard: Shard) -> bool:
    """Claim a shard of a run within a transaction, unless another living process has it.

    Args:
        connection: The database.
        run: Number of the run.
        shard: The work.
    """
    key, me = (run, shard.seed, shard.tasks[0]), Owner.here()
    claim = connection.execute(
        "SELECT host, pid, started, since FROM claims WHERE run = ? AND seed = ? AND task = ?", key
    ).fetchone()
    if claim is not None:
        *owner, since = claim
        if (other := Owner(*owner)) != me and other.lives(since):
            return False
    connection.execute(
        "INSERT OR REPLACE INTO claims VALUES (?, ?, ?, ?, ?, ?, ?)", (*key, *me, time.time())
    )
    return True


def give_back(connection: sqlite3.Connection) -> None:
    """Delete all claims of this process."""
    connection.execute(
        "DELETE FROM claims WHERE host = ? AND pid = ? AND started = ?", Owner.here()
    )
