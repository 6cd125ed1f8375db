"""The option task as a sequence: which row plays which task, episode after episode."""

from __future__ import annotations

from math import gcd

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.envs.registration import EnvSpec
from gymnasium.vector import SyncVectorEnv

from hpo_gym import TuningEnv, TuningVectorEnv
from hpo_gym.testing import rollout
from hpo_gym.testing.rollouts import assert_equal
from hpo_gym.tuning import Options
from hpo_gym.tuning.optimal import trade_off

FAMILY = {"family": "binormal", "max_evaluations": 3, "stop": True}
TASKS = (11, 7, 5, 3, 2, 13, 17)


def list_of_row(row, rows, tasks):
    """What row i of N plays, as the list of a single environment."""
    return [
        tasks[(row + k * rows) % len(tasks)] for k in range(len(tasks) // gcd(len(tasks), rows))
    ]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 6, 7])
@pytest.mark.parametrize("rows", [1, 3, 4])
@pytest.mark.parametrize("mode", ["NextStep", "SameStep", "Disabled"])
def test_rows_are_single_environments_with_lists_of_their_own(mode, rows, count):
    tasks = TASKS[:count]
    envs = TuningVectorEnv(rows, autoreset_mode=mode, task=tasks, **FAMILY)
    lists = [list_of_row(row, rows, tasks) for row in range(rows)]
    sync = SyncVectorEnv(
        [lambda own=own: TuningEnv(task=own, **FAMILY) for own in lists], autoreset_mode=mode
    )
    played = set()
    settings = {"seed": 5, "steps": 60, "reset_options": (None, {"task": 23})}
    for mine, theirs in zip(rollout(envs, **settings), rollout(sync, **settings), strict=True):
        assert_equal(mine, theirs, f"{tasks} differ")
        played |= set(mine[-1]["task"].tolist())
    assert set(tasks) <= played


@pytest.mark.parametrize("mode", ["NextStep", "SameStep", "Disabled"])
def test_as_many_tasks_as_rows_stay_where_they_are(mode):
    envs = TuningVectorEnv(3, autoreset_mode=mode, task=TASKS[:3], **FAMILY)
    ends = 0
    for result in rollout(envs, seed=1, steps=60):
        infos = result[-1]
        known = infos["_task"]
        assert (infos["task"] == TASKS[:3])[known].all()
        ends += int(result[2].sum()) if len(result) == 5 else 0
    assert ends > 20


@pytest.mark.parametrize("family", ["fictitious", "binormal", "notebook"])
@pytest.mark.parametrize("task", [0, [0], None])
def test_some_rows_stop_while_all_have_one_task(family, task):
    options = FAMILY | {"family": family, "task": task}
    envs, single = TuningVectorEnv(3, render_mode="ansi", **options), TuningEnv(**options)
    envs.reset(seed=4)
    single.reset(seed=5)
    actions = np.zeros((3, envs.single_action_space.shape[0]), dtype=np.float32)
    actions[0, -1] = 1.0
    _, rewards, ends, _, infos = envs.step(actions)
    _, reward, _, _, info = single.step(actions[1])
    assert ends.tolist() == [True, False, False]
    assert rewards[1] == reward
    assert {name: infos[name][1].item() for name in info} == info


def tasks_of(env, resets, **first):
    infos = [env.reset(**(first if k == 0 else {}))[1] for k in range(resets)]
    return [int(np.ravel(info["task"])[0]) for info in infos]


@pytest.mark.parametrize("seed", [None, 0, 5])
def test_a_seed_begins_the_sequence_anew(seed):
    env = TuningEnv(task=TASKS, **FAMILY)
    assert tasks_of(env, 10, seed=seed) == [*TASKS, *TASKS[:3]]
    assert tasks_of(env, 2) == list(TASKS[3:5])
    assert tasks_of(env, 2, seed=3) == list(TASKS[:2])


