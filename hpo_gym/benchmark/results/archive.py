"""Results as files, one per suite, to be committed: written from a store and read into one.

``SUITE.npz`` holds, for each agent, the arrays of its `Records` as ``AGENT/NAME``, decision times
as float32, and as ``AGENT/about`` (JSON) its identity, its fingerprint and, if it has one, its
manifest; ``suite`` is the suite's canonical JSON. Nothing in it is pickled.
"""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hpo_gym.benchmark.results.records import COLUMNS, Records
from hpo_gym.benchmark.results.store import Store
from hpo_gym.benchmark.results.stored_agent import StoredAgent
from hpo_gym.benchmark.suites.suite import Suite
from hpo_gym.files import write_atomic
from hpo_gym.tuners.dependencies import absolute
from hpo_gym.tuners.entry import AgentEntry

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
        about: dict[str, Any] = {"identity": run.identity, "fingerprint": run.fingerprint}
        if run.manifest:
            about["manifest"] = run.manifest
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
    store: Store, suite: Suite, folder: str | Path, entries: Sequence[AgentEntry]
) -> list[str]:
    """Read the results on a suite that the store does not have yet.

    Args:
        store: Where they go.
        suite: The suite.
        folder: Where the file lies; it need not exist.
        entries: The agents of interest as they are now: other results are not taken over.

    Returns:
        The agents whose results are outdated, with what changed: the suite, or the agent.

    Raises:
        ValueError: The file is damaged, or the store has results of another agent of the same name.
    """
    path = Path(folder) / f"{suite.name}.npz"
    if not path.exists():
        return []
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
            current, outdated = _read(file, store, suite, entries)
    except _DAMAGES as error:
        raise ValueError(f"{path} is damaged: {error!r}; restore it from its source") from error
    for entry, run, records in current:
        store.begin(suite, entry)
        store.add(suite, records, run.fingerprint, absolute(run.manifest, entry.root))
    return outdated


def _read(
    data: Mapping[str, Any], store: Store, suite: Suite, entries: Sequence[AgentEntry]
) -> tuple[list[tuple[AgentEntry, StoredAgent, Records]], list[str]]:
    """What the store lacks of the agents of interest; and what is outdated."""
    current, outdated = [], []
    same_suite = str(data["suite"]) == suite.text
    for entry in (entry for entry in entries if f"{entry.name}/about" in data):
        run = _stored_agent(str(data[f"{entry.name}/about"]))
        changes = run.changes(entry) if same_suite else ["the suite"]
        if changes != []:
            outdated.append(f"{entry.name} ({', '.join(changes or ['another tuner'])})")
        elif store.outdated(suite, entry) or not (
            _episodes(data, entry.name) <= store.episodes(suite, entry.name)
        ):
            arrays = {name: data[f"{entry.name}/{name}"] for name in _ARRAYS}
            arrays["seconds"] = arrays["seconds"].astype(np.float64)
            records = Records(suite.name, entry.name, **arrays)
            records.check_suite(suite)
            current.append((entry, run, records))
    return current, outdated


def _stored_agent(text: str) -> StoredAgent:
    about = json.loads(text)
    if not isinstance(about["fingerprint"], str):
        raise TypeError(f"{about['fingerprint']!r} must be a string")
    manifest = json.dumps(about.get("manifest", {}))
    return StoredAgent.read(0, about["identity"], about["fingerprint"], manifest, 0)


def _episodes(data: Mapping[str, Any], agent: str) -> set[tuple[int, int]]:
    tasks, seeds = (data[f"{agent}/{name}"].tolist() for name in ("tasks", "seeds"))
    return {(task, seed) for task in tasks for seed in seeds}
