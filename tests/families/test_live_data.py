"""Data of live trainings: what is refused, which class is positive, what is held out."""

from __future__ import annotations

import numpy as np
import pytest
from live_classifiers import data

from hpo_gym.families import LiveFamily
from hpo_gym.families.live.data import NAMED, problem

INPUTS, CLASSES = data()


def changed(array, at, value):
    array = array.astype(float)
    array[at] = value
    return array


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"y": changed(CLASSES, 7, np.nan)}, "y has no class in row 7"),
        ({"y": [None, *CLASSES[1:]]}, "y has no class in row 0"),
        ({"y": [*["a", np.nan] * 30]}, "y has no class in row 1"),
        ({"y": [*["a", 1] * 30]}, "y has both texts and numbers"),
        ({"y": np.zeros(60)}, "y has one class, 0.0: two or more"),
        ({"y": CLASSES[:-1]}, "X has 60 rows, y has 59"),
        ({"y": CLASSES[:, None]}, r"y has the shape \(60, 1\)"),
        ({"y": np.arange(60) < 4}, "4 cases of the class True and 56 others: at least 5"),
        ({"y": np.arange(60)}, "1 cases of the class 0 and 59 others"),
        ({"X": INPUTS[:6], "y": CLASSES[:6]}, "at least 5 of each"),
        ({"X": INPUTS[:0], "y": CLASSES[:0]}, r"X has the shape \(0, 3\)"),
        ({"X": INPUTS[:, 0]}, r"X has the shape \(60,\)"),
        ({"X": INPUTS[:, :0]}, r"X has the shape \(60, 0\)"),
        ({"X": changed(INPUTS, (3, 1), np.nan)}, "X is nan in row 3, column 1"),
        ({"X": changed(INPUTS, (59, 2), np.inf)}, "X is inf in row 59, column 2"),
        ({"X": np.full((60, 2), "a")}, "X must be an array of numbers"),
        ({"X": [[1.0], [2.0, 3.0]]}, "X must be an array of numbers"),
        ({"X": np.ones((60, 2))}, "no column that varies"),
        ({"positive": 3}, r"positive = 3 must be one of the classes \[0, 1\]"),
        ({"y": None}, "give data or X and y"),
        ({"X": None}, "give data or X and y"),
        ({"data": "wine"}, "give data or X and y"),
        ({"model": "forest"}, r"model = 'forest' must be one of \['logistic', 'mlp'\]"),
        ({"model": 3}, "model = 3 must be callable"),
        ({"model": "live_classifiers:nothing"}, "cannot be imported"),
        ({"seeds": 0}, "seeds = 0 must be a whole number"),
        ({"seeds": 1.5}, "seeds = 1.5"),
        ({"time_limit": 0.0}, "time_limit = 0.0 must be above 0 s"),
        ({"time_limit": "soon"}, "time_limit = 'soon'"),
    ],
)
def test_what_is_refused(arguments, match):
    with pytest.raises(ValueError, match=match):
        LiveFamily(**{"X": INPUTS, "y": CLASSES, **arguments})


@pytest.mark.parametrize("name", ["diabetes", "Breast_cancer", "", 3])
def test_unknown_names(name):
    with pytest.raises(ValueError, match=rf"data = {name!r} must be one of .*'breast_cancer'"):
        LiveFamily(name)


@pytest.mark.parametrize("name", NAMED)
def test_data_sets_by_name(name):
    """The smallest class is positive; the others are one."""
    sets = pytest.importorskip("sklearn.datasets")
    inputs, classes = getattr(sets, f"load_{name}")(return_X_y=True)
    live = LiveFamily(name)
    smallest = np.bincount(classes).min()
    kept = live.problem
    assert kept.targets.sum() + kept.held_targets.sum() == smallest
    assert live.positives == kept.held_targets.sum() == round(0.4 * smallest)
    assert live.negatives == round(0.4 * (len(classes) - smallest))
    assert len(kept.inputs) + len(kept.held_inputs) == len(inputs)


def test_the_positive_class_can_be_chosen():
    texts = np.array(["dog", "cat", "cow"])[np.arange(60) % 3]
    for label, positive in ((None, "cat"), ("dog", "dog")):  # the first of equals
        found = problem(INPUTS, texts, label)
        numbers = np.concatenate([found.targets, found.held_targets])
        assert numbers.sum() == (texts == positive).sum()


def test_the_two_parts_share_no_case_and_only_one_sets_the_scale():
    inputs = np.arange(200.0)[:, None] * [1.0, -3.0] + [5.0, 0.0]
    found = problem(np.column_stack([inputs, np.ones(200)]), np.arange(200) % 4 == 0, None)
    assert found.inputs.shape == (120, 2)  # what does not vary is left out
    np.testing.assert_allclose(found.inputs.mean(axis=0), 0.0, atol=1e-12)
    np.testing.assert_allclose(found.inputs.std(axis=0), 1.0)
    assert not set(found.inputs[:, 0]) & set(found.held_inputs[:, 0])
    assert abs(found.held_inputs.mean(axis=0)).min() > 1e-6
    again = problem(inputs, np.arange(200) % 4 == 0, True)
    np.testing.assert_array_equal(again.held_inputs, found.held_inputs)
    assert found.held_targets.sum() == 20
