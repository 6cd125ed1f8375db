"""Stores that others change, share, or may not write; and files that results depend on."""

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from stored_rows import change_number
from tiny_benchmarks import SUITE, assert_equal_runs, ran, tuner

from hpo_gym.benchmark.results.archive import export_suite, import_suite
from hpo_gym.benchmark.results.store import Store
from hpo_gym.tuners.dependencies import digest_of

SHARDS = list(SUITE.shards(36, 2))
EPISODES = len(SHARDS[0].tasks)


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    """Of the first shard."""
    return ran(SUITE, tuner(tmp_path_factory.mktemp("tuner")), SHARDS[0])


@pytest.fixture
def entry(tmp_path):
    return tuner(tmp_path)


@pytest.fixture
def helper(tmp_path):
    """A module that the tuner uses."""
    file = tmp_path / "helper.py"
    file.write_text("SCALE = 1")
    return file


@pytest.fixture
def store(tmp_path, entry, records, helper):
    """With a shard of a tuner that read the helper."""
    with Store(tmp_path / "a.sqlite") as store:
        store.begin(SUITE, entry)
        store.begin(SUITE, replace(entry, name="other"))
        read = entry.sources() | {str(helper): digest_of(helper)}
        store.add(SUITE, records, "here", read)
        store.add(SUITE, replace(records, agent="other"), "here", entry.sources())
        yield store


def test_rows_go_with_a_file_and_the_others_stay(store, entry, helper, records):
    assert set(store.agents(SUITE)["tuner"].manifest) == {"tuners.py", "helper.py"}
    assert store.outdated(SUITE, entry) is store.begin(SUITE, entry) is None
    helper.write_text("SCALE = 2")
    left = "tuner changed (helper.py): its results on tiny are left out"
    assert store.outdated(SUITE, entry) == left
    line = f"tuner changed (helper.py): its {EPISODES} episodes on tiny run anew"
    assert store.begin(SUITE, entry) == line
    assert store.begin(SUITE, entry) is store.outdated(SUITE, entry) is None
    assert store.agents(SUITE).keys() == {"other"}
    assert_equal_runs(store.records(SUITE, "other"), replace(records, agent="other").first(36, 2))


def test_the_digests_of_further_shards_are_added(store, entry, records, tmp_path):
    late = tmp_path / "late.json"
    late.write_text("{}")
    store.add(SUITE, records, "here", {str(late): digest_of(late)})
    assert set(store.agents(SUITE)["tuner"].manifest) == {"tuners.py", "helper.py", "late.json"}
    late.unlink()
    assert store.outdated(SUITE, entry).startswith("tuner changed (late.json)")


@pytest.mark.parametrize("name", ["helper.py", "tuners.py"])
def test_a_file_that_changes_in_the_midst_of_a_run(store, tmp_path, records, name):
    """Also one that changed between `begin` and the first import."""
    file = tmp_path / name
    file.write_text("changed = True")
    before = store.agents(SUITE)["tuner"]
    other = replace(records, regret=0.5 * records.regret)
    message = rf"{name} changed while tuner ran: run it again"
    with pytest.raises(ValueError, match=message):
        store.add(SUITE, other, "there", {str(file): digest_of(file)})
    assert store.agents(SUITE)["tuner"] == before
    assert_equal_runs(store.records(SUITE, "tuner"), records)


def test_what_another_process_began_anew_is_not_mixed(store, entry, records, tmp_path):
    (tmp_path / "tuners.py").write_text("changed = True")
    with Store(tmp_path / "a.sqlite") as other:
        assert "run anew" in other.begin(SUITE, tuner(tmp_path))
        with pytest.raises(ValueError, match="tuner changed while it ran on tiny"):
            store.add(SUITE, records, "here")
        with pytest.raises(ValueError, match="tuner changed while it ran on tiny"):
            store.claim(SUITE, "tuner", SHARDS[1])
        assert other.records(SUITE, "tuner") is None
        other.delete("tuner")
        with pytest.raises(ValueError, match="its results were deleted"):
            other.add(SUITE, records, "here")


