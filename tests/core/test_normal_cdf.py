"""Phi on floats, arrays and tensors, against SciPy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.special import ndtr

from hpo_gym.arrays import Floats, Vectors, namespace_of
from hpo_gym.arrays.normal_cdf import normal_cdf, normal_cdf_array

X = np.concatenate([np.linspace(-40.0, 40.0, 200_001), np.linspace(-1e-3, 1e-3, 1001)])


def test_absolute_error():
    assert np.abs(normal_cdf_array(X) - ndtr(X)).max() < 1e-12


def test_relative_error_in_the_lower_tail():
    x = X[X > -37.5]
    assert np.abs(normal_cdf_array(x) / ndtr(x) - 1.0).max() < 1e-12


def test_range_and_symmetry():
    phi = normal_cdf_array(X)
    assert ((phi >= 0.0) & (phi <= 1.0)).all()
    np.testing.assert_allclose(phi + normal_cdf_array(-X), 1.0, rtol=1e-15)
    assert (np.diff(normal_cdf_array(X[:200_001])) >= 0.0).all()
    assert normal_cdf(0.0) == normal_cdf(-0.0) == 0.5


@pytest.mark.parametrize("far", [41.0, 1e10, 1e300, np.inf])
def test_far_out(far):
    assert normal_cdf(-far) == 0.0
    assert normal_cdf(far) == 1.0
    np.testing.assert_array_equal(normal_cdf_array(np.array([-far, far])), [0.0, 1.0])


def test_nan_stays():
    assert np.isnan(normal_cdf(np.nan))
    assert np.isnan(normal_cdf_array(np.array([np.nan]))).all()


def test_one_number_has_the_bits_of_an_array():
    x = np.random.default_rng(3).normal(scale=4.0, size=3000)
    many = Vectors.ndtr(x, 1.5 * x)
    one = [Floats.ndtr(float(value), float(1.5 * value)) for value in x]
    assert all(isinstance(value, float) for pair in one for value in pair)
    np.testing.assert_array_equal(np.array(one).T, many)


def test_columns_beside_numbers():
    x = np.linspace(-3.0, 3.0, 7)
    np.testing.assert_array_equal(Vectors.ndtr(0.5, x)[0], np.full(7, normal_cdf(0.5)))


def test_torch_has_tails_and_gradients():
    x = torch.linspace(-37.0, 8.0, 91, dtype=torch.float64, requires_grad=True)
    (phi,) = namespace_of(x).ndtr(x)
    np.testing.assert_allclose(phi.detach().numpy(), ndtr(x.detach().numpy()), rtol=1e-11)
    (gradient,) = torch.autograd.grad(phi.sum(), x)
    density = np.exp(-0.5 * x.detach().numpy() ** 2) / np.sqrt(2.0 * np.pi)
    np.testing.assert_allclose(gradient.numpy(), density, rtol=1e-11)


def test_counts():
    expected, most = np.array([-0.2, -7.0, 0.5, 1.5, 2.51, 9.0]), np.full(6, 5.0)
    whole = Vectors.counts(expected, most)
    np.testing.assert_array_equal(whole, [0.0, 0.0, 0.0, 2.0, 3.0, 5.0])
    assert not np.signbit(whole).any()
    assert [Floats.counts(value, 5.0) for value in expected.tolist()] == whole.tolist()
    tensor = torch.tensor(expected, requires_grad=True)
    counts = namespace_of(tensor).counts(tensor, torch.tensor(most))
    np.testing.assert_allclose(counts.detach().numpy(), whole, atol=1e-14)
    (gradient,) = torch.autograd.grad((2.0 * counts).sum(), tensor)
    assert (gradient == 2.0).all()  # as if rounding and clipping were not there
