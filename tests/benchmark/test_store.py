"""The store: whole shards or nothing, bit for bit, under the name of one tuner only."""

import sqlite3
from dataclasses import replace

import numpy as np
import pytest
from tiny_benchmarks import MINE, SUITE, assert_equal_runs, records, tuner

from hpo_gym.benchmark.results import store as stores
from hpo_gym.benchmark.results.records import COLUMNS
from hpo_gym.benchmark.results.rows import to_rows
from hpo_gym.benchmark.results.store import MIXED
from hpo_gym.benchmark.suites.suite import Shard

CHANGED = replace(MINE, settings={"changed": 1})
N, S, T = len(SUITE.tasks), len(SUITE.seeds), SUITE.budget


def test_every_bit_comes_back(store):
    store.add(SUITE, records(), "here")
    back = store.records(SUITE, "mine")
    assert_equal_runs(back, records())
    np.testing.assert_array_equal(back.seconds, records().seconds)
    assert back.actions.dtype == np.float32
    assert store.agents(SUITE)["mine"][1:] == (MINE.identity, "here", {}, N * S)


def test_a_row_is_an_episode(store, tmp_path):
    store.add(SUITE, records(), "here")
    with sqlite3.connect(tmp_path / "a.sqlite") as connection:
        ((regret,),) = connection.execute(
            "SELECT regret FROM episodes WHERE task = ? AND seed = ?",
            (SUITE.tasks[4], SUITE.seeds[1]),
        ).fetchall()
        count = connection.execute("SELECT count(*) FROM episodes").fetchone()
    np.testing.assert_array_equal(np.frombuffer(regret, "<f8"), records().regret[4, 1])
    assert count == (N * S,)


def test_a_failed_write_leaves_what_was_there(store, monkeypatch):
    store.add(SUITE, records(), "here")
    *rows, last = to_rows(records(seed=1))
    monkeypatch.setattr(stores, "to_rows", lambda _: [*rows, (*last[:-1], None)])
    with pytest.raises(sqlite3.IntegrityError):
        store.add(SUITE, records(seed=1), "there")
    assert_equal_runs(store.records(SUITE, "mine"), records())
    assert store.agents(SUITE)["mine"].fingerprint == "here"


def test_written_again_means_written_once(store):
    store.add(SUITE, records(), "here")
    store.add(SUITE, records(seed=1), "here")
    assert_equal_runs(store.records(SUITE, "mine"), records(seed=1))


def test_the_largest_complete_corner(store):
    assert store.records(SUITE, "mine") is None
    whole = records()
    first_seed = whole.first(20, 1)
    store.add(SUITE, first_seed, "here")
    assert_equal_runs(store.records(SUITE, "mine"), first_seed)
    other_seed = {name: getattr(whole, name)[:16, 1:] for name in ("actions", *COLUMNS)}
    more = replace(whole, tasks=whole.tasks[:16], seeds=whole.seeds[1:], **other_seed)
    store.add(SUITE, more, "here")
    assert_equal_runs(store.records(SUITE, "mine"), whole.first(16, 2))


def test_a_gap_ends_the_corner(store, tmp_path):
    store.add(SUITE, records(), "here")
    with sqlite3.connect(tmp_path / "a.sqlite") as connection:
        key = (SUITE.tasks[3], SUITE.seeds[0])
        connection.execute("DELETE FROM episodes WHERE task = ? AND seed = ?", key)
    assert key not in store.episodes(SUITE, "mine")
    assert_equal_runs(store.records(SUITE, "mine"), records().first(3, 2))


def numbers(*values):
    return np.array(values).tobytes()


DAMAGES = {
    "task": (4, "the suite has no task 4"),
    "seed": ("x", "the suite has no seed 'x'"),
    "actions": (b"12345", r"actions of an episode have 36 bytes, there are \[5, 36\]"),
    "reward": ("much", r"reward of an episode have 24 bytes, there are \[4, 24\]"),
    "regret": (numbers(0.5, -0.25, 0.2), r"not in \[0, 1\]: -0.25 on task 8, seed 3, evaluation 2"),
    "cost": (numbers(0.0, np.inf, 0.0), "cost of 'mine' must be finite float64"),
    "seconds": (numbers(0.0, 0.0, -1.0), "seconds of 'mine' are negative: -1.0"),
}


