"""Checkpoints from strangers: nothing in them is run, and the training goes on from another."""

from __future__ import annotations

import hashlib
import io
import pickle
import zipfile

import pytest
import torch
from bombs import Bomb

from agents.training import checkpoints


def saved(value):
    buffer = io.BytesIO()
    torch.save(value, buffer)
    return buffer.getvalue()


def torch_zip(pickled):
    """What torch takes for its own, with another pickle in it."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(saved({"a": torch.ones(2)}))) as old,
        zipfile.ZipFile(buffer, "w") as new,
    ):
        for name in old.namelist():
            new.writestr(name, pickled if name.endswith("data.pkl") else old.read(name))
    return buffer.getvalue()


HOSTILE = {
    "saved": saved({"learner": Bomb()}),
    "in the archive": torch_zip(pickle.dumps({"learner": Bomb()}, protocol=2)),
    "plain": pickle.dumps(Bomb()),
    "old": b"\x80\x02cposix\nsystem\n.",
    "module": saved({"learner": torch.nn.Linear(2, 2)}),
    "no dict": saved([1, 2]),
    "garbage": b"\x00" * 1000,
    "empty": b"",
}


def write(folder, steps, data):
    path = folder / f"{steps:012d}.checkpoint"
    path.write_bytes(checkpoints._MAGIC + hashlib.sha256(data).hexdigest().encode() + b"\n" + data)
    return path


def test_the_bomb_is_one(tmp_path):
    """Negative control: without `weights_only` it goes off."""
    for case in ("saved", "in the archive"):
        with pytest.raises(pytest.fail.Exception, match="was run"):
            torch.load(io.BytesIO(HOSTILE[case]), weights_only=False)


@pytest.mark.parametrize("case", HOSTILE)
def test_nothing_is_run(tmp_path, case, capsys):
    good = {"learner": {"weight": torch.ones(2), "random": "[1]"}}
    checkpoints.save(tmp_path, good, 5)
    bad = write(tmp_path, 7, HOSTILE[case])
    with pytest.raises(ValueError, match=f"{bad.name} .*delete it to go on"):
        checkpoints.load(bad)
    state = checkpoints.load_latest(tmp_path)
    assert state["learner"]["random"] == "[1]"
    assert str(bad) in capsys.readouterr().err
    assert torch.equal(
        checkpoints.load(write(tmp_path, 9, saved(good)))["learner"]["weight"],
        good["learner"]["weight"],
    )
