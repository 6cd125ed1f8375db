"""What observations show, and what they must not show."""

from __future__ import annotations

import math

import numpy as np
import pytest
from walks import INFO, walk

from hpo_gym import FictitiousModel, TuningEnv, TuningVectorEnv


def test_start_none_knows_nothing():
    env = TuningEnv(start="none", observation="history")
    observation, info = env.reset(seed=0)
    zero = {name: kind(0) for name, kind in INFO.items()}
    assert info == zero | {"regret": 1.0}
    parts = env.process.encoder.decode(observation)
    assert parts.known == 0.0
    assert parts.budget == 1.0
    assert np.count_nonzero(observation) == 1
    # The first evaluation is the incumbent, whatever it is worth.
    observation, reward, _, _, info = env.step(np.array([1, -1, -1], dtype=np.float32))
    assert info["best_f1"] == info["f1"] > 0.0
    assert reward == pytest.approx(info["f1"] - 0.0022, abs=1e-15)
    parts = env.process.encoder.decode(observation)
    assert parts.known == 1.0
    assert parts.history_filled.tolist() == [1.0] + [0.0] * 19


@pytest.mark.parametrize(
    "options",
    [
        {"noise": 0.2},
        {"noise": 0.2, "observation": "history", "max_evaluations": 5},
        {"noise": 0.2, "observation": "history", "start": "none", "metric": "loss"},
        {"action": "nudge", "observation": "history", "stop": True, "metric": "accuracy"},
    ],
    ids=str,
)
def test_observations_are_what_the_infos_observed(options):
    """Every component is recomputed from what a tuner may know; nothing else is in it."""
    env = TuningEnv(**options)
    encoder, space = env.process.encoder, env.process.space
    metric = options.get("metric", "f1")
    rows, best, evaluations = [], None, -1
    for observation, reward, info in walk(env, 30, seed=4):
        assert observation in env.observation_space
        known = reward is not None or options.get("start") != "none"
        row, score = np.zeros(8), 0.0
        if known:
            # Epochs are observed unrounded: take that coordinate from the observation itself,
            # which must round to the epochs of the info.
            row[:3] = observation[:3]
            natural = space.unit([info["thr"], info["epochs"], info["lr"]])
            assert row[[0, 2]] == pytest.approx([natural[0], natural[2]], abs=1e-6)
            assert round(1 + 99 * (row[1] + 1) / 2) == info["epochs"]
            loss = info["loss"]
            row[3:] = (
                info["precision"],
                info["recall"],
                loss / (1 + loss),
                info["accuracy"],
                info["f1"],
            )
            score = 1 / (1 + loss) if metric == "loss" else info[metric]
        if info["evaluations"] > evaluations:  # no stop
            evaluations = info["evaluations"]
            rows += [row] if known else []
            if len(rows) < 2 or score > best[1]:
                best = row[:3], score
        budget = 1 - info["evaluations"] / encoder.max_evaluations
        expected = [*row, *best[0], best[1], budget, float(known)]
        if options.get("observation") == "history":
            for past in rows:
                expected += [*past, 1.0]
            expected += [0.0] * (encoder.size - len(expected))
        np.testing.assert_array_equal(observation, np.array(expected, dtype=np.float32))
        assert encoder.evaluations(observation) == info["evaluations"]


def test_observations_do_not_know_the_optimum():
    """Two models that agree wherever they are evaluated, but not in their optima."""
    curvature = 3.0 + 0.01 / math.log10(2.0) ** 2  # keeps what 40 epochs reach
    other = {"accuracy_epochs_peak": 0.96, "accuracy_epochs_curvature": curvature}
    low = FictitiousModel().accuracy_epochs_curve(40.0)
    assert FictitiousModel(**other).accuracy_epochs_curve(40.0) == pytest.approx(low, rel=1e-15)
    for options in ({"observation": "history"}, {"noise": 0.1}, {"start": "none"}):
        envs = TuningEnv(**options), TuningEnv(**options)
        reset = {} if "start" in options else {"start": {"thr": 0.1, "epochs": 40, "lr": 0.1}}
        results = [
            env.reset(seed=0, options={**reset, "model": model})
            for env, model in zip(envs, ({}, other), strict=True)
        ]
        np.testing.assert_allclose(results[0][0], results[1][0], rtol=1e-6)
        for thr in (0.3, -0.2, 0.6):
            action = np.array([thr, 2 * 39 / 99 - 1, thr], dtype=np.float32)
            results = [env.step(action) for env in envs]
            np.testing.assert_allclose(results[0][0], results[1][0], rtol=1e-6)
        # What may know the optimum does.
        assert results[0][4]["regret"] != pytest.approx(results[1][4]["regret"], rel=1e-3)


def test_layout_decodes_batches():
    for options in ({}, {"observation": "history"}, {"observation": "history", "start": "none"}):
        envs = TuningVectorEnv(6, max_evaluations=4, **options)
        observations, _ = envs.reset(seed=0)
        for _ in range(3):
            observations, *_, infos = envs.step(envs.action_space.sample())
        encoder = envs.process.encoder
        batch = encoder.decode(observations)
        for row in range(6):
            for part, whole in zip(encoder.decode(observations[row]), batch, strict=True):
                np.testing.assert_array_equal(part, whole[row])
        assert infos["evaluations"].tolist() == [3] * 6
        assert encoder.evaluations(observations).tolist() == [3] * 6
        np.testing.assert_allclose(batch.features[:, 4], infos["f1"], rtol=1e-6)
        np.testing.assert_allclose(batch.best_score, infos["best_f1"], rtol=1e-6)
        filled = 3 + (options.get("start") != "none")
        assert batch.history_filled.sum(axis=1).tolist() == [filled * bool(encoder.rows)] * 6
        with pytest.raises(ValueError, match=f"has {encoder.size} components"):
            encoder.decode(observations[:, 1:])
    # The size that the documentation states.
    assert TuningEnv().observation_space.shape == (14,)


def test_ties_keep_the_earlier_incumbent():
    """Two coordinates that round to the same epochs have the same score, bit for bit."""
    for make in (TuningEnv, lambda **options: TuningVectorEnv(1, **options)):
        env = make(start="none")
        env.reset(seed=0)
        actions = np.array([[0.0, 0.6, 0.4], [0.0, 0.601, 0.4]], dtype=np.float32)
        for action in actions:
            observation, *_, info = env.step(action.reshape(env.action_space.shape))
        assert info["epochs"] == 80
        assert info["best_f1"] == info["f1"]
        parts = env.process.encoder.decode(observation)
        np.testing.assert_array_equal(parts.unit.reshape(-1), actions[1])
        np.testing.assert_array_equal(parts.best_unit.reshape(-1), actions[0])
