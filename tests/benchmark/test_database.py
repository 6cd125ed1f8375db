"""The database of results: files that are none, claims that expire."""

import sqlite3
import time
from dataclasses import replace

import pytest
from tiny_benchmarks import SUITE

from hpo_gym.benchmark.results import database
from hpo_gym.benchmark.results.claims import Owner
from hpo_gym.benchmark.results.store import Store
from hpo_gym.tuners.entry import AgentEntry

MINE = AgentEntry("mine", "agents:make_agent", version=1)
CHANGED = replace(MINE, settings={"changed": 1})
N, S, T = len(SUITE.tasks), len(SUITE.seeds), SUITE.budget


@pytest.mark.parametrize("content", [b"hello " * 1000, None])
def test_a_file_that_is_no_store(tmp_path, content):
    path = tmp_path / "other.sqlite"
    if content is None:
        with sqlite3.connect(path) as connection:
            connection.execute("CREATE TABLE mine (x)")
    else:
        path.write_bytes(content)
    before = path.read_bytes()
    with pytest.raises(ValueError, match=r"other.sqlite cannot be used as a store"):
        Store(path)
    assert path.read_bytes() == before


def test_a_file_that_another_process_writes_is_not_read(tmp_path, monkeypatch):
    """Not even as one that nobody changes."""
    monkeypatch.setattr(database, "_PATIENCE", 0.1)
    Store(tmp_path / "a.sqlite").close()
    other = sqlite3.connect(tmp_path / "a.sqlite", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        Store(tmp_path / "a.sqlite", read_only=True)
    other.close()
    Store(tmp_path / "a.sqlite", read_only=True).close()


def test_claims_of_other_hosts_expire():
    here, now = Owner.here(), time.time()
    assert here.lives(since=0.0)
    assert not here._replace(started="1").lives(since=now)  # the number of a dead process
    away = here._replace(host="away")
    assert away.lives(since=now - 60.0)
    assert not away.lives(since=now - 7200.0)
