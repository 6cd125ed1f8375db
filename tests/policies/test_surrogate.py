"""The surrogate model: a Gaussian process, checked against the textbook's formulas."""

from __future__ import annotations

import math

import numpy as np
import pytest

from hpo_gym.policies.anyspace import surrogate
from hpo_gym.policies.anyspace.scores import standardised


def history(n=3, t=7, size=4, seed=0):
    random = np.random.default_rng(seed)
    return random.random((n, t, size)), random.standard_normal((n, t))


def same(points):
    return points


def kernel(left, right, lengths):
    """Matern 5/2, pair by pair."""
    out = np.empty((len(left), len(right)))
    for i, a in enumerate(left):
        for j, b in enumerate(right):
            r = np.sqrt(
                5.0 * sum(((x - y) / h) ** 2 for x, y, h in zip(a, b, lengths, strict=True))
            )
            out[i, j] = (1.0 + r + r * r / 3.0) * np.exp(-r)
    return out


def log_posterior(log, points, values):
    covariance = kernel(points, points, np.exp(log[:-1])) + np.exp(log[-1]) * np.eye(len(points))
    _, determinant = np.linalg.slogdet(covariance)
    # The variance is integrated out but for its prior, that of 4 scores of variance 1.
    square = values @ np.linalg.solve(covariance, values) + 4.0
    fit = -0.5 * (len(values) + 4) * np.log(square) - 0.5 * determinant
    middle = surrogate._LOG_LENGTH + 0.5 * np.log(points.shape[1])
    prior = -0.5 * ((log[:-1] - middle) ** 2).sum() / surrogate._LENGTH_SPREAD**2
    noise = -0.5 * ((log[-1] - surrogate._LOG_NOISE) / surrogate._NOISE_SPREAD) ** 2
    return fit + prior + noise


def test_the_gradient_is_that_of_the_log_posterior():
    points, values = history()
    log = np.random.default_rng(1).normal(-0.5, 0.4, (3, 5))
    differences = (points[:, :, None] - points[:, None]) ** 2
    gradient = surrogate._gradient(log, differences, values)
    for row in range(3):
        for i in range(5):
            ends = []
            for sign in (1.0, -1.0):
                moved = log[row].copy()
                moved[i] += sign * 1e-5
                ends.append(log_posterior(moved, points[row], values[row]))
            assert gradient[row, i] == pytest.approx((ends[0] - ends[1]) / 2e-5, rel=1e-4, abs=1e-6)


def test_posterior_of_the_textbook():
    points, values = history()
    model = surrogate.prior(3, 4)
    there = np.random.default_rng(2).random((3, 6, 4))
    seen = surrogate._Posterior(model, points, values)(there)
    for row in range(3):
        gain, mean, deviation = seen[row]
        lengths = np.exp(model.log[row, :-1])
        noise = np.exp(model.log[row, -1]) + 1e-6
        covariance = kernel(points[row], points[row], lengths) + noise * np.eye(7)
        across = kernel(there[row], points[row], lengths)
        np.testing.assert_allclose(mean, across @ np.linalg.solve(covariance, values[row]))
        square = values[row] @ np.linalg.solve(covariance, values[row])
        variance = 1.0 - np.einsum("ij,ji->i", across, np.linalg.solve(covariance, across.T))
        variance *= (square + 4.0) / (7 + 4.0)
        np.testing.assert_allclose(deviation, np.sqrt(variance), rtol=1e-6)
        z = (mean - values[row].max()) / deviation
        below = np.array([0.5 * math.erfc(-each / math.sqrt(2.0)) for each in z])
        density = np.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
        np.testing.assert_allclose(gain, deviation * (z * below + density), atol=3e-4)


def test_fitting_climbs():
    random = np.random.default_rng(3)
    points = random.random((1, 24, 2))
    values = np.sin(9.0 * points[:, :, 0])  # the second coordinate does not matter
    values = (values - values.mean()) / values.std()
    model = surrogate.prior(1, 2)
    before = log_posterior(model.log[0], points[0], values[0])
    for last in range(2, 25):
        model = surrogate.fitted(model, points[:, :last], values[:, :last])
    assert log_posterior(model.log[0], points[0], values[0]) > before + 5.0
    assert model.log[0, 1] > model.log[0, 0] + 1.0


