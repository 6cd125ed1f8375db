"""The comparison script and tuners of one's own that fail, or that take rows alone."""

import csv
import json
import sys

import pytest

from scripts import compare

OWN = """
import numpy as np

class Batches:  # takes rows alone, as README's tuner does
    def __init__(self, problem, *, seed=0):
        self.encoder = problem.encoder

    def predict(self, observation, state=None, episode_start=None, deterministic=False):
        left = self.encoder.decode(observation).budget[:, None]
        return np.clip(left * np.ones((1, 3)), -1, 1).astype(np.float32), state

class Raises(Batches):
    def predict(self, *arguments, **keywords):
        raise RuntimeError("in the middle")

class Invalid(Batches):
    def predict(self, observation, **keywords):
        return np.full((len(observation), 3), np.nan), None

class Constructor:
    def __init__(self, problem, *, seed=0):
        raise KeyError("at first")

class Silent:
    def __init__(self, problem, *, seed=0): ...
"""


def run_compare(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["script", *map(str, arguments)])
    compare.main()


def read_csv(folder):
    lines = (folder / "compare.csv").read_text().splitlines()
    return {row["agent"]: row for row in csv.DictReader(lines)}


def test_a_tuner_that_fails_takes_no_other_with_it(tmp_path, monkeypatch, capsys):
    file = tmp_path / "own.py"
    file.write_text(OWN)
    own = [f"{file}:{name}" for name in ("Raises", "Batches", "Invalid")]
    arguments = ["--episodes", 5, "--out", tmp_path, "--agents", "random"]
    arguments += [word for agent in own for word in ("--agent", agent)]
    with pytest.raises(SystemExit) as ended:
        run_compare(monkeypatch, *arguments)
    assert ended.value.code == 1 and list(read_csv(tmp_path)) == ["random", "Batches"]
    told = capsys.readouterr().err
    assert "failed: Raises:" in told and "RuntimeError: in the middle" in told
    assert "failed: Invalid:" in told and "3 numbers in [-1, 1] without NaN" in told
    for name, message in [
        ("Constructor", "agent 'Constructor' fails at .*own.py, line 22: KeyError: 'at first'"),
        ("Silent", "agent 'Silent': Silent has no method predict"),
    ]:
        with pytest.raises(SystemExit, match=f"error: {message}"):
            run_compare(monkeypatch, *arguments, "--agent", f"{file}:{name}")


def test_infos_and_a_sequence_of_tasks_change_no_comparison(tmp_path, monkeypatch):
    family = ("--env", "FictitiousHPOFamily-v0", "--agents", "random", "oracle")
    rows = {}
    for infos in ("all", "none"):
        options = json.dumps({"task": [3, 1], "infos": infos})
        out = tmp_path / infos
        arguments = (*family, "--options", options, "--episodes", 6, "--out", out)
        run_compare(monkeypatch, *arguments)
        rows[infos] = read_csv(out)
        assert json.loads(rows[infos]["oracle"]["options"])["task"] == [3, 1]
        assert float(rows[infos]["oracle"]["regret_16"]) < 1e-9  # it was told these
    for name in ("random", "oracle"):
        assert rows["all"][name]["return_mean"] == rows["none"][name]["return_mean"]
