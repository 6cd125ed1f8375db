"""Bring the committed rows to the agents' identities and the families' names of today, once.

    python -m scripts.migrate_rows benchmark_rows

Identities named the module of a factory, which has moved; they are now name, version, settings and
the digests of files. The family "fictitious-family" is now called "fictitious", in the suites and
in the portfolio. No number changes: every array is copied as it is, which is checked.
"""

from __future__ import annotations

import hashlib
import io
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

import agents  # noqa: F401  (registers them)
from hpo_gym.benchmark.suites.registry import make_suite
from hpo_gym.files import write_atomic
from hpo_gym.tuners.registry import AgentEntry, agent_entry

_OLD_NAME, _NEW_NAME = "fictitious-family", "fictitious"


def main() -> None:
    """Migrate every file of a folder."""
    for path in sorted(Path(sys.argv[1]).glob("*.npz")):
        migrate(path)
        print(f"migrated: {path}")


def migrate(path: Path) -> None:
    """Rewrite a file of rows.

    Raises:
        ValueError: What is stored is of another suite, or of another agent.
    """
    with np.load(path, allow_pickle=False) as file:
        before = dict(file)
    after = {name: _migrated(name, value) for name, value in before.items()}
    suite = make_suite(path.stem)
    if str(after["suite"]) != suite.text:
        raise ValueError(f"{path} is of another version of the suite {suite.name!r}")
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **after)
    with np.load(io.BytesIO(buffer.getvalue()), allow_pickle=False) as file:
        for name, value in before.items():
            same = file[name].dtype == value.dtype and file[name].tobytes() == value.tobytes()
            if not same and name != "suite" and not name.endswith("/about"):
                raise ValueError(f"{path}: {name} changed")
    write_atomic(path, buffer.getvalue())


def _migrated(name: str, value: Any) -> Any:
    if name == "suite":
        facts = json.loads(str(value))
        if facts["family"]["name"] == _OLD_NAME:
            facts["family"]["name"] = _NEW_NAME
        return json.dumps(facts, sort_keys=True, separators=(",", ":"))
    agent, slash, kind = name.rpartition("/")
    if not slash or kind != "about":
        return value
    about = json.loads(str(value))
    entry, old = agent_entry(agent), json.loads(about["identity"])
    if "name" not in old:  # it is not migrated yet
        _check(entry, old)
        about["identity"] = entry.identity
    return json.dumps(about)


def _check(entry: AgentEntry, old: Mapping[str, Any]) -> None:
    """Raise unless the old identity is of the same agent: settings, and contents of files."""
    files = {Path(file).name: Path(file).read_bytes() for file in entry.files}
    digests = {}
    for name, content in files.items():
        if name == f"portfolio-{_NEW_NAME}.json":  # it names its family, as it was called then
            name = f"portfolio-{_OLD_NAME}.json"
            content = content.replace(f'"{_NEW_NAME}"'.encode(), f'"{_OLD_NAME}"'.encode())
            content = content.replace(
                f"--family {_NEW_NAME}".encode(), f"--family {_OLD_NAME}".encode()
            )
        digests[name] = hashlib.sha256(content).hexdigest()
    if old["settings"] != dict(entry.settings) or old["files"] != digests:
        raise ValueError(f"the rows of {entry.name!r} are of another agent: {old}")


if __name__ == "__main__":
    main()
