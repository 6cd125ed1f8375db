"""The store of results: one row per (suite, agent, task, seed, evaluation), in SQLite.

A shard is written in one transaction: a process killed at any moment leaves all of its rows or
none. The view ``results`` shows the rows with the names of suites and agents.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from hpo_gym.benchmark.results.records import Records
from hpo_gym.benchmark.results.rows import Stored, episodes_of, from_rows, to_rows
from hpo_gym.benchmark.suites.suite import Shard, Suite

MIXED = "mixed"
"""Fingerprint of runs to which different machines contributed."""

_FORMAT = 1
_JOINED = "JOIN runs ON run = runs.id JOIN suites ON suite = suites.id WHERE hash = ?"
_SCHEMA = (
    """CREATE TABLE suites (
        id INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
        data TEXT NOT NULL)""",
    """CREATE TABLE runs (
        id INTEGER PRIMARY KEY, suite INTEGER NOT NULL REFERENCES suites, agent TEXT NOT NULL,
        identity TEXT NOT NULL, fingerprint TEXT NOT NULL DEFAULT '', UNIQUE (suite, agent))""",
    """CREATE TABLE evaluations (
        run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE, task INTEGER NOT NULL,
        seed INTEGER NOT NULL, step INTEGER NOT NULL, actions BLOB NOT NULL, regret REAL NOT NULL,
        reward REAL NOT NULL, resource REAL NOT NULL, cost REAL NOT NULL, seconds REAL NOT NULL,
        PRIMARY KEY (run, task, seed, step)) WITHOUT ROWID""",
    """CREATE TABLE failures (
        run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE, seed INTEGER NOT NULL,
        task INTEGER NOT NULL, status TEXT NOT NULL DEFAULT 'failed', message TEXT NOT NULL,
        PRIMARY KEY (run, seed, task))""",
    """CREATE VIEW results AS
        SELECT suites.hash AS suite_hash, suites.name AS suite, agent, task, seed, step, regret,
            reward, resource, cost, seconds
        FROM evaluations JOIN runs ON run = runs.id JOIN suites ON suite = suites.id""",
    f"PRAGMA user_version = {_FORMAT}",
)


class StoredAgent(NamedTuple):
    """An agent on a suite, as it is stored."""

    id: int
    identity: str
    fingerprint: str


class Store:
    """Results in a database file, which is created if need be.

    Args:
        path: The file.

    Raises:
        ValueError: The file is not a store of this version.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(path, timeout=60.0, isolation_level=None)
        try:
            self._prepare()
        except sqlite3.DatabaseError as error:
            self._connection.close()
            raise ValueError(
                f"{path} cannot be used as a store of results: {error}; name another file, or "
                "move it out of the way"
            ) from error

    def _prepare(self) -> None:
        self._connection.execute("PRAGMA foreign_keys = ON")
        with self._transaction():  # two processes may find the file missing at the same time
            (version,) = self._one("PRAGMA user_version")
            tables = self._all("SELECT name FROM sqlite_master")
            for statement in () if tables else _SCHEMA:
                self._connection.execute(statement)
        if version != (_FORMAT if tables else 0):
            raise sqlite3.DatabaseError(f"it has the format {version} instead of {_FORMAT}")
        for pragma in ("journal_mode = WAL", "synchronous = FULL"):
            self._connection.execute(f"PRAGMA {pragma}")

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def begin(self, suite: Suite, agent: str, identity: str) -> None:
        """Declare what an agent is, before its first results on a suite.

        Raises:
            ValueError: There are results of another agent of this name.
        """
        with self._transaction():
            self._connection.execute(
                "INSERT OR IGNORE INTO suites (hash, name, data) VALUES (?, ?, ?)",
                (suite.hash, suite.name, suite.text),
            )
            self._connection.execute(
                "INSERT OR IGNORE INTO runs (suite, agent, identity) "
                "SELECT id, ?, ? FROM suites WHERE hash = ?",
                (agent, identity, suite.hash),
            )
            run = self._run(suite, agent)
            if run.identity == identity:
                return
            if self._one("SELECT EXISTS (SELECT 1 FROM evaluations WHERE run = ?)", run.id)[0]:
                raise ValueError(
                    f"the store has results on {suite.name!r} of another agent called {agent!r}:\n"
                    f"  stored {run.identity}\n  now    {identity}\n"
                    f"--rerun {agent} deletes those results; or give this one another name"
                )
            self._connection.execute("DELETE FROM failures WHERE run = ?", (run.id,))
            self._connection.execute(
                "UPDATE runs SET identity = ? WHERE id = ?", (identity, run.id)
            )

    def add(self, suite: Suite, records: Records, fingerprint: str) -> None:
        """Store results: all of them, or none if that fails; they replace older ones.

        Args:
            suite: The suite.
            records: Results of an agent that `begin` declared.
            fingerprint: The machine that they come from.

        Raises:
            ValueError: They cannot be of the suite, see `Records.check_suite`.
        """
        records.check_suite(suite)
        rows = list(to_rows(records))
        with self._transaction():
            run = self._run(suite, records.agent)
            episodes = [(run.id, task, seed) for _, task, seed in episodes_of(records)]
            self._connection.executemany(
                "DELETE FROM evaluations WHERE run = ? AND task = ? AND seed = ?", episodes
            )
            self._connection.executemany(
                f"INSERT INTO evaluations VALUES ({run.id}, {', '.join('?' * 9)})", rows
            )
            self._connection.executemany(
                "DELETE FROM failures WHERE run = ? AND task = ? AND seed = ?", episodes
            )
            known = run.fingerprint in ("", fingerprint)
            self._connection.execute(
                "UPDATE runs SET fingerprint = ? WHERE id = ?",
                (fingerprint if known else MIXED, run.id),
            )

    def fail(self, suite: Suite, agent: str, shard: Shard, message: str) -> None:
        """Store that an agent failed on a shard, and why."""
        with self._transaction():
            self._connection.execute(
                "INSERT OR REPLACE INTO failures (run, seed, task, message) VALUES (?, ?, ?, ?)",
                (self._run(suite, agent).id, shard.seed, shard.tasks[0], message),
            )

    def delete(self, agent: str) -> int:
        """Delete everything of an agent, on all suites; returns the number of its runs."""
        with self._transaction():
            return self._connection.execute("DELETE FROM runs WHERE agent = ?", (agent,)).rowcount

    def agents(self, suite: Suite) -> dict[str, StoredAgent]:
        """The agents that have results or failures on a suite, in the order they came."""
        rows = self._all(
            "SELECT agent, runs.id, identity, fingerprint FROM runs JOIN suites "
            "ON suite = suites.id WHERE hash = ? AND "
            "(EXISTS (SELECT 1 FROM evaluations WHERE run = runs.id) OR "
            "EXISTS (SELECT 1 FROM failures WHERE run = runs.id)) ORDER BY runs.id",
            suite.hash,
        )
        return {agent: StoredAgent(*run) for agent, *run in rows}

    def failures(self, suite: Suite) -> dict[str, list[str]]:
        """Why agents failed on a suite: a message for each shard, by the agent's name."""
        rows = self._all(
            f"SELECT agent, message FROM failures {_JOINED} ORDER BY runs.id, seed, task",
            suite.hash,
        )
        messages: dict[str, list[str]] = {}
        for agent, message in rows:
            messages.setdefault(agent, []).append(message)
        return messages

    def episodes(self, suite: Suite, agent: str) -> set[tuple[int, int]]:
        """The (task, seed) that are complete."""
        rows = self._all(
            f"SELECT task, seed FROM evaluations {_JOINED} AND agent = ? GROUP BY task, seed "
            "HAVING count(*) = ? AND min(step) = 0 AND max(step) = count(*) - 1",
            *(suite.hash, agent, suite.budget),
        )
        return set(rows)

    def stored(self, suite: Suite, agent: str) -> Stored | None:
        """All that there is of an agent, or None if there is nothing.

        Raises:
            ValueError: A row is not of the suite, or damaged.
        """
        rows = self._all(
            "SELECT task, seed, step, actions, regret, reward, resource, cost, seconds "
            f"FROM evaluations {_JOINED} AND agent = ?",
            *(suite.hash, agent),
        )
        try:
            return from_rows(suite, agent, rows) if rows else None
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"{self._path}: results of {agent!r} on {suite.name!r} are damaged: {error}; "
                f"restore the file, or delete those results with --rerun {agent}"
            ) from error

    def records(self, suite: Suite, agent: str) -> Records | None:
        """The results of an agent, or None if there are none.

        They are those on the first tasks with the first seeds, as many as are complete.

        Raises:
            ValueError: A row is not of the suite, or damaged.
        """
        stored = self.stored(suite, agent)
        return None if stored is None else stored.corner()

    def _run(self, suite: Suite, agent: str) -> StoredAgent:
        row = self._one(
            "SELECT runs.id, identity, fingerprint FROM runs JOIN suites ON suite = suites.id "
            "WHERE hash = ? AND agent = ?",
            suite.hash,
            agent,
        )
        return StoredAgent(*row)

    def _one(self, query: str, *values: Any) -> Any:
        return self._connection.execute(query, values).fetchone()

    def _all(self, query: str, *values: Any) -> list[Any]:
        return self._connection.execute(query, values).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")
