"""The live family: counts, what is trained and what is not, seeds, copies, descriptions."""

from __future__ import annotations

import copy
import json
import os
import sys

import gymnasium as gym
import numpy as np
import pytest
from live_classifiers import Log, data, described, family

from hpo_gym import TuningEnv, TuningVectorEnv, make_family
from hpo_gym.arrays import Floats
from hpo_gym.families import LiveFamily
from hpo_gym.families.live import training
from hpo_gym.families.live.classifiers import MODELS
from hpo_gym.testing import check_family

ROW = Floats()
OPTIONS = {"start": "none", "max_evaluations": 6, "observation": "history"}


def evaluated(live, thr, epochs, lr, draw=0.0):
    """Metrics by name."""
    metrics = live.evaluate(None, (thr, float(epochs), float(np.log10(lr))), None, (draw,), ROW)[1]
    return dict(zip(live.metrics, metrics, strict=True))


def action(live, thr, epochs, lr):
    return np.array(live.space.unit({"thr": thr, "epochs": epochs, "lr": lr}), np.float32)


@pytest.fixture
def log(tmp_path):
    return Log(tmp_path / "epochs")


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", ["breast_cancer", "wine"])
def test_metrics_are_those_of_scikit_learn(name, model):
    """Trained and counted here, without the family."""
    metrics = pytest.importorskip("sklearn.metrics")
    live = LiveFamily(name, model=model)
    problem = live.problem
    for lr, epochs, thr in [(0.003, 2, 0.45), (0.003, 9, 0.5), (0.2, 5, 0.2), (0.2, 3, 0.97)]:
        classifier = MODELS[model](10.0 ** float(np.log10(lr)), 0)
        for _ in range(epochs):
            classifier.partial_fit(problem.inputs, problem.targets, classes=[0, 1])
        chance, truth = classifier.predict_proba(problem.held_inputs)[:, 1], problem.held_targets
        found = chance >= thr
        expected = {
            "precision": metrics.precision_score(truth, found, zero_division=0.0),
            "recall": metrics.recall_score(truth, found),
            "loss": metrics.log_loss(problem.targets, classifier.predict_proba(problem.inputs)),
            "accuracy": metrics.accuracy_score(truth, chance >= 0.5),
            "f1": metrics.f1_score(truth, found),
        }
        assert evaluated(live, thr, epochs, lr) == pytest.approx(expected, rel=1e-12)
    live.close()


def test_at_the_threshold_1_nothing_is_positive():
    live = family()
    metrics = evaluated(live, 1.0, 3, 0.1)
    assert metrics["f1"] == metrics["precision"] == metrics["recall"] == 0.0
    assert evaluated(live, 0.0, 3, 0.1)["recall"] == 1.0
    live.close()


def test_only_what_is_not_known_is_trained(log):
    live = family(log=log.path)
    for thr, epochs, lr, trained in [
        *((0.5, 4, 0.1, 4), (0.5, 4, 0.1, 0), (0.2, 4, 0.1, 0), (0.7, 1, 0.1, 0)),
        *((0.5, 4, 0.2, 4), (0.5, 9, 0.1, 5), (0.5, 7, 0.1, 0), (0.5, 7, 0.2, 3)),
    ]:
        evaluated(live, thr, epochs, lr)
        assert log.new() == [pytest.approx(lr)] * trained
    live.close()


def test_the_order_of_evaluations_changes_nothing():
    asked = [(0.5, 9, 0.3), (0.4, 2, 0.3), (0.5, 5, 0.05), (0.5, 20, 0.3), (0.6, 11, 0.05)]
    one = family()
    together = [evaluated(one, *each) for each in asked]
    one.close()
    for each, metrics in zip(asked, together, strict=True):
        alone = family()
        assert evaluated(alone, *each) == metrics
        alone.close()


def test_a_step_is_one_evaluation(log):
    """Learning rates are all different: no more and no fewer epochs than were asked for."""
    live = family(log=log.path)
    env = TuningEnv(family=live, **OPTIONS)
    env.reset(seed=0)
    assert log.new() == []
    for epochs, lr in ((3, 0.01), (12, 0.02), (1, 0.04)):
        *_, info = env.step(action(live, 0.5, epochs, lr))
        assert info["epochs"] == epochs
        assert log.new() == [info["lr"]] * epochs
    assert "regret" not in info and "is_success" not in info
    envs = TuningVectorEnv(3, family=live, **OPTIONS)
    envs.reset(seed=0)
    *_, infos = envs.step([action(live, 0.5, n, 0.1 * n) for n in (1, 2, 5)])
    assert log.new() == np.repeat(infos["lr"], infos["epochs"]).tolist()
    env.close()


