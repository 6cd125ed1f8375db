"""Results as files: bit for bit there and back, only what changed, and nothing that is damaged."""

import io
import sqlite3
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from tiny_benchmarks import MINE, SUITE, assert_equal_runs, fill, named, records

from hpo_gym.benchmark.results.archive import export_suite, import_suite
from hpo_gym.benchmark.results.records import COLUMNS
from hpo_gym.benchmark.results.store import Store

CHANGED = replace(MINE, settings={"changed": 1})
N, S = len(SUITE.tasks), len(SUITE.seeds)


def contents(folder):
    """Bytes and identity of all files: one that is written anew has another inode or time."""
    stats = {path: path.stat() for path in folder.rglob("*") if path.is_file()}
    return {p: (p.read_bytes(), stat.st_ino, stat.st_mtime_ns) for p, stat in stats.items()}


def changed(before, after):
    return sorted(path.name for path in after if before.get(path) != after[path])


def test_exporting_again_changes_no_file(store, tmp_path):
    fill(store, "mine", "other")
    rows = tmp_path / "rows"
    assert len(export_suite(store, SUITE, rows)) == 2
    before = contents(rows)
    assert export_suite(store, SUITE, rows) == []
    assert contents(rows) == before
    # Nor does another store with the same results, whatever order they came in.
    with Store(tmp_path / "b.sqlite") as fresh:
        import_suite(fresh, SUITE, rows, [named("other"), MINE])
        assert export_suite(fresh, SUITE, rows) == []
    assert contents(rows) == before


def test_a_refreshed_agent_changes_one_file(store, tmp_path):
    fill(store, "a", "b", "c")
    rows = tmp_path / "rows"
    export_suite(store, SUITE, rows)
    before = contents(rows)
    fill(store, "b", seed=1)
    assert export_suite(store, SUITE, rows) == [rows / "tiny/b.npz"]
    assert changed(before, contents(rows)) == ["b.npz"]
    # A store that has one agent alone takes nothing from the others.
    with Store(tmp_path / "b.sqlite") as fresh:
        fill(fresh, "b", seed=2)
        assert export_suite(fresh, SUITE, rows) == [rows / "tiny/b.npz"]
    assert changed(before, contents(rows)) == ["b.npz"] and len(contents(rows)) == 3


@pytest.mark.parametrize("change", ["fingerprint", "seconds"])
def test_all_that_a_file_holds_counts(store, tmp_path, change):
    fill(store, "mine")
    export_suite(store, SUITE, tmp_path)
    new = records()
    new = replace(new, seconds=new.seconds + 1.0) if change == "seconds" else new
    with sqlite3.connect(tmp_path / "a.sqlite") as connection:
        connection.execute("DELETE FROM runs")
    store.begin(SUITE, MINE)
    store.add(SUITE, new, "there" if change == "fingerprint" else "here")
    assert len(export_suite(store, SUITE, tmp_path)) == 1


def test_a_file_that_is_compressed_otherwise_is_left(store, tmp_path):
    """Other versions of zlib give other bytes for the same rows."""
    fill(store, "mine")
    (path,) = export_suite(store, SUITE, tmp_path)
    with np.load(path) as file:
        np.savez(path, **dict(file))
    before = path.read_bytes()
    assert export_suite(store, SUITE, tmp_path) == []
    assert path.read_bytes() == before


