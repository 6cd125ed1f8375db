"""`scripts.recording.likeness`: how far families are from the recorded tables."""

from __future__ import annotations

import numpy as np
import pytest

from hpo_gym import make_family
from hpo_gym.families.recorded.grid import SHAPE, THRS, points
from scripts.recording import likeness
from scripts.recording.likeness import Arguments, Likeness, distance, measured_tasks


@pytest.fixture(scope="module")
def tables():
    return measured_tasks("recorded", "train", 1000)


def test_families_are_as_far_from_the_tables_as_the_page_says(tables):
    """The tables of other data sets are nearest, then the binormal family."""
    found = {
        name: distance(tables, measured_tasks(name, "validation", 48))
        for name in ("recorded", "binormal", "fictitious")
    }
    means = {name: apart.mean() for name, apart in found.items()}
    assert means["recorded"] < 0.3 < means["binormal"] < 0.5 < means["fictitious"]
    places = {name: place for place, name in enumerate(Likeness._fields)}
    assert found["fictitious"][places["near"]] > 0.5
    assert found["fictitious"][places["together"]] > 0.8  # lr and epochs hardly interact
    assert found["binormal"][places["together"]] < found["fictitious"][places["together"]]


def test_distances():
    values = np.arange(20.0)[:, None]
    assert distance(values, values) == [0.0]
    assert distance(values, values + 100.0) == [1.0]
    assert distance(values, values + 5.0) == pytest.approx([0.25])


def test_slopes_of_sigmoids():
    for slope in (6.0, 12.0, 20.0):
        recall = 0.8 / (1.0 + np.exp(slope * (THRS - 0.5)))
        assert likeness._slope(recall) == pytest.approx(slope, rel=0.12)


def test_residuals_and_their_lengths():
    thr, epochs, z = (column.reshape(SHAPE) for column in points())
    assert np.abs(likeness._residual(thr + np.log(epochs) - z * z)).max() < 1e-12
    product = likeness._residual(thr * z)
    np.testing.assert_allclose(product, (thr - 0.5) * (z + 1.6), atol=1e-12)
    rough = np.random.default_rng(0).standard_normal(SHAPE)
    for axis in range(3):
        assert likeness._length(rough, axis) < 1.0 / (SHAPE[axis] - 1)
    assert likeness._length(product, 0) == pytest.approx(0.262, abs=0.001)


def test_noise_is_that_of_the_seeds():
    family = make_family("recorded")
    seen = likeness.likeness(family, "train", 0)
    c, grid = family.sample("train", 0), points()
    seeds = [
        family.evaluate(c, grid, None, (np.full(len(grid[0]), (s + 0.5) / 3),), likeness._XP)[1].f1
        for s in range(3)
    ]
    assert seen.noise == pytest.approx(np.sqrt(np.var(seeds, axis=0).mean()), rel=0.05)
    assert seen.at_best < seen.noise


@pytest.mark.parametrize(
    ("change", "words"),
    [({"tasks": 1}, "--tasks 1 must be"), ({"families": ("beale",)}, "'beale' is no family of")],
)
def test_mistakes_are_named_by_their_option(change, words):
    with pytest.raises(ValueError, match=words):
        likeness.main(Arguments(**{"families": (), **change}))
