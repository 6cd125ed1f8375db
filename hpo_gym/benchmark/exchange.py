"""Results as files, one a suite, to be committed: written from a store and read into one.

``SUITE.npz`` holds, for each agent, the arrays of its `Records` as ``AGENT/NAME``, decision times
as float32, and as ``AGENT/about`` its identity and fingerprint (JSON); ``suite`` is the suite's
canonical JSON. Nothing in it is pickled.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from hpo_gym.benchmark.records import COLUMNS, Records
from hpo_gym.benchmark.store import Store
from hpo_gym.benchmark.suites import Suite
from hpo_gym.files import write_atomic

_ARRAYS = ("tasks", "seeds", "actions", *COLUMNS)


def export_suite(store: Store, suite: Suite, folder: str | Path) -> Path | None:
    """Write the results on a suite, if there are any; returns the file's path.

    Args:
        store: The results.
        suite: The suite.
        folder: Where the file goes.
    """
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
            data = dict(file)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} is damaged: {error}; restore it from its source") from error
    outdated = []
    for agent in [name.removesuffix("/about") for name in data if name.endswith("/about")]:
        about = json.loads(str(data[f"{agent}/about"]))
        current = identities.get(agent)
        if current is None:
            continue
        if str(data["suite"]) != suite.text or about["identity"] != current:
            outdated.append(agent)
            continue
        arrays = {name: data[f"{agent}/{name}"] for name in _ARRAYS}
        arrays["seconds"] = arrays["seconds"].astype(np.float64)
        records = Records(suite.name, agent, **arrays)
        store.begin(suite, agent, current)
        known = store.episodes(suite, agent)
        everything = {(t, s) for t in records.tasks.tolist() for s in records.seeds.tolist()}
        if not everything <= known:
            store.add(suite, records, about["fingerprint"])
    return outdated