def test_a_conformance_check_evaluates_16_times():
    live = family()
    calls = []
    evaluate = live.evaluate
    live.evaluate = lambda *given: calls.append(1) or evaluate(*given)
    live.describe = described
    check_family(live)
    assert len(calls) == 16 * len(live.sizes)
    live.close()


def test_seeds_are_drawn(log):
    live = family(log=log.path, seeds=3)
    losses = [evaluated(live, 0.5, 2, 0.1, draw)["loss"] for draw in (0.0, 0.34, 0.99, 0.3, 0.7)]
    assert len(set(losses[:3])) == 3
    assert losses[3:] == [losses[0], losses[2]]
    assert len(log.new()) == 3 * 2
    env = TuningEnv(family=live, **OPTIONS)
    env.reset(seed=1)
    shown = [env.step(action(live, 0.5, 2, 0.1))[-1]["loss"] for _ in range(6)]
    assert 1 < len(set(shown)) <= 3
    with pytest.raises(ValueError, match=r"noise = 0\.1: .* training seeds"):
        TuningEnv(family=live, noise=0.1, **OPTIONS)
    env.close()


def test_what_is_kept_is_bounded(log, monkeypatch):
    live = family(log=log.path)
    cases = len(live.problem.held_targets)
    monkeypatch.setattr(training, "_MOST_BYTES", 12 * 8 * cases)  # twelve epochs
    first = evaluated(live, 0.5, 5, 0.1)
    evaluated(live, 0.5, 5, 0.2)
    evaluated(live, 0.5, 5, 0.3)
    assert len(log.new()) == 15
    evaluated(live, 0.5, 5, 0.2)
    assert log.new() == []
    assert evaluated(live, 0.5, 5, 0.1) == first  # anew, though its classifier stands at the end
    assert len(log.new()) == 5
    evaluated(live, 0.5, 40, 0.1)  # larger than the bound
    assert len(log.new()) == 35
    live.close()


def test_copies_keep_what_is_known_and_share_no_process(log):
    live = family(log=log.path)
    known = evaluated(live, 0.5, 5, 0.1)
    copied = copy.deepcopy(live)
    log.new()
    assert evaluated(copied, 0.5, 5, 0.1) == known
    assert log.new() == []
    evaluated(copied, 0.5, 6, 0.1)
    assert len(log.new()) == 6  # anew, in a process of its own
    assert copied._trainer.pid != live._trainer.pid
    live.close()
    copied.close()


def test_descriptions_are_json_and_build_equal_families():
    for live in (
        LiveFamily("iris", positive=1, model="mlp", seeds=3, time_limit=5),
        make_family(described()),
    ):
        description = json.loads(json.dumps(live.describe()))
        again = make_family(description)
        assert again.describe() == description
        for one, other in zip(live.problem, again.problem, strict=True):
            np.testing.assert_array_equal(one, other)
    with pytest.raises(ValueError, match="cannot be found by another process"):
        LiveFamily("iris", model=lambda lr, seed: None).describe()


def test_a_model_of_ones_own_travels_by_value():
    shift = 0.25

    class Constant:
        def partial_fit(self, inputs, targets, classes):
            pass

        def predict_proba(self, inputs):
            return np.tile([1.0 - shift, shift], (len(inputs), 1))

    inputs, classes = data()
    live = LiveFamily(X=inputs, y=classes, model=lambda lr, seed: Constant())
    assert evaluated(live, 0.25, 1, 0.1)["recall"] == 1.0
    assert evaluated(live, 0.26, 1, 0.1)["recall"] == 0.0
    live.close()


def test_without_scikit_learn_the_error_names_the_extra(monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "sklearn"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "sklearn", None)
    inputs, classes = data()
    for arguments in ({}, {"X": inputs, "y": classes}):
        with pytest.raises(ImportError, match=r"needs sklearn: pip install 'hpo-gym\[sklearn\]'"):
            LiveFamily(**arguments)
    live = family()  # other classifiers do not need it
    assert 0.0 < evaluated(live, 0.5, 5, 0.5)["f1"] <= 1.0
    live.close()


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS)
def test_an_episode_takes_less_than_10_seconds_of_one_core(model):
    began = processor_seconds()
    env = gym.make("hpo_gym:LiveHPO-v0", family={"name": "live", "model": model})
    env.reset(seed=0)
    env.action_space.seed(0)
    over = False
    while not over:
        *_, over, _, info = env.step(env.action_space.sample())
    env.close()
    assert info["evaluations"] == 16
    assert info["best_f1"] > 0.9
    assert processor_seconds() - began < 10.0


def processor_seconds():
    """Of this process, and of those that it started and that ended."""
    return sum(os.times()[:4])
