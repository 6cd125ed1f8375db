"""The store of results: one row per (suite, agent, task, seed), in SQLite.

A shard is written in one transaction: a process killed at any moment leaves all of its rows or
none. A run is what an agent, as it is, did on a suite; with it are kept the agent's identity and a
manifest of the files that its results depend on, and rows of an agent that changed are not used.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from hpo_gym.benchmark.results import claims
from hpo_gym.benchmark.results.database import close_database, open_database, transaction
from hpo_gym.benchmark.results.records import Records
from hpo_gym.benchmark.results.rows import ARRAYS, Stored, from_rows, to_rows
from hpo_gym.benchmark.results.stored_agent import StoredAgent, manifest_of
from hpo_gym.benchmark.suites.suite import Shard, Suite
from hpo_gym.tuners.entry import AgentEntry
from hpo_gym.tuners.identity import canonical

MIXED = "mixed"
"""Fingerprint of runs to which different machines contributed."""


class Store:
    """Results in a database file, which is created if need be.

    Args:
        path: The file.
        read_only: Whether only to read it. Nothing is written then, nor need it be allowed.

    Raises:
        ValueError: The file is not a store of this version.
        sqlite3.Error: It cannot be opened.
    """

    def __init__(self, path: str | Path, *, read_only: bool = False) -> None:
        self._path = Path(path)
        self._connection = open_database(self._path, read_only=read_only)
        self._begun: dict[tuple[str, str], tuple[AgentEntry, str]] = {}
        self._claimed = False

    @classmethod
    def in_memory(cls, path: Path) -> Store:
        """A copy in memory of a file, which need not exist and is only read."""
        store = cls(":memory:")
        store._path = path
        if path.exists():
            with cls(path, read_only=True) as file:
                file._connection.backup(store._connection)
        return store

    def close(self) -> None:
        """Give back what is claimed, and close the file."""
        if self._claimed:
            with suppress(sqlite3.Error):  # else others take it over once this process is gone
                claims.give_back(self._connection)
        close_database(self._connection)

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def begin(self, suite: Suite, entry: AgentEntry) -> str | None:
        """Declare what an agent is, before its first results on a suite.

        Results of the agent as it was before a change are deleted.

        Returns:
            What changed and what is therefore run anew, in a line; None if nothing is.

        Raises:
            ValueError: There are results of another agent of this name.
        """
        line, identity = None, entry.identity
        manifest = canonical(manifest_of(entry, entry.sources()))
        with transaction(self._connection):
            run = self._find(suite, entry.name)
            if run is not None and (changes := run.changes(entry)) != []:
                line = _told(suite, entry, run, changes) if run.episodes else None
                self._connection.execute("DELETE FROM runs WHERE id = ?", (run.id,))
            self._connection.execute(
                "INSERT OR IGNORE INTO suites (hash, name, data) VALUES (?, ?, ?)",
                (suite.hash, suite.name, suite.text),
            )
            self._connection.execute(
                "INSERT OR IGNORE INTO runs (suite, agent, identity, manifest) "
                "SELECT id, ?, ?, ? FROM suites WHERE hash = ?",
                (entry.name, identity, manifest, suite.hash),
            )
        self._begun[suite.hash, entry.name] = (entry, identity)
        return line

    def outdated(self, suite: Suite, entry: AgentEntry) -> str | None:
        """Why the stored results are not the agent's, in a line; None if they are, or none are.

        Args:
            suite: The suite.
            entry: The agent as it is now.
        """
        run = self._find(suite, entry.name)
        changes = [] if run is None else run.changes(entry)
        if changes == []:
            return None
        left = f"its results on {suite.name} are left out"
        if changes is None:
            return f"{entry.name} is the name of another tuner in {self._path}: {left}"
        return f"{entry.name} changed ({', '.join(changes)}): {left}"

    def add(
        self,
        suite: Suite,
        records: Records,
        fingerprint: str,
        files: Mapping[str, str] | None = None,
    ) -> None:
        """Store results: all of them, or none if that fails; they replace older ones.

        Args:
            suite: The suite.
            records: Results of an agent that `begin` of this store declared.
            fingerprint: The machine that they come from.
            files: Digests by absolute path of what the agent read, see `Watch.files`. They do not
                matter where the agent has a version.

        Raises:
            ValueError: They cannot be of the suite, see `Records.check_suite`; or the agent, or a
                file that it depends on, is not what it was when its run began.
        """
        records.check_suite(suite)
        rows = list(to_rows(records))
        with transaction(self._connection):
            run = self._unchanged(suite, records.agent)
            entry, _ = self._begun[suite.hash, records.agent]
            manifest = run.with_files(entry, files or {})
            self._connection.executemany(
                f"INSERT OR REPLACE INTO episodes VALUES ({run.id}{', ?' * (2 + len(ARRAYS))})",
                rows,
            )
            for table in ("failures", "claims"):
                self._connection.execute(
                    f"DELETE FROM {table} WHERE run = ?1 AND (task, seed) IN "
                    "(SELECT task, seed FROM episodes WHERE run = ?1)",
                    (run.id,),
                )
            known = run.fingerprint in ("", fingerprint)
            self._connection.execute(
                "UPDATE runs SET fingerprint = ?, manifest = ? WHERE id = ?",
                (fingerprint if known else MIXED, canonical(manifest), run.id),
            )

    def _unchanged(self, suite: Suite, agent: str) -> StoredAgent:
        run, (_, identity) = self._find(suite, agent), self._begun[suite.hash, agent]
        if run is None or run.identity != identity:
            raise ValueError(
                f"{agent} changed while it ran on {suite.name}, or its results were deleted: run "
                "it again"
            )
        return run

    def claim(self, suite: Suite, agent: str, shard: Shard) -> bool:
        """Take a shard's work, until its results or its failure are stored, or the store closes.

        Args:
            suite: The suite.
            agent: Name of an agent that `begin` of this store declared.
            shard: The work.

        Returns:
            False if it is done, or another process is at it, as long as that lives.

        Raises:
            ValueError: The agent changed, see `add`.
        """
        with transaction(self._connection, durable=False):
            run = self._unchanged(suite, agent)
            done = self.episodes(suite, agent)
            if all((task, shard.seed) in done for task in shard.tasks):
                return False
            taken = claims.take(self._connection, run.id, shard)
        self._claimed |= taken
        return taken

    def fail(self, suite: Suite, agent: str, shard: Shard, message: str) -> None:
        """Store that an agent failed on a shard, and why."""
        with transaction(self._connection):
            run = self._unchanged(suite, agent)
            key = (run.id, shard.seed, shard.tasks[0])
            self._connection.execute(
                "INSERT OR REPLACE INTO failures VALUES (?, ?, ?, ?)", (*key, message)
            )
            self._connection.execute(
                "DELETE FROM claims WHERE run = ? AND seed = ? AND task = ?", key
            )

    def delete(self, agent: str) -> int:
        """Delete everything of an agent, on all suites; returns the number of its runs."""
        with transaction(self._connection):
            return self._connection.execute("DELETE FROM runs WHERE agent = ?", (agent,)).rowcount

    def agents(self, suite: Suite) -> dict[str, StoredAgent]:
        """The agents that have results or failures on a suite, in the order they came."""
        failed = self.failures(suite)
        runs = self._runs(suite)
        return {agent: run for agent, run in runs.items() if run.episodes or agent in failed}

    def failures(self, suite: Suite) -> dict[str, list[str]]:
        """Why agents failed on a suite: a message for each shard, by the agent's name."""
        rows = self._all(
            "SELECT agent, message FROM failures JOIN runs ON run = runs.id JOIN suites "
            "ON suite = suites.id WHERE hash = ? ORDER BY runs.id, seed, task",
            suite.hash,
        )
        messages: dict[str, list[str]] = {}
        for agent, message in rows:
            messages.setdefault(agent, []).append(message)
        return messages

    def episodes(self, suite: Suite, agent: str) -> set[tuple[int, int]]:
        """The (task, seed) that are stored."""
        return set(self._rows("task, seed", suite, agent))

    def stored(self, suite: Suite, agent: str) -> Stored | None:
        """All that there is of an agent, or None if there is nothing.

        Raises:
            ValueError: A row is not of the suite, or damaged.
        """
        rows = self._rows(", ".join(("task", "seed", *ARRAYS)), suite, agent)
        try:
            return from_rows(suite, agent, rows) if rows else None
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"{self._path}: results of {agent!r} on {suite.name!r} are damaged: {error}; "
                f"restore the file, or delete those results with --rerun {agent}"
            ) from error

    def records(self, suite: Suite, agent: str) -> Records | None:
        """The results of an agent, or None if there are none.

        They are those on the first tasks with the first seeds, as many as are there.

        Raises:
            ValueError: A row is not of the suite, or damaged.
        """
        stored = self.stored(suite, agent)
        return None if stored is None else stored.corner()

    def _find(self, suite: Suite, agent: str) -> StoredAgent | None:
        return self._runs(suite, "AND agent = ?", agent).get(agent)

    def _runs(self, suite: Suite, condition: str = "", *values: Any) -> dict[str, StoredAgent]:
        rows = self._all(
            "SELECT agent, runs.id, identity, fingerprint, manifest, "
            "(SELECT count(*) FROM episodes WHERE run = runs.id) FROM runs JOIN suites "
            f"ON suite = suites.id WHERE hash = ? {condition} ORDER BY runs.id",
            suite.hash,
            *values,
        )
        try:
            return {agent: StoredAgent.read(*run) for agent, *run in rows}
        except ValueError as error:
            raise ValueError(
                f"{self._path}: a run on {suite.name!r} is damaged: {error}; restore the file"
            ) from error

    def _rows(self, columns: str, suite: Suite, agent: str) -> list[Any]:
        return self._all(
            f"SELECT {columns} FROM episodes JOIN runs ON run = runs.id JOIN suites "
            "ON suite = suites.id WHERE hash = ? AND agent = ?",
            suite.hash,
            agent,
        )

    def _all(self, query: str, *values: Any) -> list[Any]:
        return self._connection.execute(query, values).fetchall()


def _told(suite: Suite, entry: AgentEntry, run: StoredAgent, changes: list[str] | None) -> str:
    """That results are deleted; an error where they belong to something else."""
    if changes is None:
        raise ValueError(
            f"the store has results on {suite.name!r} of another agent called {entry.name!r}:\n"
            f"  stored {run.identity}\n  now    {entry.identity}\n"
            f"--rerun {entry.name} deletes those results; or give this one another name"
        )
    what = f"{entry.name} changed ({', '.join(changes)})"
    return f"{what}: its {run.episodes} episodes on {suite.name} run anew"
