"""What takes long to compute from the same rows by the same code, kept in the cache folder.

A file holds the latest of what goes by a name. It is used only if it was computed from the same
facts, by the same sources of hpo_gym, and still has the content that was written. Whoever may write
there can forge all of that: where results are confirmed, within
`hpo_gym.families.optima.solved_anew`, no file is used, and what was found replaces it.
"""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import hpo_gym
from hpo_gym.families.optima import cache_folder, trusting
from hpo_gym.files import write_atomic
from hpo_gym.tuners.identity import canonical


def kept(name: str, facts: Any, compute: Callable[[], bytes]) -> bytes:
    """What an earlier process computed from the same facts, else computed and kept now.

    Args:
        name: What it is; what else goes by this name takes its place.
        facts: All that it depends on besides the code of hpo_gym, JSON-able.
        compute: Computes it.
    """
    key = _digest(canonical({"facts": facts, "code": _code()}).encode()).encode()
    path = cache_folder() / "benchmark" / _digest(name.encode())[:32]
    data = _read(path, key) if trusting() else None
    if data is not None:
        return data
    data = compute()
    with suppress(OSError):  # without a folder to write to, it is computed every time
        write_atomic(path, key + _digest(data).encode() + b"\n" + data)
    return data


def _read(path: Path, key: bytes) -> bytes | None:
    """What a file holds; None if there is nothing whole, or it is of something else."""
    try:
        head, _, data = path.read_bytes().partition(b"\n")
    except OSError:
        return None
    return data if head == key + _digest(data).encode() else None


@cache
def _code() -> str:
    """Digest of all that computes: the sources of hpo_gym, NumPy and the machine."""
    folder = Path(hpo_gym.__file__).parent
    digest = hashlib.sha256(f"{np.__version__} {platform.machine()}".encode())
    for path in sorted(folder.rglob("*.py")):
        digest.update(f"{path.relative_to(folder)}\n".encode() + path.read_bytes())
    return digest.hexdigest()


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
