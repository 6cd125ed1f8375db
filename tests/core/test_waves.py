"""Cosines and weighted sums are the same for one row, many rows and tensors."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from hpo_gym.arrays import Floats, Vectors, namespace_of

WEIGHTS = np.random.default_rng(0).normal(size=(3, 7))


@pytest.mark.parametrize("rows", [1, 2, 9, 1000])
def test_one_row_equals_many(rows):
    columns = np.random.default_rng(rows).normal(scale=20.0, size=(7, rows))
    cosines, sums = Vectors.cos(tuple(columns)), Vectors.combine(WEIGHTS, tuple(columns))
    assert cosines.shape == (7, rows)
    assert sums.shape == (3, rows)
    for row in range(rows):
        one = tuple(columns[:, row].tolist())
        assert Floats.cos(one) == cosines[:, row].tolist()
        assert Floats.combine(WEIGHTS, one) == sums[:, row].tolist()
    np.testing.assert_allclose(cosines, np.cos(columns), rtol=0, atol=1e-14)
    np.testing.assert_allclose(sums, WEIGHTS @ columns, rtol=0, atol=1e-12)
    tensors = tuple(torch.from_numpy(columns))
    xp = namespace_of(tensors[0])
    np.testing.assert_allclose(xp.cos(tensors).numpy(), cosines, rtol=0, atol=1e-14)
    np.testing.assert_allclose(xp.combine(WEIGHTS, tensors).numpy(), sums, rtol=0, atol=1e-12)


def test_cosines_where_the_tangent_has_a_pole():
    angles = np.pi * np.array([0.0, 0.5, 1.0, 1.5, 2.0, 3.0, -1.0])
    np.testing.assert_allclose(Vectors.cos((angles,))[0], np.cos(angles), rtol=0, atol=1e-15)


def test_columns_may_have_any_shape_that_broadcasts():
    first, second = np.arange(6.0).reshape(2, 3), np.array([10.0, 20.0, 30.0])
    (total,) = Vectors.combine(np.array([[2.0, 0.5]]), (first, second))
    np.testing.assert_array_equal(total, 2.0 * first + 0.5 * second)
