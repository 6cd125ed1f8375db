"""Policies, databases and result files that were damaged or forged: refused, or found out."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3

import numpy as np
import pytest
from tiny_benchmarks import SUITE, ran, tuner

from hpo_gym import pretrained
from hpo_gym.benchmark.results import database
from hpo_gym.benchmark.results.archive import export_suite, import_suite
from hpo_gym.benchmark.results.store import Store
from hpo_gym.benchmark.running.replay import validate
from hpo_gym.benchmark.running.runner import fingerprint
from hpo_gym.policies.policy import Policy

pytestmark = pytest.mark.slow
KIND = "files"
NUMBERS = ("regret", "reward", "resource", "cost")
CHANGES = {
    "next": lambda x: np.nextafter(x, np.inf),
    "better": lambda x: 0.5 * x,
    "negative": lambda x: -x - 0.1,
    "nan": lambda x: np.nan * x,
    "infinite": lambda x: x + np.inf,
    "huge": lambda x: x + 1e300,
}


def damages(data, generator, count):
    """The bytes, cut short, with other bits, with a piece gone or doubled, or replaced."""
    yield from (b"", data[:1], data[:-1], data[: len(data) // 2], data[1:], data * 2, b"\0" * 5000)
    for _ in range(count):
        place = int(generator.integers(len(data)))
        length = int(generator.integers(1, 200))
        flipped = bytes([data[place] ^ (1 << int(generator.integers(8)))])
        yield data[:place] + flipped + data[place + 1 :]
        yield data[:place] + data[place + length :]
        yield data[:place] + generator.bytes(length) + data[place + length :]


@pytest.mark.parametrize("known", pretrained.policies()[:3], ids=str)
@pytest.mark.parametrize("end", [".npz", ".json"])
def test_policies(attack, known, end, tmp_path):
    """Refused, or the same policy to the last bit; what is only told may differ."""
    for other in (".npz", ".json"):
        shutil.copy(known.path.with_suffix(other), tmp_path / f"p{other}")
    file = tmp_path / f"p{end}"
    good, original = file.read_bytes(), Policy.load(tmp_path / "p.npz")
    observations = np.random.default_rng(0).uniform(-1, 1, (20, original.observation_size))
    expected = original.predict(observations, deterministic=True)[0]

    def same(policy):
        np.testing.assert_array_equal(policy.predict(observations, deterministic=True)[0], expected)

    for number, data in enumerate(damages(good, np.random.default_rng(1), 60)):
        file.write_bytes(data)
        attack.attempt(
            f"{end}, damage {number}", lambda: Policy.load(tmp_path / "p.npz"), same, str(tmp_path)
        )


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A folder with a store of one tuner's rows, and these as a result file."""
    folder = tmp_path_factory.mktemp("filled")
    entry = tuner(folder)
    with Store(folder / "a.sqlite") as store:
        store.begin(SUITE, entry)
        store.add(SUITE, ran(SUITE, entry, next(SUITE.shards(16, 1))), fingerprint())
        export_suite(store, SUITE, folder / "rows")
    return folder


def verdicts(path):
    """What a replay finds wrong with a database, which must show all episodes or say so."""
    with Store(path, read_only=True) as store:
        return [*validate(store, SUITE)]


def all_right(found):
    assert [verdict.difference for verdict in found] == [None]
    assert found[0].episodes == 16 and found[0].bitwise


