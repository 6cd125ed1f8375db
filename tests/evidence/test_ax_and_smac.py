"""Ax and SMAC3 as contestants, where they are installed."""

from __future__ import annotations

import logging
import os
import random
import subprocess
import sys
import warnings
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("optuna")
if not (find_spec("ax") and find_spec("smac")):  # importing them here would print their log lines
    pytest.skip("Ax and SMAC3 are not installed", allow_module_level=True)

from hpo_gym import Categorical, Float, Integer, SearchSpace
from scripts.anyspace.rows import Kept, Run, play
from scripts.anyspace.tasks import tasks_of
from scripts.anyspace.tuners import USUAL, contestant

PEERS = ("ax", "smac")
ROOT = Path(__file__).parents[2]

MIXED = SearchSpace(
    {
        "x": Float(-1.0, 1.0),
        "rate": Float(1e-4, 1.0, log=True),
        "layers": Integer(1, 8),
        "units": Integer(1, 512, log=True),
        "kind": Categorical(["relu", None, True, 2]),
    }
)


def score(configuration):
    error = configuration["x"] ** 2 + 0.1 * abs(np.log10(configuration["rate"]) + 2.0)
    error += 0.01 * abs(configuration["layers"] - 3) + 1e-4 * configuration["units"]
    return 1.0 - error - 0.2 * (configuration["kind"] is None)


def tuned(name, count, *, workers=1, failed=(), space=MIXED, score=score, seed=5):
    """The configurations that were asked for."""
    tuner, asked, running = contestant(name).make(space, count, seed), [], []
    for number in range(count):
        while len(running) < workers and len(asked) < count:
            running.append(tuner.ask())
            asked.append(dict(running[-1]))
        if number in failed:
            tuner.fail(running.pop(0))
        else:
            configuration = running.pop(0)
            tuner.tell(configuration, score(configuration))
    return asked


known = cache(tuned)
"""Most of the time goes into the libraries' models."""


@pytest.mark.parametrize("name", PEERS)
def test_configurations_are_those_of_the_space_and_repeatable(name):
    first = known(name, 6)
    random.seed(1)
    np.random.seed(1)  # the libraries' random numbers are their own
    assert tuned(name, 6) == first
    assert tuned(name, 2, seed=6)[1] != first[1]
    for configuration in first:
        MIXED.unit(configuration)  # raises where a value is not one
        assert [type(configuration[n]) for n in MIXED.names[:4]] == [float, float, int, int]
        assert configuration["kind"] in ("relu", None, True, 2)


@pytest.mark.parametrize("name", PEERS)
def test_another_process_does_the_same(name):
    code = f"from test_ax_and_smac import tuned; print(tuned({name!r}, 6)[-1])"
    paths = os.pathsep.join([str(ROOT), str(ROOT / "tests/support"), str(Path(__file__).parent)])
    printed = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": paths, "PYTHONHASHSEED": "1"},  # here it is another one
        check=True,
        capture_output=True,
        text=True,
    )
    assert printed.stdout == f"{known(name, 6)[-1]}\n"
    assert printed.stderr == ""  # no log lines, no warnings


@pytest.mark.parametrize("name", PEERS)
def test_the_beginning_of_a_longer_run_is_a_shorter_one(name):
    assert not contestant(name).plans
    assert tuned(name, 7)[:6] == known(name, 6)


@pytest.mark.parametrize("name", PEERS)
def test_regret_falls_below_that_of_the_first_four(name):
    (index,) = tasks_of("classical", 2, 1)
    row = play(Run("classical", 2, index, "", 0, 1, 14, name))
    assert len(row.milliseconds) == 14
    assert row.regrets[-1] < 0.5 * row.regrets[3]


@pytest.mark.parametrize("name", PEERS)
def test_failures_are_told_and_not_tried_again(name):
    asked = tuned(name, 7, failed=(0, 1))
    assert asked == tuned(name, 7, failed=(0, 1))
    assert asked[:4] == known(name, 6)[:4]
    assert asked[4] != known(name, 6)[4]
    assert len({MIXED.unit(configuration) for configuration in asked}) == 7


@pytest.mark.parametrize("name", PEERS)
def test_all_may_fail(name):
    assert len({MIXED.unit(c) for c in tuned(name, 6, failed=range(6))}) == 6


@pytest.mark.parametrize("name", PEERS)
def test_several_workers_get_configurations_of_their_own(name):
    asked = tuned(name, 7, workers=4)
    assert asked == tuned(name, 7, workers=4)
    assert asked[:4] == known(name, 6)[:4]
    assert len({MIXED.unit(configuration) for configuration in asked}) == 7


@pytest.mark.parametrize("name", PEERS)
def test_a_space_that_is_exhausted_goes_on_at_random(name):
    few = SearchSpace({"layers": Integer(1, 3)})
    asked = tuned(name, 6, space=few, score=lambda configuration: configuration["layers"])
    assert sorted(c["layers"] for c in asked[:3]) == [1, 2, 3]
    assert {c["layers"] for c in asked[3:]} <= {1, 2, 3}


@pytest.mark.parametrize("name", PEERS)
def test_they_are_quiet_inside_alone(name, caplog, capfd):
    filters, disabled = list(warnings.filters), logging.root.manager.disable
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tuned(name, 5)
    assert caplog.records == []
    assert capfd.readouterr() == ("", "")
    assert (warnings.filters, logging.root.manager.disable) == (filters, disabled)


def test_their_rows_have_files_of_their_names(tmp_path):
    kept = Kept(tmp_path)
    run = Run("classical", 2, 0, "", 0, 1, 2, "ax")
    for name in PEERS:
        kept.add(name, play(run._replace(tuner=name)))
    assert sorted(file.name for file in tmp_path.iterdir()) == ["ax.jsonl", "smac.jsonl"]
    assert set(PEERS).isdisjoint(USUAL)
