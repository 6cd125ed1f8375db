"""`StoredAgent`: whose results are stored, and whether it is still the same."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from hpo_gym.tuners.dependencies import changed, relative
from hpo_gym.tuners.entry import AgentEntry
from hpo_gym.tuners.identity import differences


class StoredAgent(NamedTuple):
    """An agent on a suite, as it is stored."""

    id: int
    identity: str
    fingerprint: str
    manifest: Mapping[str, str]
    """Digests of the files that its results depend on, see `hpo_gym.tuners.dependencies`."""
    episodes: int
    """Number of its episodes."""

    @classmethod
    def read(
        cls, id: int, identity: str, fingerprint: str, manifest: str, episodes: int
    ) -> StoredAgent:
        """One whose manifest is JSON.

        Raises:
            ValueError: Identity or manifest are damaged.
        """
        facts, files = json.loads(identity), json.loads(manifest)
        whole = isinstance(facts, dict) and isinstance(files, dict)
        if not whole or not all(isinstance(digest, str) for digest in files.values()):
            raise ValueError(f"neither {identity!r} nor {manifest!r} may be anything but an object")
        return cls(id, identity, fingerprint, files, episodes)

    def changes(self, entry: AgentEntry) -> list[str] | None:
        """What is not as it was when these results came: files, "settings" or "version".

        None, if they are of another tuner of this name.
        """
        named = differences(self.identity, entry.identity)
        if named is None:
            return None
        files = changed(self.manifest, entry.root)
        return files + [name for name in named if name not in {Path(file).name for file in files}]

    def with_files(self, entry: AgentEntry, files: Mapping[str, str]) -> dict[str, str]:
        """The manifest with further files that the agent read.

        Args:
            entry: The agent.
            files: Digests by absolute path.

        Raises:
            ValueError: A file is known with another content.
        """
        manifest = dict(self.manifest)
        for path, digest in manifest_of(entry, files).items():
            if manifest.setdefault(path, digest) != digest:
                raise ValueError(
                    f"{Path(path).name} changed while {entry.name} ran: run it again; if the tuner "
                    "itself writes that file, its results depend on what it did before"
                )
        return manifest


def manifest_of(entry: AgentEntry, files: Mapping[str, str]) -> dict[str, str]:
    """What is kept of the files that an agent reads: nothing where a version speaks for them."""
    return {} if entry.version is not None else relative(files, entry.root)