@pytest.mark.parametrize("column", DAMAGES)
def test_damaged_rows_are_told_with_the_remedy(store, tmp_path, column):
    store.add(SUITE, records(), "here")
    value, message = DAMAGES[column]
    with sqlite3.connect(tmp_path / "a.sqlite") as connection:
        key = (value, SUITE.tasks[3], SUITE.seeds[0])
        connection.execute(f"UPDATE episodes SET {column} = ? WHERE task = ? AND seed = ?", key)
    with pytest.raises(
        ValueError, match=rf"a\.sqlite: results of 'mine' on 'tiny'.*{message}"
    ) as e:
        store.records(SUITE, "mine")
    assert "--rerun mine" in str(e.value)
    store.delete("mine")
    assert store.records(SUITE, "mine") is None


def test_results_of_another_suite_are_not_stored(store):
    other = replace(SUITE, tasks=SUITE.tasks[1:])
    store.begin(other, MINE)
    with pytest.raises(ValueError, match=r"tasks \[5\] of 'mine' are not of 'tiny'"):
        store.add(other, records(), "here")
    longer = replace(SUITE, options={**SUITE.options, "max_evaluations": 4})
    store.begin(longer, MINE)
    with pytest.raises(ValueError, match=r"have 3 evaluations .*'tiny' asks for 4"):
        store.add(longer, records(), "here")
    assert store.records(longer, "mine") is None


def test_a_changed_tuner_runs_anew(store):
    assert store.begin(SUITE, CHANGED) is None  # there are no results yet
    store.add(SUITE, records(), "here")
    assert store.begin(SUITE, CHANGED) is None
    assert store.outdated(SUITE, CHANGED) is None
    left = "its results on tiny are left out"
    assert store.outdated(SUITE, MINE) == f"mine changed (settings): {left}"
    newer = replace(CHANGED, version=2)
    line = store.begin(SUITE, newer)
    assert line == f"mine changed (version): its {N * S} episodes on tiny run anew"
    assert store.records(SUITE, "mine") is None
    assert store.begin(SUITE, newer) is None


def test_another_tuner_of_the_same_name(store, tmp_path):
    store.add(SUITE, records(), "here")
    other = tuner(tmp_path, name="mine")  # without a version
    with pytest.raises(ValueError, match="--rerun mine deletes those results"):
        store.begin(SUITE, other)
    assert store.outdated(SUITE, other).startswith("mine is the name of another tuner in")
    assert_equal_runs(store.records(SUITE, "mine"), records())
    assert store.delete("mine") == 1
    assert store.agents(SUITE) == {}
    assert store.begin(SUITE, other) is None
    store.add(SUITE, records(), "here")
    third = tuner(tmp_path, "Told", name="mine")  # of the same file
    with pytest.raises(ValueError, match="--rerun mine deletes those results"):
        store.begin(SUITE, third)


def test_suites_of_one_name_do_not_mix(store):
    store.add(SUITE, records(), "here")
    other = replace(SUITE, version=2)
    assert store.agents(other) == {}
    assert store.begin(other, CHANGED) is None
    assert store.records(other, "mine") is None


def test_results_of_two_machines_are_known_as_such(store):
    store.add(SUITE, records().first(16, 1), "here")
    store.add(SUITE, records(), "there")
    assert store.agents(SUITE)["mine"].fingerprint == MIXED


def test_failures_go_when_the_shard_succeeds(store):
    shards = list(SUITE.shards(N, S))
    for shard in shards[:2]:
        store.fail(SUITE, "mine", shard, f"why {shard.tasks[0]}")
    assert store.failures(SUITE) == {"mine": ["why 5", "why 21"]}
    store.fail(SUITE, "mine", shards[0], "again")
    assert store.failures(SUITE) == {"mine": ["again", "why 21"]}
    store.add(SUITE, records().first(16, 1), "here")
    assert store.failures(SUITE) == {"mine": ["why 21"]}
    assert isinstance(shards[0], Shard)
