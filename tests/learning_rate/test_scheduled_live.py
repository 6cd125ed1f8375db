"""Real classifiers under changing learning rates: what is trained, and what happens if it fails."""

from __future__ import annotations

import copy
from functools import partial

import gymnasium as gym
import numpy as np
import pytest
from live_classifiers import Log, Quick, data

from hpo_gym.arrays import Floats
from hpo_gym.environments.learning_rate_env import LearningRateEnv
from hpo_gym.environments.learning_rate_vector_env import LearningRateVectorEnv
from hpo_gym.families import LiveFamily
from hpo_gym.families.live.classifiers import MODELS
from hpo_gym.learning_rate import LearningRateOptions, LearningRateProcess
from hpo_gym.testing import check_process

ROW = Floats()
SCHEDULE = [0.8, 0.8, 0.5, -0.1, 0.3]
OPTIONS = {"max_epochs": 15, "block_epochs": 3}


class Settable(Quick):
    """Goes wrong at large rates only once they are set, as `mode` says."""

    def __init__(self, lr, seed, **arguments):
        super().__init__(lr, seed, **arguments)
        self.wrong = arguments.get("mode")

    def get_params(self):
        return {"lr": self.lr}

    def set_params(self, lr=None):
        self.lr = self.lr if lr is None else lr
        self.mode = self.wrong if self.lr >= 1.0 else None


def family(**arguments):
    inputs, classes = data()
    mode, log = arguments.pop("mode", None), arguments.pop("log", None)
    model = partial(Settable, mode=mode, log=log)
    return LiveFamily(X=inputs, y=classes, **{"model": model, **arguments})


def action_of(*lrs):
    return np.array([[(np.log10(lr) + 4.0) / 2.4 - 1.0, -1.0] for lr in lrs])


@pytest.fixture
def log(tmp_path):
    return Log(tmp_path / "epochs")


def reference(model, problem, lrs, epochs):
    """Trained here: the rate is written into the classifier, epoch by epoch."""
    classifier = MODELS[model](lrs[0], 0)
    for lr in lrs:
        for _ in range(epochs):
            if model == "logistic":
                classifier.eta0 = lr / 32
            elif hasattr(classifier, "_optimizer"):
                classifier._optimizer.learning_rate = lr
            classifier.partial_fit(problem.inputs, problem.targets, classes=[0, 1])
        yield classifier.predict_proba(problem.held_inputs)[:, 1]


@pytest.mark.parametrize("model", MODELS)
def test_metrics_are_those_of_scikit_learn(model):
    metrics = pytest.importorskip("sklearn.metrics")
    live = {"name": "live", "data": "wine", "model": model}
    env = gym.make("hpo_gym:LearningRateSchedule-v0", family=live, thr=0.4, **OPTIONS)
    env.reset(seed=0)
    problem = env.unwrapped.process.scheduled.base.problem
    steps = [env.step([action, -1.0]) for action in SCHEDULE]
    lrs = [info["lr"] for *_, info in steps]
    for (*_, info), chance in zip(steps, reference(model, problem, lrs, 3), strict=True):
        truth = problem.held_targets
        assert info["f1"] == pytest.approx(metrics.f1_score(truth, chance >= 0.4))
        assert info["accuracy"] == pytest.approx(metrics.accuracy_score(truth, chance >= 0.5))
        assert not info["failed"]
    assert steps[-1][2] and len(set(lrs)) == 4
    env.close()


def test_a_step_trains_one_block(log):
    env = LearningRateEnv(family=family(log=log.path), **OPTIONS)
    env.reset(seed=0)
    assert log.new() == []
    for action in SCHEDULE:
        *_, info = env.step([action, -1.0])
        assert log.new() == [info["lr"]] * 3
    env.close()


def test_a_step_of_rows_trains_one_block_of_each(log):
    """Rows whose schedules begin alike are trainings of their own."""
    envs = LearningRateVectorEnv(3, family=family(log=log.path), **OPTIONS)
    envs.reset(seed=0)
    for lrs in ((0.1, 0.1, 0.2), (0.1, 0.1, 0.1), (0.3, 0.4, 0.5)):
        *_, infos = envs.step(action_of(*lrs))
        assert log.new() == np.repeat(infos["lr"], 3).tolist()
    stops = action_of(0.1, 0.2, 0.3)
    stops[1, 1] = 1.0
    *_, infos = envs.step(stops)
    assert log.new() == np.repeat(infos["lr"][[0, 2]], 3).tolist()
    envs.step(action_of(0.1, 0.2, 0.3))  # row 1 is reset, the others end
    assert len(log.new()) == 6
    envs.close()


