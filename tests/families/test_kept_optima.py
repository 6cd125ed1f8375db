"""Optima on the disk: used if they are what they say, solved anew if not."""

import hashlib
from typing import ClassVar

import numpy as np
import pytest

from hpo_gym.families import FictitiousFamily, bank
from hpo_gym.families import optima as storage
from hpo_gym.families.optima import solved_anew

SIZE, CHECKED = 600, 256


class Small(FictitiousFamily):
    """Some hundred tasks in a split; it counts the tasks that it solves for."""

    sizes: ClassVar = {"train": SIZE, "validation": SIZE, "test": SIZE}
    solved: ClassVar[list] = []

    def describe(self):
        return {"name": self.name, "version": 99}

    def solve(self, parameters, metric):
        found = super().solve(parameters, metric)
        self.solved.append(len(found.score))
        return found


class Newer(Small):
    """The same tasks, solved better."""

    solver_version = 2


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HPO_GYM_CACHE", str(tmp_path / "cache"))
    forget()
    yield tmp_path / "cache"
    forget()


def forget():
    """What another process would not know."""
    for cached in (bank._optima, bank._block, bank._optimum):
        cached.cache_clear()
    Small.solved.clear()


def optima(split="test", metric="f1", family=Small):
    """As a new process finds them."""
    forget()
    return family().optima(split, metric)


def assert_solved_anew(exact, capsys, file):
    found = optima()
    assert Small.solved[-1] == SIZE
    np.testing.assert_array_equal(found.score, exact.score)
    np.testing.assert_array_equal(found.scaled, exact.scaled)
    (line,) = capsys.readouterr().err.splitlines()
    assert str(file) in line and "solving these tasks anew" in line
    optima()  # and they were kept
    assert Small.solved == [CHECKED]
    assert capsys.readouterr().err == ""


def test_optima_are_kept_and_some_are_checked(folder, capsys):
    exact = optima()
    assert Small.solved == [SIZE]
    again = optima()
    assert Small.solved == [CHECKED]
    np.testing.assert_array_equal(again.scaled, exact.scaled)
    np.testing.assert_array_equal(again.score, exact.score)
    assert not again.score.flags.writeable
    assert len(list(folder.iterdir())) == 1
    assert capsys.readouterr().err == ""


def signed(family, split, metric, scores):
    """A file of other scores with the digest that belongs to them."""
    made = family.optima(split, metric)
    key = bank._Split(family, split)
    identity = f"{key.text} {metric} {family.solver_version}".encode() + bank._block(key).tobytes()
    content = np.vstack([made.scaled, scores]).tobytes()
    return hashlib.sha256(hashlib.sha256(identity).digest() + content).digest() + content


def one_bit(data):
    place = 32 + 4 * SIZE * 8 - 3  # of the last task's score
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:100],
        lambda data: b"",
        lambda data: data + b"0",
        lambda data: one_bit(data),
        lambda data: data[:32] + (0.8 * np.frombuffer(data[32:])).tobytes(),
        lambda data: data[32:],
        lambda data: signed(Small(), "test", "f1", 0.8 * Small().optima("test", "f1").score),
        lambda data: signed(Small(), "test", "f1", np.full(SIZE, np.nan)),
    ],
    ids="truncated empty longer bit scaled undigested signed signed-nan".split(),
)
def test_other_contents_are_solved_anew(folder, capsys, damage):
    exact = optima()
    (file,) = folder.iterdir()
    file.write_bytes(damage(file.read_bytes()))
    assert_solved_anew(exact, capsys, file)


def test_nobody_can_spare_the_tasks_that_are_checked(folder, monkeypatch):
    """Not by those of earlier processes: other tasks are drawn each time."""
    exact, seen = optima(), []
    agrees = storage._agrees

    def watched(found, solve):
        return agrees(found, lambda tasks: seen.append(set(tasks.tolist())) or solve(tasks))

    monkeypatch.setattr(storage, "_agrees", watched)
    optima(), optima()
    assert [len(tasks) for tasks in seen] == [CHECKED, CHECKED]
    assert seen[0] != seen[1]
    spared = np.isin(np.arange(SIZE), list(seen[0] | set(range(0, SIZE, 7)) | {SIZE - 1}))
    forged = np.where(spared, exact.score, 0.8 * exact.score)
    (file,) = folder.iterdir()
    file.write_bytes(signed(Small(), "test", "f1", forged))
    np.testing.assert_array_equal(optima().score, exact.score)


@pytest.mark.parametrize(
    "other",
    [{"split": "train"}, {"metric": "accuracy"}, {"family": Newer}],
    ids=["split", "metric", "solver"],
)
def test_a_whole_file_of_something_else_is_solved_anew(folder, capsys, other):
    exact = optima()
    (file,) = folder.iterdir()
    optima(**other)
    (swapped,) = set(folder.iterdir()) - {file}
    file.write_bytes(swapped.read_bytes())
    assert_solved_anew(exact, capsys, file)


def test_a_folder_that_cannot_be_written_costs_the_time_alone(folder, capsys, monkeypatch):
    exact = optima()
    (folder / "file").write_text("no folder")
    monkeypatch.setenv("HPO_GYM_CACHE", str(folder / "file"))
    np.testing.assert_array_equal(optima().score, exact.score)
    assert "optima are not kept" in capsys.readouterr().err


def test_who_solves_anew_reads_nothing_and_finds_the_same(folder):
    exact = optima()
    forget()
    with solved_anew():
        for task in (3, 4, 3):
            scaled, score = Small().best("test", task, "f1")
            assert score == exact.score[task] and isinstance(score, float)
            np.testing.assert_array_equal(scaled, exact.scaled[:, task])
        scaled, score = Small().best("test", np.array([7, 3]), "f1")
        np.testing.assert_array_equal(score, exact.score[[7, 3]])
        np.testing.assert_array_equal(scaled, exact.scaled[:, [7, 3]])
    assert Small.solved == [1, 1, 1]  # the tasks that were asked for, once each
    Small().best("test", 3, "f1")
    assert Small.solved[-1] == CHECKED  # outside, the file counts again


def test_who_solves_anew_is_not_deceived_by_what_this_process_read(folder, monkeypatch):
    """Even where a file deceives the check of some of its tasks."""
    exact = optima().score
    forged = exact.copy()
    forged[3] *= 0.8
    (file,) = folder.iterdir()
    file.write_bytes(signed(Small(), "test", "f1", forged))
    monkeypatch.setattr(storage, "_agrees", lambda *_: True)
    assert optima().score[3] == forged[3]
    with solved_anew():
        assert Small().best("test", 3, "f1")[1] == exact[3]
