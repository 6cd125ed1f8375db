"""Scrambled Sobol points, against SciPy's and the theory of digital nets."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import qmc

from hpo_gym.sobol import _matrices, sobol, space_filling
from tests.support.spaces import MIXED


def test_the_matrices_are_those_of_scipy():
    theirs = qmc.Sobol(20, scramble=False, bits=32)._sv  # (20, 32)
    np.testing.assert_array_equal(_matrices(), theirs)


def test_a_point_is_a_function_of_key_and_index():
    points = sobol(7, 0, 100, 5)
    np.testing.assert_array_equal(sobol(7, 61, 1, 5)[0], points[61])
    # The scrambling of an axis does not depend on how many there are.
    np.testing.assert_array_equal(sobol(7, 0, 100, 3), points[:, :3])
    assert not np.array_equal(sobol(8, 0, 100, 5), points)
    keys = np.array([7, 2**63 + 1], dtype=np.uint64)
    many = sobol(keys, 10, 20, 5)
    np.testing.assert_array_equal(many[0], points[10:30])
    np.testing.assert_array_equal(many[1], sobol(2**63 + 1, 10, 20, 5))


@pytest.mark.parametrize("start", [0, 64, 320])
def test_each_stratum_of_each_axis_has_one_point(start):
    points = sobol(3, start, 64, 20)
    assert (np.sort(np.floor(points * 64), axis=0) == np.arange(64)[:, None]).all()
    random = np.random.default_rng(0).uniform(size=(64, 20))
    assert not (np.sort(np.floor(random * 64), axis=0) == np.arange(64)[:, None]).all()


def test_each_box_of_the_first_two_axes_has_one_point():
    points = sobol(5, 0, 64, 2)  # a (0, 6, 2)-net, and scrambling leaves it one
    for m in range(7):
        boxes = np.floor(points * [2**m, 2 ** (6 - m)]) @ [2 ** (6 - m), 1]
        assert sorted(boxes) == list(range(64))


def test_points_are_uniform_and_axes_independent_over_keys():
    keys = np.arange(4000, dtype=np.uint64)
    points = sobol(keys, 0, 2, 6)
    first = points[:, 0]
    assert np.abs(first.mean(axis=0) - 0.5).max() < 0.02
    assert np.abs(first.std(axis=0) - 12**-0.5).max() < 0.01
    assert np.abs(np.corrcoef(first.T) - np.eye(6)).max() < 0.05
    # Two points of a pair lie in different halves of each axis, else anywhere.
    assert ((points < 0.5).sum(axis=1) == 1).all()


def test_scrambled_points_integrate_better_than_random_ones():
    def error(points):
        return np.abs(np.prod(1.0 + (points - 0.5), axis=-1).mean(axis=-1) - 1.0).mean()

    keys = np.arange(50, dtype=np.uint64)
    random = np.random.default_rng(0).uniform(size=(50, 256, 6))
    assert error(sobol(keys, 0, 256, 6)) < 0.1 * error(random)


def test_choices_are_equally_often_chosen_and_one_hot():
    points = space_filling(MIXED, 1, 0, 96)
    assert points.shape == (96, MIXED.dimension)
    assert (np.abs(points) <= 1.0).all()
    optimizer = points[:, MIXED.slices["optimizer"]]
    assert sorted(np.unique(optimizer)) == [-1.0, 1.0]
    assert (optimizer.sum(axis=1) == -1.0).all()
    assert np.abs((optimizer > 0).sum(axis=0) - 32).max() <= 2
    keys = np.array([1, 2], dtype=np.uint64)
    np.testing.assert_array_equal(space_filling(MIXED, keys, 0, 96)[0], points)


@pytest.mark.parametrize(
    ("start", "count", "dimensions", "match"),
    [(0, 1, 21, "dimensions = 21"), (0, 1, 0, "dimensions = 0"), (-1, 2, 3, "points -1 to 1")],
)
def test_bounds(start, count, dimensions, match):
    with pytest.raises(ValueError, match=match):
        sobol(0, start, count, dimensions)