def test_a_version_speaks_for_all_that_is_read(store, entry, records, helper):
    versioned = replace(entry, version=1, name="versioned")
    store.begin(SUITE, versioned)
    digests = {str(helper): digest_of(helper)}
    store.add(SUITE, replace(records, agent="versioned"), "here", digests)
    assert store.agents(SUITE)["versioned"].manifest == {}
    helper.write_text("SCALE = 2")
    assert store.outdated(SUITE, versioned) is None


def test_a_manifest_goes_through_a_file_and_to_another_folder(store, entry, helper, tmp_path):
    export_suite(store, SUITE, tmp_path / "rows")
    moved = tmp_path / "moved"
    moved.mkdir()
    for file in (helper, tmp_path / "tuners.py"):
        (moved / file.name).write_text(file.read_text())
    with Store(tmp_path / "b.sqlite") as fresh:
        assert import_suite(fresh, SUITE, tmp_path / "rows", [tuner(moved)]) == []
        known = store.agents(SUITE)["tuner"]
        assert fresh.agents(SUITE)["tuner"][1:] == known[1:]
        assert fresh.outdated(SUITE, tuner(moved)) is None
    (moved / "helper.py").write_text("SCALE = 2")
    with Store(tmp_path / "c.sqlite") as fresh:
        outdated = import_suite(fresh, SUITE, tmp_path / "rows", [tuner(moved)])
        assert outdated == ["tuner (helper.py)"]
        assert fresh.agents(SUITE) == {}
    # Those that the store has are of the tuner as it was before: the file's are newer.
    with Store(tmp_path / "b.sqlite") as stale:
        (moved / "helper.py").write_text(helper.read_text())
        stale.begin(SUITE, tuner(moved))
        with sqlite3.connect(tmp_path / "b.sqlite") as connection:
            connection.execute('UPDATE runs SET manifest = \'{"helper.py": "older"}\'')
        assert import_suite(stale, SUITE, tmp_path / "rows", [tuner(moved)]) == []
        assert stale.agents(SUITE)["tuner"].manifest == known.manifest


@pytest.mark.parametrize("column", ["identity", "manifest"])
@pytest.mark.parametrize("text", ["{", "[]", "7"])
def test_a_run_that_is_damaged(store, tmp_path, column, text):
    with sqlite3.connect(tmp_path / "a.sqlite") as connection:
        connection.execute(f"UPDATE runs SET {column} = ?", (text,))
    with pytest.raises(ValueError, match=r"a\.sqlite: a run on 'tiny' is damaged"):
        store.agents(SUITE)


OTHER = """
import sys
from pathlib import Path
from tiny_benchmarks import SUITE, tuner
from hpo_gym.benchmark.results.store import Store

store = Store(sys.argv[1])
store.begin(SUITE, tuner(Path(sys.argv[2])))
shards = list(SUITE.shards(36, 2))
print(*[store.claim(SUITE, "tuner", shards[int(which)]) for which in sys.argv[3:]], flush=True)
sys.stdin.read()
"""