def test_bytes_depend_on_nothing_but_the_rows(store, tmp_path, monkeypatch):
    fill(store, "mine")
    (path,) = export_suite(store, SUITE, tmp_path / "one")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    monkeypatch.setattr("time.time", lambda: 1e9)
    (again,) = export_suite(store, SUITE, tmp_path / "two")
    assert again.read_bytes() == path.read_bytes()
    with zipfile.ZipFile(path) as file:
        assert {member.date_time for member in file.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_through_a_file(store, tmp_path):
    store.add(SUITE, records(), "here")
    assert export_suite(store, SUITE, tmp_path / "out") == [tmp_path / "out/tiny/mine.npz"]
    with Store(tmp_path / "b.sqlite") as fresh:
        assert import_suite(fresh, SUITE, tmp_path / "out", [MINE]) == []
        back = fresh.records(SUITE, "mine")
        assert_equal_runs(back, records())
        seconds = records().seconds.astype(np.float32)
        np.testing.assert_array_equal(back.seconds, seconds.astype(np.float64))
        assert fresh.agents(SUITE)["mine"][1:] == (MINE.identity, "here", {}, N * S)
        (path,) = export_suite(fresh, SUITE, tmp_path / "again")
    assert path.read_bytes() == (tmp_path / "out/tiny/mine.npz").read_bytes()


def test_what_is_not_imported(store, tmp_path):
    store.add(SUITE, records(), "here")
    export_suite(store, SUITE, tmp_path)
    with Store(tmp_path / "b.sqlite") as fresh:
        assert import_suite(fresh, SUITE, tmp_path / "nowhere", [MINE]) == []
        assert import_suite(fresh, SUITE, tmp_path, [replace(MINE, name="other")]) == []
        assert import_suite(fresh, SUITE, tmp_path, [CHANGED]) == ["mine (settings)"]
        changed = replace(SUITE, version=2)
        assert import_suite(fresh, changed, tmp_path, [MINE]) == ["mine (the suite)"]
        assert fresh.agents(SUITE) == {}


def test_an_import_does_not_touch_complete_results(store, tmp_path):
    store.add(SUITE, records().first(16, 1), "here")
    export_suite(store, SUITE, tmp_path)
    store.add(SUITE, records(seed=1), "here")
    import_suite(store, SUITE, tmp_path, [MINE])
    assert_equal_runs(store.records(SUITE, "mine"), records(seed=1))


@pytest.mark.parametrize("change", ["suite", "regret", "about", "no json", "identity", "nameless"])
def test_a_file_with_something_missing(store, tmp_path, change):
    store.add(SUITE, records(), "here")
    (path,) = export_suite(store, SUITE, tmp_path)
    with np.load(path) as file:
        arrays = dict(file)
    if change in arrays:
        del arrays[change]
    else:
        nameless = '{"identity": "{}", "fingerprint": "here"}'
        about = {"no json": "no {json", "identity": "[]", "nameless": nameless}[change]
        arrays["about"] = np.array(about)
    np.savez(path, **arrays)
    with Store(tmp_path / "b.sqlite") as fresh:
        with pytest.raises(ValueError, match=r"tiny/mine\.npz is damaged"):
            import_suite(fresh, SUITE, tmp_path, [MINE])
        assert fresh.agents(SUITE) == {}


CHANGES = {
    "tasks": (lambda tasks: tasks.astype(float), "must be finite int64, they are float64"),
    "seeds": (lambda seeds: seeds[[0, 0]], r"seeds of 'mine' are repeated: \[3, 3\]"),
    "actions": (lambda actions: actions[..., :2], "actions of size 2.*asks for 3 .* size 3"),
    "regret": (lambda regret: np.where(regret > 0, np.nan, regret), "must be finite"),
    "regret ": (lambda regret: regret - 0.25, r"a regret of 'mine' is not in \[0, 1\]: -0"),
    "reward": (lambda reward: reward.astype(str), "must be finite float64"),
    "cost": (lambda cost: cost[1:], "cost of 'mine' has the shape"),
    "seconds": (lambda seconds: -seconds, "seconds of 'mine' are negative"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_file_with_something_that_does_not_fit(store, tmp_path, name):
    store.add(SUITE, records(), "here")
    (path,) = export_suite(store, SUITE, tmp_path)
    with np.load(path) as file:
        arrays = dict(file)
    change, message = CHANGES[name]
    name = name.strip()
    arrays[name] = change(arrays[name])
    np.savez(path, **arrays)
    with Store(tmp_path / "b.sqlite") as fresh:
        with pytest.raises(ValueError, match=rf"tiny/mine\.npz is damaged: .*{message}"):
            import_suite(fresh, SUITE, tmp_path, [MINE])
        assert fresh.agents(SUITE) == {}


def test_a_file_of_another_budget(store, tmp_path):
    store.add(SUITE, records(), "here")
    (path,) = export_suite(store, SUITE, tmp_path)
    with np.load(path) as file:
        arrays = dict(file)
    for name in ("actions", *COLUMNS):
        arrays[name] = arrays[name][:, :, :2]
    np.savez(path, **arrays)
    with Store(tmp_path / "b.sqlite") as fresh:
        with pytest.raises(ValueError, match=r"tiny/mine\.npz is damaged: .*have 2 evaluations"):
            import_suite(fresh, SUITE, tmp_path, [MINE])


def unsupported(data):
    """A member in a compression that nobody knows."""
    head, tail = data.index(b"PK\x01\x02"), bytearray(data)
    tail[8:10] = tail[head + 10 : head + 12] = b"\x63\x00"
    return bytes(tail)


def flipped(data):
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


def npy(data):
    buffer = io.BytesIO()
    np.save(buffer, np.zeros(3))
    return buffer.getvalue()


DAMAGES = {
    "cut": lambda data: data[:-200],
    "empty": lambda data: b"",
    "text": lambda data: b"version https://git-lfs.github.com/spec/v1",
    "a bit": flipped,
    "unsupported": unsupported,
    "an array": npy,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file(store, tmp_path, damage):
    fill(store, "mine")
    (path,) = export_suite(store, SUITE, tmp_path)
    whole = path.read_bytes()
    path.write_bytes(DAMAGES[damage](whole))
    remedy = r"tiny/mine\.npz is damaged: .*; restore it from its source, or delete it"
    with Store(tmp_path / "b.sqlite") as fresh, pytest.raises(ValueError, match=remedy):
        import_suite(fresh, SUITE, tmp_path, [MINE])
    # An export makes it whole.
    assert export_suite(store, SUITE, tmp_path) == [path]
    assert path.read_bytes() == whole


def test_a_nest_of_brackets(store, tmp_path):
    fill(store, "mine")
    (path,) = export_suite(store, SUITE, tmp_path)
    with np.load(path) as file:
        np.savez(path, **(dict(file) | {"about": np.array("[" * 100_000)}))
    with pytest.raises(ValueError, match=r"tiny/mine\.npz is damaged: Recursion"):
        import_suite(store, SUITE, tmp_path, [MINE])


def test_a_damaged_file_takes_no_other_with_it(store, tmp_path):
    fill(store, "mine", "other")
    export_suite(store, SUITE, tmp_path)
    (tmp_path / "tiny/other.npz").write_bytes(b"")
    with Store(tmp_path / "b.sqlite") as fresh:
        assert import_suite(fresh, SUITE, tmp_path, [MINE]) == []
        assert fresh.records(SUITE, "mine") is not None
