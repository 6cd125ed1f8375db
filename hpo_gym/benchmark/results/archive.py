"""Results as files, one per suite and agent, to be committed: from a store and into one.

``SUITE/AGENT.npz`` holds the arrays of an agent's `Records`, decision times as float32; ``suite``,
the suite's canonical JSON; and ``about``, JSON with the agent's identity, its fingerprint and, if
it has one, its manifest. Nothing in it is pickled. The same results give the same bytes, and a file
that holds them already is not touched: what is refreshed alone is new to a history of versions.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

import numpy as np

from hpo_gym.benchmark.results.records import COLUMNS, Records
from hpo_gym.benchmark.results.store import Store
from hpo_gym.benchmark.results.stored_agent import StoredAgent
from hpo_gym.benchmark.suites.suite import Suite
from hpo_gym.files import write_atomic
from hpo_gym.tuners.dependencies import absolute
from hpo_gym.tuners.entry import AgentEntry

_ARRAYS = ("tasks", "seeds", "actions", *COLUMNS)
_LONGEST = 200
"""Characters of a file's name: file systems take 255, and some are added to it."""


def export_suite(store: Store, suite: Suite, folder: str | Path) -> list[Path]:
    """Write the results on a suite into a folder; other files in it are left alone.

    Args:
        store: Where the results are.
        suite: The suite.
        folder: Where ``SUITE/AGENT.npz`` are to lie.

    Returns:
        The files that were written: those that did not hold these results already.

    Raises:
        ValueError: Names cannot be file names, or results in the store are damaged.
    """
    home, agents = Path(folder) / _file_name(suite.name), store.agents(suite)
    paths = {agent: home / f"{_file_name(agent)}.npz" for agent in agents}
    _check_distinct(paths)
    written = []
    for agent, path in paths.items():
        records = store.records(suite, agent)
        if records is None:
            continue
        members = _members(suite, agents[agent], records)
        if not _holds(path, members):
            write_atomic(path, _zipped(members))
            written.append(path)
    return written


def import_suite(
    store: Store, suite: Suite, folder: str | Path, entries: Sequence[AgentEntry]
) -> list[str]:
    """Read the results on a suite that the store does not have yet.

    Args:
        store: Where they go.
        suite: The suite.
        folder: Where ``SUITE/AGENT.npz`` lie; none of it need exist.
        entries: The agents of interest as they are now: other results are not taken over.

    Returns:
        The agents whose results are outdated, with what changed: the suite, or the agent.

    Raises:
        ValueError: A file is damaged, a name cannot be a file's name, or the store has results of
            another agent of the same name.
    """
    outdated = []
    for entry in entries:
        path = Path(folder) / _file_name(suite.name) / f"{_file_name(entry.name)}.npz"
        if not path.exists():
            continue
        with _reading(path):
            data = np.load(io.BytesIO(path.read_bytes()), allow_pickle=False)
            same_suite, run = str(data["suite"]) == suite.text, _stored_agent(str(data["about"]))
            renamed = json.loads(run.identity)["name"] != entry.name
        changes = run.changes(entry) if same_suite else ["the suite"]
        if renamed:
            changes = None  # the file of another one
        if changes != []:
            outdated.append(f"{entry.name} ({', '.join(changes or ['another tuner'])})")
            continue
        with _reading(path):
            tasks, seeds = (data[name].tolist() for name in ("tasks", "seeds"))
            episodes = {(task, seed) for task in tasks for seed in seeds}
        if store.outdated(suite, entry) or not episodes <= store.episodes(suite, entry.name):
            with _reading(path):
                arrays = {name: data[name] for name in _ARRAYS}
                arrays["seconds"] = arrays["seconds"].astype(np.float64)
                records = Records(suite.name, entry.name, **arrays)
                records.check_suite(suite)
            store.begin(suite, entry)
            store.add(suite, records, run.fingerprint, absolute(run.manifest, entry.root))
    return outdated


def _file_name(name: str) -> str:
    """The name for a file: whatever a path or a file system could take otherwise is encoded."""
    encoded = quote(name, safe="").replace(".", "%2E")
    if not 0 < len(encoded) <= _LONGEST:
        raise ValueError(
            f"{name!r} cannot name a file of results: as {encoded!r} it has {len(encoded)} "
            f"characters, and 1 to {_LONGEST} are possible; give it another name"
        )
    return encoded


def _check_distinct(paths: dict[str, Path]) -> None:
    """Refuse names that are one file's where capital letters do not matter."""
    found: dict[str, str] = {}
    for agent, path in paths.items():
        other = found.setdefault(path.name.lower(), agent)
        if other != agent:
            raise ValueError(
                f"{other!r} and {agent!r} would be the same file {path} on some systems: give one "
                "another name"
            )


def _members(suite: Suite, run: StoredAgent, records: Records) -> dict[str, bytes]:
    """What is in an agent's file: arrays in NumPy's format, by name."""
    about = {"identity": run.identity, "fingerprint": run.fingerprint}
    manifest = {"manifest": run.manifest} if run.manifest else {}
    arrays = {name: getattr(records, name) for name in _ARRAYS}
    arrays["seconds"] = records.seconds.astype(np.float32)
    texts, members = {"suite": suite.text, "about": json.dumps(about | manifest)}, {}
    for name, value in {**texts, **arrays}.items():
        buffer = io.BytesIO()
        np.lib.format.write_array(buffer, np.asarray(value, order="C"), allow_pickle=False)
        members[f"{name}.npy"] = buffer.getvalue()
    return members


def _holds(path: Path, members: dict[str, bytes]) -> bool:
    """Whether a file has this content, however it is compressed; a damaged one has not."""
    with suppress(Exception), zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()} == members
    return False


def _zipped(members: dict[str, bytes]) -> bytes:
    """An npz file without a date: each `ZipInfo` has that of its class."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED, 9)
    return buffer.getvalue()


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Make a ValueError of whatever goes wrong: the errors of damaged files are of many kinds."""
    try:
        yield
    except Exception as error:
        raise ValueError(
            f"{path} is damaged: {error!r}; restore it from its source, or delete it to run its "
            "tuner anew"
        ) from error


def _stored_agent(text: str) -> StoredAgent:
    about = json.loads(text)
    if not isinstance(about["fingerprint"], str):
        raise TypeError(f"{about['fingerprint']!r} must be a string")
    manifest = json.dumps(about.get("manifest", {}))
    return StoredAgent.read(0, about["identity"], about["fingerprint"], manifest, 0)
