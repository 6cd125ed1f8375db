"""Results as files, one per suite, to be committed: written from a store and read into one.

``SUITE.npz`` holds, for each agent, the arrays of its `Records` as ``AGENT/NAME``, decision times
as float32, and as ``AGENT/about`` its identity and fingerprint (JSON); ``suite`` is the suite's
canonical JSON. Nothing in it is pickled.
"""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from hpo_gym.benchmark.results.records import COLUMNS, Records
from hpo_gym.benchmark.results.store import Store
from hpo_gym.benchmark.suites.suite import Suite
from hpo_gym.files import write_atomic

_ARRAYS = ("tasks", "seeds", "actions", *COLUMNS)
_DAMAGES = (OSError, EOFError, zipfile.BadZipFile, zlib.error, KeyError, TypeError, ValueError)
"""What reading a damaged file raises: broken archives, missing arrays, text that is not JSON."""


def export_suite(store: Store, suite: Suite, folder: str | Path) -> Path | None:
    """Write the results on a suite into a folder, if there are any; returns the file's path."""
    arrays: dict[str, Any] = {}
    for agent, run in store.agents(suite).items():
        records = store.records(suite, agent)
        if records is None:
            continue
        about = {"identity": run.identity, "fingerprint": run.fingerprint}
        arrays[f"{agent}/about"] = json.dumps(about)
        for name in _ARRAYS:
            arrays[f"{agent}/{name}"] = getattr(records, name)
        arrays[f"{agent}/seconds"] = records.seconds.astype(np.float32)
    if not arrays:
        return None
    buffer = io.BytesIO()
    np.savez_compressed(buffer, suite=suite.text, **arrays)
    path = Path(folder) / f"{suite.name}.npz"
    write_atomic(path, buffer.getvalue())
    return path


def import_suite(
    store: Store, suite: Suite, folder: str | Path, identities: Mapping[str, str]
) -> list[str]:
    """Read the results on a suite that the store does not have yet.

    Args:
        store: Where they go.
        suite: The suite.
        folder: Where the file lies; it need not exist.
        identities: What the agents of interest are now: other results are not taken over.

    Returns:
        The agents whose results are of another identity, or of another version of the suite.

    Raises:
        ValueError: The file is damaged.
    """
    path = Path(folder) / f"{suite.name}.npz"
    if not path.exists():
        return []
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
            current, outdated = _read(dict(file), suite, identities)
    except _DAMAGES as error:
        raise ValueError(f"{path} is damaged: {error!r}; restore it from its source") from error
    for records, fingerprint in current:
        store.begin(suite, records.agent, identities[records.agent])
        known = store.episodes(suite, records.agent)
        everything = {(t, s) for t in records.tasks.tolist() for s in records.seeds.tolist()}
        if not everything <= known:
            store.add(suite, records, fingerprint)
    return outdated


def _read(
    data: Mapping[str, Any], suite: Suite, identities: Mapping[str, str]
) -> tuple[list[tuple[Records, str]], list[str]]:
    """Runs of the agents of interest with their fingerprints, and names of the outdated ones."""
    current, outdated = [], []
    same_suite = str(data["suite"]) == suite.text
    for agent in [name.removesuffix("/about") for name in data if name.endswith("/about")]:
        if agent not in identities:
            continue
        about = json.loads(str(data[f"{agent}/about"]))
        if not same_suite or about["identity"] != identities[agent]:
            outdated.append(agent)
            continue
        arrays = {name: data[f"{agent}/{name}"] for name in _ARRAYS}
        arrays["seconds"] = arrays["seconds"].astype(np.float64)
        records = Records(suite.name, agent, **arrays)
        records.check_suite(suite)
        current.append((records, _text(about["fingerprint"])))
    return current, outdated


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} must be a string")
    return value