def test_damaged_databases(attack, filled, tmp_path, monkeypatch):
    """Refused, found wrong, or still right."""
    good, path = (filled / "a.sqlite").read_bytes(), tmp_path / "a.sqlite"
    for number, data in enumerate(damages(good, np.random.default_rng(2), 60)):
        path.write_bytes(data)
        what = f"database, damage {number}"
        try:
            found = verdicts(path)
        except (ValueError, sqlite3.Error) as error:  # the commands say both in one line
            attack.note("refused" if str(error) else "silently wrong", what)
            continue
        except Exception as error:
            attack.note("tracebacks", f"{what}: {error!r}")
            continue
        noticed = not found or found[0].difference is not None
        noticed = noticed or found[0].episodes < 16 or not found[0].bitwise
        if noticed:
            attack.note("refused", what)
        else:
            attack.verify(what, lambda found=found: all_right(found))


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("column", NUMBERS)
def test_tampered_numbers(attack, filled, tmp_path, column, change):
    """In a database, and in a result file that is imported: a replay finds each."""
    with sqlite3.connect(filled / "a.sqlite") as connection:
        rows = connection.execute(f"SELECT rowid, {column} FROM episodes").fetchall()
    for row, blob in rows[::5]:
        for step in range(SUITE.budget):
            shutil.copy(filled / "a.sqlite", tmp_path / "a.sqlite")
            numbers = np.frombuffer(blob, "<f8").copy()
            numbers[step] = CHANGES[change](numbers[step])
            if numbers.tobytes() == blob:
                continue
            with sqlite3.connect(tmp_path / "a.sqlite") as connection:
                connection.execute(
                    f"UPDATE episodes SET {column} = ? WHERE rowid = ?", (numbers.tobytes(), row)
                )
            found_out(attack, f"{column}[{step}] {change}", tmp_path, filled)


def found_out(attack, what, folder, filled):
    """The change is noticed where it is, and after export and import into another store."""
    try:
        noticed = any(verdict.difference for verdict in verdicts(folder / "a.sqlite"))
        with Store(folder / "a.sqlite") as store:
            export_suite(store, SUITE, folder)
        with Store(folder / "b.sqlite") as other:
            import_suite(other, SUITE, folder, [tuner(filled)])
        noticed &= any(verdict.difference for verdict in verdicts(folder / "b.sqlite"))
    except ValueError as error:
        noticed = "damaged" in str(error)
    (folder / "b.sqlite").unlink(missing_ok=True)
    shutil.rmtree(folder / SUITE.name, ignore_errors=True)
    attack.note("refused" if noticed else "silently wrong", what)


def test_damaged_result_files(attack, filled, tmp_path):
    """Refused by name, or the rows are right all the same."""
    (source,) = [path for path in (filled / "rows").rglob("*") if path.is_file()]
    target = tmp_path / source.relative_to(filled / "rows")
    target.parent.mkdir(parents=True, exist_ok=True)
    entry = tuner(filled)

    def read():
        with Store(":memory:") as store:
            outdated = import_suite(store, SUITE, tmp_path, [entry])
            return outdated, [*validate(store, SUITE)]

    def right(result):
        outdated, found = result
        if not outdated and found:  # else it is said, or there is nothing: never other numbers
            all_right(found)

    for number, data in enumerate(damages(source.read_bytes(), np.random.default_rng(3), 80)):
        target.write_bytes(data)
        attack.attempt(f"result file, damage {number}", read, right)


def test_databases_out_of_reach(attack, filled, tmp_path, monkeypatch):
    """Locked by another process, read-only, of another format, no file, a text."""
    monkeypatch.setattr(database, "_PATIENCE", 0.2)
    path = tmp_path / "a.sqlite"
    for mode in ("locked", "format", "text", "folder", "missing", "table", "read-only"):
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        shutil.copy(filled / "a.sqlite", path)
        other = sqlite3.connect(path, isolation_level=None)
        if mode == "locked":
            other.execute("BEGIN EXCLUSIVE")
        elif mode == "format":
            other.execute("PRAGMA user_version = 99")
        elif mode == "table":
            other.execute("DROP TABLE episodes")
        if mode != "locked":
            other.close()
        if mode == "text":
            path.write_text(json.dumps({"rows": []}))
        elif mode in ("folder", "missing"):
            path.unlink()
            path.mkdir() if mode == "folder" else None
        elif mode == "read-only":
            os.chmod(path, 0o444)
        try:
            found = verdicts(path)
        except (ValueError, sqlite3.Error) as error:
            good = mode != "read-only" and len(str(error)) > 10
            attack.note("refused" if good else "silently wrong", f"{mode}: {error}")
        else:
            attack.verify(mode, (lambda f=found: all_right(f)) if mode == "read-only" else None)
        finally:
            other.close()
