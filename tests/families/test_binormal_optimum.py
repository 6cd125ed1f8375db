"""Optima of the binormal family against searches that know nothing of its structure."""

from __future__ import annotations

import numpy as np
import pytest
from binormal_by_scipy import FAMILY, METRICS, configurations, direct_metrics
from scipy.special import expit, logit

from hpo_gym.arrays import Vectors
from hpo_gym.families.binormal.family import RANGES

ROWS = Vectors()


def grid_best(c, metric):
    """The best of a dense grid over the whole search space, and where it is."""
    z = np.linspace(-4.0, 0.8, 193)
    epochs = np.array([1.0, 2.0, 3.0, 5.0, 8.0, 13.0, 21.0, 34.0, 55.0, 75.0, 90.0, 100.0])
    thr = expit(np.linspace(-6.3, 6.3, 151)) if metric == "f1" else np.array([0.5])
    mesh = np.meshgrid(thr, epochs, 10.0**z, indexing="ij")
    score = FAMILY.score(direct_metrics(c, *mesh), metric, ROWS)
    at = np.unravel_index(np.argmax(score), score.shape)
    return score[at], np.array([thr[at[0]], epochs[at[1]], z[at[2]]])


def polished(c, metric, start):
    """Climb from a grid point by shrinking random steps in logit thr, epochs and log10 lr."""
    generator = np.random.default_rng(5)
    best, point = -1.0, start
    for scale in 0.3 * 0.5 ** np.arange(22.0):
        step = generator.normal(size=(3, 400)) * scale * np.array([[1.0], [10.0], [0.3]])
        thr = expit(np.clip(logit(point[0]) + step[0], -6.3, 6.3))
        epochs = np.clip(np.rint(point[1] + step[1]), 1.0, 100.0)
        z = np.clip(point[2] + step[2], -4.0, 0.8)
        score = FAMILY.score(direct_metrics(c, thr, epochs, 10.0**z), metric, ROWS)
        row = int(np.argmax(score))
        if score[row] > best:
            best, point = score[row], np.array([thr[row], epochs[row], z[row]])
    return best


@pytest.mark.parametrize("metric", METRICS)
def test_optima_against_brute_force(metric):
    index = np.arange(30)
    c = FAMILY.sample("validation", index)
    optima = FAMILY.solve(c, metric)
    reached = direct_metrics(c, optima.scaled[0], optima.scaled[1], 10.0 ** optima.scaled[2])
    np.testing.assert_allclose(FAMILY.score(reached, metric, ROWS), optima.score, atol=1e-9)
    for task in index:
        one = c.row(int(task))
        coarse, start = grid_best(one, metric)
        fine = max(coarse, polished(one, metric, start))
        assert fine - optima.score[task] <= 1e-9, task  # never exceeded
        assert optima.score[task] - fine <= 1e-6, task  # and reached without the search's tricks


def test_optima_against_random_search():
    scaled = configurations(200_000, seed=6)
    lr = 10.0 ** scaled[2]
    optima = FAMILY.solve(FAMILY.sample("shifted", np.arange(10)), "f1")
    for task in range(10):
        f1 = direct_metrics(FAMILY.sample("shifted", task), scaled[0], scaled[1], lr)[4]
        assert 0.0 < optima.score[task] - f1.max() < 0.02


def test_optima_beyond_the_prior():
    """The search solves all that `with_model` takes: a finer one finds nothing better."""
    generator = np.random.default_rng(8)
    for _ in range(12):
        model = {name: generator.uniform(*bounds) for name, bounds in RANGES.items()}
        one = FAMILY.with_model(model)
        score = FAMILY.best_score(one, "f1")
        coarse, start = grid_best(one, "f1")
        fine = max(coarse, polished(one, "f1", start))
        assert -1e-6 <= fine - score <= 1e-9, model


def test_the_lowest_learning_rate_is_best_at_given_progress():
    """What reduces the search to one dimension; and a control: at given epochs it is false."""
    c = FAMILY.sample("train", np.arange(3000))
    thr, epochs, z = configurations(3000, seed=9)
    epochs = np.minimum(epochs, 50.0)
    z = np.maximum(z, -3.5)
    before = FAMILY.noiseless(c, (thr, epochs, z), ROWS)
    after = FAMILY.noiseless(c, (thr, 2.0 * epochs, z - np.log10(2.0)), ROWS)
    lower = FAMILY.noiseless(c, (thr, epochs, z - np.log10(2.0)), ROWS)
    for metric in METRICS:
        old, new, control = (FAMILY.score(m, metric, ROWS) for m in (before, after, lower))
        assert (new >= old - 1e-12).all()
        assert (control < old - 1e-3).mean() > 0.1


def test_frontier():
    c = FAMILY.sample("validation", 3)
    for metric in METRICS:
        (_, epochs, _), score = FAMILY.frontier(c, metric)
        np.testing.assert_array_equal(epochs, np.arange(1.0, 101.0))
        assert score.max() == pytest.approx(FAMILY.best_score(c, metric), abs=1e-9)
        others = configurations(40_000, seed=10)
        for level in (1, 7, 60):
            wide = (others[0], np.full(40_000, float(level)), others[2])
            found = FAMILY.score(FAMILY.noiseless(c, wide, ROWS), metric, ROWS).max()
            assert 0.0 <= score[level - 1] - found < 0.02
    with pytest.raises(ValueError, match="'precision' is not one of"):
        FAMILY.frontier(c, "precision")