def test_process_check():
    options = LearningRateOptions(family=family(seeds=3), max_epochs=6, block_epochs=2)
    check_process(lambda: LearningRateProcess(options), rows=3, steps=12, seed=5, stochastic=False)
    options.made_family.close()


def test_states_are_values_from_which_two_schedules_may_go_on():
    process = LearningRateProcess(LearningRateOptions(family=family(), **OPTIONS))
    after = {}
    for order in ("ab", "ba"):
        root = process.begin(7, 0, process.read_episode(None), ROW)
        ends = {"a": ((0.2, -1.0), False), "b": ((-0.2, -1.0), False)}
        states = {name: process.step(root, ends[name], ROW)[0] for name in order}
        for name in order:
            after[order, name] = process.step(states[name], ends["b"], ROW)[0].metrics
    assert after["ab", "a"] == after["ba", "a"] != after["ab", "b"] == after["ba", "b"]
    process.close()


def test_the_training_seed_lasts_for_the_episode_and_differs_between_them():
    envs = LearningRateVectorEnv(8, family=family(seeds=50), **OPTIONS)
    envs.reset(seed=0)
    *_, infos = envs.step(action_of(*[1e-4] * 8))
    assert len(set(infos["loss"].tolist())) > 4
    *_, later = envs.step(action_of(*[1e-4] * 8))
    assert np.allclose(infos["loss"], later["loss"], atol=1e-3)
    envs.close()


def test_a_copy_goes_on_by_going_through_its_schedule_again(log):
    env = LearningRateEnv(family=family(log=log.path), **OPTIONS)
    env.reset(seed=0)
    env.step([0.2, -1.0])
    first, second = log.new()[0], 10.0 ** (-4.0 + 2.4 * 1.25)
    twin = copy.deepcopy(env)
    mine = env.step([0.25, -1.0])
    assert log.new() == pytest.approx([second] * 3)
    theirs = twin.step([0.25, -1.0])
    assert log.new() == pytest.approx([first] * 3 + [second] * 3)
    assert mine[1] == theirs[1] and mine[4] == theirs[4]
    env.close()
    twin.close()


@pytest.mark.filterwarnings("ignore:.*the evaluation has failed:RuntimeWarning")
@pytest.mark.parametrize("mode", ["raises", "dies", "NaN", "one column", "hangs"])
def test_a_training_that_fails_is_over_and_no_other_is(mode):
    limit = {"time_limit": 1.0} if mode == "hangs" else {}
    envs = LearningRateVectorEnv(2, family=family(mode=mode, **limit), **OPTIONS)
    calm = LearningRateVectorEnv(2, family=family(), **OPTIONS)
    results = []
    for each in (envs, calm):
        each.reset(seed=0)
        first = each.step(action_of(0.2, 0.3))
        results.append([first, each.step(action_of(0.2, 2.0)), each.step(action_of(0.1, 0.1))])
        each.close()
    _, rewards, over, _, infos = results[0][1]
    assert over.tolist() == infos["failed"].tolist() == [False, True]
    assert rewards[1] == pytest.approx(-0.02 * 3 / 100) and infos["f1"][1] == 0.0
    assert infos["best_f1"][1] == results[0][0][4]["f1"][1] > 0.0
    for broken, whole in zip(*results, strict=True):  # the other row does not notice
        assert np.array_equal(broken[0][0], whole[0][0]) and broken[1][0] == whole[1][0]


@pytest.mark.filterwarnings("ignore:.*has no get_params and set_params:RuntimeWarning")
def test_classifiers_whose_rate_cannot_be_set_fail_and_say_why():
    inputs, classes = data()
    env = LearningRateEnv(family=LiveFamily(X=inputs, y=classes, model=Quick), **OPTIONS)
    env.reset(seed=0)
    _, reward, over, _, info = env.step([0.0, -1.0])
    assert over and info["failed"] and reward < 0.0
    env.close()
