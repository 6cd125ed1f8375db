"""Executors as command lines name them."""

from __future__ import annotations

import os
import re

from hpo_gym.executors.dask import Dask
from hpo_gym.executors.executor import Executor
from hpo_gym.executors.processes import Processes

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
"""How many of this machine's this process may use."""
_MOST = 1024
"""Processes on one machine."""


def executor_named(name: str, *, limit: float | None = None) -> Executor:
    """The executor of a name.

    Args:
        name: "processes:4", worker processes on this machine; "dask://host:8786", the workers of
            the scheduler of Dask at that address; "dask:4", a Dask cluster of so many processes
            that is made on this machine; "dask", one with a process for each core.
        limit: Seconds that a job may take; None for any time.

    Raises:
        ValueError: It is spelt otherwise, or the number is out of bounds.
        ImportError: Dask is named and not installed.

    Example:
        >>> executor_named("processes:4", limit=60.0)
        Processes(count=4, limit=60.0)
    """
    if name == "dask":
        return Dask(workers=CORES, limit=limit)
    kind, _, rest = name.partition(":")
    address = re.fullmatch(r"//([^/\s]+:(\d{1,5}))", rest)
    if kind == "dask" and address and int(address[2]) < 2**16:
        return Dask(address[1], limit=limit)
    if kind in ("processes", "dask") and re.fullmatch(r"\d{1,9}", rest) and 1 <= int(rest) <= _MOST:
        count = int(rest)
        return Dask(workers=count, limit=limit) if kind == "dask" else Processes(count, limit)
    raise ValueError(
        f"executor {name!r} must be processes:N or dask:N with N in [1, {_MOST}], dask, or "
        "dask://HOST:PORT"
    )