def another_process(tmp_path, *shards):
    """One that claims some shards and stays, and what it got."""
    process = subprocess.Popen(
        [sys.executable, "-c", OTHER, tmp_path / "a.sqlite", tmp_path, *map(str, shards)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    return process, process.stdout.readline().split()


def test_two_processes_share_the_work(store, tmp_path):
    assert not store.claim(SUITE, "tuner", SHARDS[0])  # it is done
    assert store.claim(SUITE, "tuner", SHARDS[1])
    assert store.claim(SUITE, "tuner", SHARDS[1])  # it is ours already
    process, claimed = another_process(tmp_path, 0, 1, 2)
    with process:
        assert claimed == ["False", "False", "True"]
        assert not store.claim(SUITE, "tuner", SHARDS[2])
        assert store.claim(SUITE, "other", SHARDS[2])
        process.kill()
        process.wait()
        assert store.claim(SUITE, "tuner", SHARDS[2])  # its owner is dead


@pytest.mark.parametrize("end", ["add", "fail", "close"])
def test_claims_end(store, tmp_path, records, end):
    assert store.claim(SUITE, "tuner", SHARDS[1])
    if end == "add":
        shard = SHARDS[1]
        done = replace(records, tasks=records.tasks + 16)
        assert tuple(done.tasks.tolist()) == shard.tasks
        store.add(SUITE, done, "here")
        with sqlite3.connect(tmp_path / "a.sqlite") as connection:
            assert connection.execute("SELECT count(*) FROM claims").fetchone() == (0,)
            connection.execute("DELETE FROM episodes WHERE task >= 21")
    elif end == "fail":
        store.fail(SUITE, "tuner", SHARDS[1], "no idea")
    else:
        store.close()
    process, claimed = another_process(tmp_path, 1)
    with process:
        assert claimed == ["True"]
        process.kill()


READER = """
import os, sys
from pathlib import Path
from tiny_benchmarks import SUITE
from hpo_gym.benchmark.results.store import Store
from hpo_gym.benchmark.running.replay import validate

if os.geteuid() == 0:
    os.seteuid(65534)  # root may write everywhere
path = Path(sys.argv[1])
assert not os.access(path, os.W_OK, effective_ids=True)
with Store(path, read_only=True) as store:
    print(store.agents(SUITE)["tuner"].episodes, store.records(SUITE, "tuner").regret.sum())
with Store.in_memory(path) as copy:
    print(copy.delete("tuner"))
"""


@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="there is no such call")
@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_a_file_that_may_only_be_read(store, tmp_path, records, mode):
    store.close()
    # Not in pytest's folders, which are for their owner alone.
    with tempfile.TemporaryDirectory() as name:
        folder, file = Path(name), Path(name) / "a?.sqlite"
        shutil.copy(tmp_path / "a.sqlite", file)
        with closing(sqlite3.connect(file)) as connection:
            connection.execute(f"PRAGMA journal_mode = {mode}")
        before = file.read_bytes()
        file.chmod(0o444)
        folder.chmod(0o555)
        done = subprocess.run(
            [sys.executable, "-c", READER, file],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stdout.split() == [str(EPISODES), str(records.regret.sum()), "1"], done.stderr
        assert file.read_bytes() == before
        assert os.listdir(folder) == [file.name]
        folder.chmod(0o755)


def test_reading_writes_nothing(store, tmp_path, entry):
    before = (tmp_path / "a.sqlite").read_bytes()
    with Store(tmp_path / "a.sqlite", read_only=True) as reader:
        assert reader.outdated(SUITE, entry) is None
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            reader.delete("tuner")
    with Store.in_memory(tmp_path / "a.sqlite") as copy:
        assert copy.delete("tuner") == 1
    with Store.in_memory(tmp_path / "nothing.sqlite") as empty:
        assert empty.agents(SUITE) == {}
    assert not (tmp_path / "nothing.sqlite").exists()
    assert (tmp_path / "a.sqlite").read_bytes() == before
    with pytest.raises(sqlite3.OperationalError):
        Store(tmp_path / "nothing.sqlite", read_only=True)


def test_a_store_of_another_format(store, tmp_path):
    store.close()
    with sqlite3.connect(tmp_path / "a.sqlite") as connection:
        connection.execute("PRAGMA user_version = 1")
    for read_only in (False, True):
        with pytest.raises(ValueError, match="it has the format 1 instead of 2; name another"):
            Store(tmp_path / "a.sqlite", read_only=read_only)


@pytest.mark.parametrize("regret", [-0.25, 1.25])
def test_a_regret_out_of_bounds_is_refused_on_all_ways(store, tmp_path, records, entry, regret):
    bad = replace(records, regret=records.regret + regret)
    with pytest.raises(ValueError, match=r"a regret of 'tuner' is not in \[0, 1\]"):
        store.add(SUITE, bad, "here")
    change_number(tmp_path / "a.sqlite", "regret", 7, 0, lambda _: regret)
    with pytest.raises(ValueError, match=rf"not in \[0, 1\]: {regret} on task 7, seed 3"):
        store.records(SUITE, "tuner")
    with pytest.raises(ValueError, match="are damaged"):
        export_suite(store, SUITE, tmp_path)
    # Where no optimum is known, "regret" is 1 - the score.
    replace(bad, suite="scores").check_suite(replace(SUITE, name="scores", score="score"))
