"""The binormal model under changing learning rates: constant rates, falling ones, an episode."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
from binormal_by_scipy import FAMILY
from scipy.special import expit, ndtr

from hpo_gym.arrays import Floats, Vectors
from hpo_gym.learning_rate import LearningRateOptions

ROWS, ROW = Vectors(), Floats()
SLOW = {"z0": -1.0, "ld": -1.0, "D": 0.95, "pi": 0.3, "d1": 0.3, "d0": 0.3, "lh": 0.3}
"""A training that needs progress, and that large steps spoil."""


def trained(scheduled, parameters, log_lrs, xp=ROWS):
    """Noise-free metrics after each block."""
    parameters = scheduled.untrained(parameters, None)
    for log_lr in log_lrs:
        parameters = scheduled.advanced(parameters, log_lr, xp)
        yield scheduled.noiseless(parameters, (log_lr,), xp)


@pytest.mark.parametrize("block_epochs", [1, 4, 20])
@pytest.mark.parametrize("thr", [0.0, 0.37, 0.5])
def test_a_constant_rate_has_the_metrics_of_the_binormal_family(block_epochs, thr):
    tasks = np.arange(0, 2**17, 61)
    log_lr = np.random.default_rng(1).uniform(-4.0, 0.8, len(tasks))
    scheduled = LearningRateOptions(block_epochs=block_epochs, thr=thr).made_family
    c = FAMILY.sample("train", tasks)
    blocks = trained(scheduled, c, [log_lr] * (100 // block_epochs))
    for number, found in enumerate(blocks, start=1):
        epochs = np.full(len(tasks), float(number * block_epochs))
        expected = FAMILY.noiseless(c, (np.full(len(tasks), thr), epochs, log_lr), ROWS)
        for name, one, other in zip(FAMILY.metrics, found, expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12, err_msg=name)
    assert number * block_epochs == 100


def test_one_row_and_many_are_equal_bit_for_bit():
    scheduled = LearningRateOptions().made_family
    schedule = np.random.default_rng(2).uniform(-4.0, 0.8, (20, 50))
    c = FAMILY.sample("test", np.arange(50))
    together = [np.array(metrics) for metrics in trained(scheduled, c, schedule)]
    for row in range(50):
        alone = trained(scheduled, c.row(row), schedule[:, row].tolist(), ROW)
        assert [list(metrics) for metrics in alone] == [m[:, row].tolist() for m in together]


def best(scheduled, parameters, log_lrs, metric):
    scores = [scheduled.score(m, metric, ROW) for m in trained(scheduled, parameters, log_lrs, ROW)]
    return max(scores), scores


@pytest.mark.parametrize("metric", ["f1", "loss", "accuracy"])
def test_a_falling_rate_can_beat_every_constant_one(metric):
    scheduled = LearningRateOptions(max_epochs=50).made_family
    c = FAMILY.with_model(SLOW)
    constant = max(best(scheduled, c, [x] * 10, metric)[0] for x in np.linspace(-4.0, 0.8, 481))
    falling, curve = best(scheduled, c, np.linspace(0.6, -2.5, 10).tolist(), metric)
    rising, _ = best(scheduled, c, np.linspace(-2.5, 0.6, 10).tolist(), metric)
    assert falling > constant + 0.01 > rising
    assert curve[-1] > curve[2]


def test_the_order_of_the_rates_counts_and_small_ones_forget():
    scheduled = LearningRateOptions().made_family
    c = FAMILY.with_model(SLOW)
    *_, high_last = trained(scheduled, c, [-1.5] * 10 + [0.5] * 2, ROW)
    *_, high_first = trained(scheduled, c, [0.5] * 2 + [-1.5] * 10, ROW)
    assert high_first.f1 > high_last.f1 + 0.05
    # After long enough only the sum of all rates tells that the first ones were large.
    *_, long = trained(scheduled, c, [0.5] * 2 + [-1.5] * 60, ROW)
    total = 10.0 * 10.0**0.5 + 300.0 * 10.0**-1.5
    same = FAMILY.noiseless(c, (0.5, total / 10.0**-1.5, -1.5), ROW)
    assert long == pytest.approx(same, abs=1e-9)


def by_hand(c, lrs, epochs, thr):
    """F1 after each block: the module's text, with sums over all blocks."""
    unit = 10.0**c.z0
    for n in range(1, len(lrs) + 1):
        taken = np.array(lrs[:n]) * epochs / unit
        since = np.array([taken[i + 1 :].sum() for i in range(n)])
        w = (1.0 - np.exp(-taken)) * np.exp(-since)
        a = (w * lrs[:n]).sum() / w.sum()
        p = taken.sum()
        g, b = np.log(1.0 + p), 1.0 - np.exp(-p)
        k = 1.0 - c.D * expit(10.0**1.2 * (np.log10(a) - c.ld))
        m1, m0 = c.beta * b + c.d1 * g * k, c.beta * b - c.d0 * g * k
        u = np.log(thr / (1.0 - thr))
        recall = ndtr((m1 - u) / (c.si + c.s1 * g + 0.01))
        false = ndtr((m0 - u) / (c.si + c.s0 * g + 0.01))
        pi = c.positives / (c.positives + c.negatives)
        yield 2.0 * pi * recall / (pi * recall + (1.0 - pi) * false + pi)


def test_an_episode_by_hand():
    """Rewards are those of the noise-free F1 of the block that was observed to be the best."""
    options = {"max_epochs": 24, "block_epochs": 4, "thr": 0.4, "epoch_cost": 0.05}
    env = gym.make("hpo_gym:LearningRateSchedule-v0", split="test", task=11, **options)
    _, info = env.reset(seed=3)
    assert info["task"] == 11 and info["epochs"] == info["evaluations"] == 0
    actions = [0.9, 0.5, 0.5, -0.2, -0.4, 2.0]
    lrs = [10.0 ** (-4.0 + 2.4 * (min(a, 1.0) + 1.0)) for a in np.float32(actions).tolist()]
    exact = list(by_hand(FAMILY.sample("test", 11), lrs, 4, 0.4))
    incumbent, observed = 0.0, -1.0
    for number, (action, lr, f1) in enumerate(zip(actions, lrs, exact, strict=True), start=1):
        observation, reward, over, _, info = env.step(np.array([action, 0.0], np.float32))
        gain = 0.0
        if info["f1"] > observed:
            observed, gain, incumbent = info["f1"], f1 - incumbent, f1
        assert reward == pytest.approx(gain - 0.002, abs=1e-12)
        assert info["lr"] == pytest.approx(lr, rel=1e-12)
        assert info["epochs"] == 4 * number and info["best_f1"] == observed
        assert info["total_cost"] == pytest.approx(0.002 * number)
        row = observation[10 + 7 * (number - 1) :][:7]
        assert row.tolist() == [*observation[:6].tolist(), 1.0]
        assert row[0] == np.float32(min(action, 1.0)) and row[5] == np.float32(info["f1"])
        assert observation[8] == np.float32(1.0 - number / 6) and observation[9] == 1.0
        assert not observation[10 + 7 * number :].any()
        assert abs(info["f1"] - f1) < 0.25 and over == (number == 6)
    assert observation[7] == np.float32(observed)


def test_a_stop_costs_nothing_and_trains_nothing():
    env = gym.make("hpo_gym:LearningRateSchedule-v0")
    env.reset(seed=0)
    before, _, _, _, info = env.step([0.5, -1.0])
    after, reward, over, _, last = env.step([0.9, 0.01])
    assert over and reward == 0.0 and last == {**info, "cost": 0.0}
    assert np.array_equal(before, after)