@pytest.mark.parametrize("seed", range(5))
def test_guesses_find_the_top_of_a_bowl(seed):
    random = np.random.default_rng(seed)
    points = random.random((1, 30, 2))
    values, _ = standardised(-((points - 0.6) ** 2).sum(axis=2))
    model = surrogate.prior(1, 2)
    for last in range(2, 31):
        model = surrogate.fitted(model, points[:, :last], values[:, :last])
    around = points[:, values[0].argmax()]
    guesses = surrogate.guesses(model, points, values, around, random.random((1, 2)), same)
    nearest = np.linalg.norm(around - 0.6)
    assert np.linalg.norm(guesses.points[0, 1] - 0.6) < max(0.5 * nearest, 0.02)


def test_rows_do_not_see_each_other():
    points, values = history(n=4)
    model = surrogate.fitted(surrogate.prior(4, 4), points, values)
    filler = np.random.default_rng(5).random((4, 4))
    together = surrogate.guesses(model, points, values, points[:, 0], filler, same)
    for row in range(4):
        one = surrogate.fitted(surrogate.prior(1, 4), points[[row]], values[[row]])
        alone = surrogate.guesses(
            one, points[[row]], values[[row]], points[[row], 0], filler[[row]], same
        )
        for all_rows, mine in zip(together, alone, strict=True):
            np.testing.assert_allclose(all_rows[row], mine[0], rtol=1e-6, atol=1e-8)


def test_standardised_scores():
    scores = np.array([[1.0, 3.0, np.nan, -np.inf, 2.0], [5.0, 5.0, np.nan, 5.0, 5.0]])
    values, deviation = standardised(scores)
    assert values[0, 2] == 0.0  # running: the mean
    assert values[0, 3] == values[0, 0] == values[0].min()  # failed: as bad as the worst
    told = values[0, [0, 1, 3, 4]]
    assert told.mean() == pytest.approx(0.0) and told.std() == pytest.approx(1.0)
    assert (values[1] == 0.0).all() and deviation[1, 0] == 1.0


def test_scores_that_are_all_known_are_standardised_as_those_beside_a_running_one():
    scores = np.random.default_rng(6).standard_normal((5, 7)) ** 3
    waiting = np.hstack([scores, np.full((5, 1), np.nan)])
    for mine, theirs in zip(standardised(scores), standardised(waiting), strict=True):
        np.testing.assert_allclose(mine, theirs[:, : mine.shape[1]], atol=1e-12)


@pytest.mark.parametrize("scores", [[np.nan], [-np.inf], [-np.inf, np.nan], [0.0]], ids=str)
def test_nothing_known_is_finite(scores):
    values, deviation = standardised(np.array([scores]))
    assert np.isfinite(values).all() and (deviation > 0.0).all()


def test_an_outlier_does_not_hide_the_others():
    usual = np.array([[0.1, 0.2, 0.3, 0.4]])
    values, _ = standardised(np.concatenate([usual, [[-1e9]]], axis=1))
    assert values[0, 3] - values[0, 2] > 0.2
    shifted, _ = standardised(1e6 * usual - 5.0)
    np.testing.assert_allclose(shifted, standardised(usual)[0], atol=1e-6)


def test_what_is_running_is_believed_to_be_as_expected():
    points, values = history(n=2, t=6)
    model, pending = surrogate.prior(2, 4), np.zeros((2, 6))
    pending[0, 4:] = 1.0
    believed = surrogate.believed(model, points, values, pending)
    np.testing.assert_array_equal(believed[pending == 0.0], values[pending == 0.0])
    known = surrogate._Posterior(surrogate.prior(1, 4), points[:1, :4], values[:1, :4])
    expected = known(points[:1, 4:])[0, 1]
    np.testing.assert_allclose(believed[0, 4:], expected, atol=1e-4)
    assert surrogate.believed(model, points, values, np.zeros((2, 6))) is values


@pytest.mark.parametrize("scale", [1e308, 1e200, 1e-200, 1e-300])
def test_scores_of_any_size_count_alike(scale):
    scores = np.array([[0.5, -0.3, np.nan, 1.0, -np.inf, 0.8]])
    with np.errstate(all="raise", under="ignore"):
        values, _ = standardised(scale * scores)
    np.testing.assert_allclose(values, standardised(scores)[0], atol=1e-12)


def test_the_largest_floats_leave_the_others_as_they_are():
    usual, largest = np.array([[0.1, 0.2, 0.3, 0.4]]), np.finfo(float).max
    values, _ = standardised(np.concatenate([usual, [[-largest]]], axis=1))
    np.testing.assert_allclose(values, standardised(np.append(usual, -1e9)[None])[0], rtol=1e-9)
    assert np.isfinite(standardised(np.array([[largest, -largest, 0.0]]))[0]).all()