def test_a_reset_that_names_its_task_counts():
    env = TuningEnv(task=TASKS, **FAMILY)
    envs = TuningVectorEnv(1, task=TASKS, **FAMILY)
    for e in (env, envs):
        assert tasks_of(e, 1, seed=0) == [11]
        assert tasks_of(e, 1, options={"task": 99}) == [99]
        assert tasks_of(e, 2) == [5, 3]


def test_a_refused_reset_does_not_count():
    env = TuningEnv(task=TASKS, **FAMILY)
    env.reset(seed=0)
    with pytest.raises(ValueError, match="task"):
        env.reset(options={"task": -1})
    assert tasks_of(env, 1) == [7]


def test_partial_resets_advance_their_rows_only():
    envs = TuningVectorEnv(2, task=TASKS[:4], autoreset_mode="Disabled", **FAMILY)
    envs.reset(seed=0)
    for wanted in ([5, 7], [11, 7], [5, 7]):
        infos = envs.reset(options={"reset_mask": np.array([True, False])})[1]
        assert infos["task"][0] == wanted[0]
    assert envs.reset(options={"reset_mask": np.array([False, True])})[1]["task"][1] == 3


@pytest.mark.parametrize("tasks", [[3, 1], (3, 1), np.array([3, 1]), [np.int64(3), 1]])
def test_sequences_of_any_kind(tasks):
    assert Options(task=tasks, **FAMILY) == Options(task=(3, 1), **FAMILY)
    assert tasks_of(TuningEnv(task=tasks, **FAMILY), 3) == [3, 1, 3]


@pytest.mark.parametrize("tasks", [[], [3, -1], [4096], [3, 1.0], [3, True], [[3]], "31", {3: 1}])
@pytest.mark.parametrize("make", [TuningEnv, TuningVectorEnv])
def test_sequences_that_are_none(make, tasks):
    with pytest.raises(ValueError, match=r"option task = .*whole number.? in \[0, 4095\]"):
        make(task=tasks, split="test", **FAMILY)


def test_specs_survive_json():
    env = gym.make("hpo_gym:BinormalHPOFamily-v0", task=[3, 1])
    again = gym.make(EnvSpec.from_json(env.spec.to_json()))
    assert tasks_of(again, 3, seed=0) == [3, 1, 3]
    envs = gym.make_vec(EnvSpec.from_json(env.spec.to_json()), 2)
    assert envs.reset()[1]["task"].tolist() == [3, 1]


def test_references_need_a_single_task():
    """Which a sequence names that repeats it."""
    one, same, several = (TuningEnv(family="fictitious", task=task) for task in (3, [3, 3], [3, 1]))
    assert trade_off(one) == trade_off(same)
    with pytest.raises(ValueError, match=r"task = \(3, 1\) names no single one"):
        trade_off(several)


def test_these_tasks_for_ever():
    """SB3 evaluates on the same tasks every time, though rows reset themselves in between."""
    evaluation = pytest.importorskip("stable_baselines3.common.evaluation")
    from hpo_gym.integrations.sb3 import NativeVecEnv

    class Proposes:
        def predict(self, observations, state=None, episode_start=None, deterministic=False):
            return generator.uniform(-1, 1, (len(observations), 4)), state

    for options, same in (({"task": TASKS[:6]}, True), ({}, False)):
        generator = np.random.default_rng(0)
        envs = NativeVecEnv(TuningVectorEnv(2, autoreset_mode="SameStep", **FAMILY, **options))
        rounds = []
        for _ in range(3):
            seen = []

            def note(scope, _, seen=seen):
                if scope["done"]:
                    seen.append(scope["info"]["task"])

            evaluation.evaluate_policy(
                Proposes(), envs, n_eval_episodes=6, callback=note, warn=False
            )
            rounds.append(sorted(seen))
        assert (rounds == [sorted(TASKS[:6])] * 3) is same
