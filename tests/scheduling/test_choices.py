"""Scheduling alone: choices, the short view of runs, the area under the regret."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
from environment_ids import SCHEDULING
from gymnasium.utils.env_checker import check_env

from hpo_gym.environments.scheduling_env import SchedulingEnv
from hpo_gym.policies.classifier.policy import ClassifierPolicy
from hpo_gym.policies.policy import Policy
from hpo_gym.scheduling import PolicyScheduler, SchedulingEncoder, Status
from hpo_gym.testing import check_vector_env

CHOOSE = {"action": "choose", "observation": "rungs", "reward": "anytime"}
REPORTS = (1, 2, 4, 8, 16, 32, 64, 100)


def runs_of(env):
    """The runs, whatever the observation shows."""
    state, process = env.unwrapped._state, env.unwrapped.process
    head = np.array([0.0, state.left[0] / process.options.budget, 0.0, 0.0], dtype=np.float32)
    return process.encoder.decode(np.concatenate([head, state.table[..., 0].reshape(-1)]))


@pytest.mark.parametrize("env_id", SCHEDULING)
def test_checks_of_gymnasium_and_vector_environments(env_id):
    check_env(gym.make(env_id, **CHOOSE).unwrapped, skip_render_check=True)
    envs = gym.make_vec(env_id, 3, budget=40, max_runs=6, sampler="portfolio", **CHOOSE)
    check_vector_env(envs, steps=120, reset_options=({"task": 3},))


def test_a_choice_starts_or_continues_the_best_that_waits():
    env = SchedulingEnv(workers=1, budget=300, noise=0.0, **CHOOSE)
    env.reset(seed=4)
    for _ in range(6):
        env.step(0)
    runs = runs_of(env)
    idle = [run for run, status in enumerate(runs.status) if status is not Status.COMPLETED]
    best = max(idle, key=lambda run: runs.curves[run][-1])
    env.step(1)
    assert [len(curve) for curve in runs_of(env).curves] == [2 if i == best else 1 for i in idle]
    env.step(2)  # the only one with two reports
    assert len(runs_of(env).curves[best]) == 3
    env.step(7)  # nothing has so many: a new run
    assert len(runs_of(env).status) == 7


def test_what_cannot_be_chosen_falls_back():
    env = SchedulingEnv(workers=1, budget=8, max_runs=2, reports=(1, 4, 9), noise=0.0, **CHOOSE)
    env.reset(seed=0)
    env.step(0)
    env.step(0)
    runs = runs_of(env)
    better = int(runs.curves[1][0] > runs.curves[0][0])
    *_, over, _, info = env.step(0)  # no third run: the better one goes on
    assert (info["run"], info["granted"], over) == (better, 5, False)
    *_, over, _, info = env.step(2)  # five epochs cannot be paid: the other one goes on, for three
    assert (info["run"], info["granted"], over) == (1 - better, 8, True)


def test_the_reward_anytime_adds_up_to_the_area_under_the_log_of_the_regret():
    env = gym.make("RecordedHPOSchedule-v0", **CHOOSE)
    _, info = env.reset(seed=0)
    area = total = 0.0
    log_regret, granted, over = 0.0, 0, False
    random = np.random.default_rng(0)
    while not over:
        _, reward, over, _, info = env.step(random.integers(8))
        area += log_regret * (info["granted"] - granted) / 800
        granted, total = info["granted"], total + reward
        log_regret = np.log10(max(info["regret"], 1e-3))
    area += log_regret * (800 - granted) / 800
    assert granted > 700
    assert total == pytest.approx(-area)


def test_the_short_view_does_not_depend_on_the_number_of_rows():
    env = gym.make("RecordedHPOSchedule-v0", task=3, **CHOOSE)
    envs = gym.make_vec("RecordedHPOSchedule-v0", 5, task=3, **CHOOSE)
    env.reset(seed=0)
    envs.reset(seed=0)
    for _ in range(40):
        np.testing.assert_array_equal(env.step(0)[0], envs.step(np.zeros(5, dtype=int))[0][0])


def test_the_short_view_says_what_the_runs_say():
    env = gym.make("RecordedHPOSchedule-v0", **CHOOSE)
    env.reset(seed=0)
    random = np.random.default_rng(1)
    for _ in range(60):
        observation, *_ = env.step(random.integers(8))
    runs = runs_of(env)
    assert observation[0] == pytest.approx(runs.epochs_left / 800)
    assert observation[1] == pytest.approx(max(max(curve, default=0) for curve in runs.curves))
    assert observation[2] == pytest.approx(len(runs.status) / 64)
    waiting = (Status.PAUSED, Status.REPORTED)
    for j in range(1, 9):
        at = [i for i, c in enumerate(runs.curves) if len(c) == j and runs.status[i] in waiting]
        busy = [
            i for i, c in enumerate(runs.curves) if len(c) == j and runs.status[i] is Status.RUNNING
        ]
        seen = [curve[j - 1] for curve in runs.curves if len(curve) >= j]
        last = max((runs.curves[i] for i in at), key=lambda curve: curve[-1], default=None)
        before = last[-2] if last is not None and j > 1 else 0.0
        wanted = [
            len(seen) / 64,
            len(at) / 64,
            len(busy) / 64,
            max(seen, default=0.0),
            np.mean(seen) if seen else 0.0,
            0.0 if last is None else last[-1],
            0.0 if last is None else last[-1] - before,
        ]
        assert observation[3 + 7 * (j - 1) : 3 + 7 * j] == pytest.approx(wanted, abs=1e-6)


def test_the_sampler_portfolio_is_the_list_then_near_the_incumbent():
    env = SchedulingEnv(family="recorded", workers=1, sampler="portfolio", **CHOOSE)
    env.reset(seed=0)
    for _ in range(20):
        env.step(0)
    runs = runs_of(env)
    starts = 2.0 * ClassifierPolicy.pretrained().arrays["starts"][:, [0, 2]] - 1.0
    np.testing.assert_allclose(runs.points[:16], starts, atol=1e-6)
    best = int(np.argmax([max(curve) for curve in runs.curves[:16]]))
    distance = np.abs(np.array(runs.points[16]) - runs.points[best])
    assert (distance <= 0.3 + 1e-6).all()
    assert (distance > 0.0).any()


def test_a_list_of_ones_own():
    starts = [[-0.5, 0.25], [1.0, -1.0]]
    env = SchedulingEnv(workers=1, sampler="portfolio", starts=starts, **CHOOSE)
    env.reset(seed=0)
    for _ in range(3):
        env.step(0)
    assert [*map(list, runs_of(env).points[:2])] == starts


def test_the_sampler_mixed_is_random_or_near_the_list():
    starts = 2.0 * ClassifierPolicy.pretrained().arrays["starts"][:, [0, 2]] - 1.0
    env = SchedulingEnv(family="recorded", workers=1, sampler="mixed", **CHOOSE)
    shares = []
    for episode in range(30):
        env.reset(seed=episode)
        for _ in range(16):
            env.step(0)
        distance = np.abs(np.array(runs_of(env).points) - starts[: len(runs_of(env).points)])
        shares.append((distance.max(axis=1) <= 0.15 + 1e-6).mean())
    assert min(shares) < 0.2
    assert max(shares) > 0.8
    assert 0.3 < np.mean(shares) < 0.7


def test_runs_are_encoded_as_they_are_decoded():
    env = gym.make("RecordedHPOSchedule-v0", **CHOOSE)
    env.reset(seed=0)
    random = np.random.default_rng(1)
    for _ in range(60):
        env.step(random.integers(8))
    encoder = env.unwrapped.process.encoder
    np.testing.assert_array_equal(encoder.encode(runs_of(env)), env.unwrapped._state.table[..., 0])


def a_policy(**changes):
    """One that prefers the runs with one report, else the others in order."""
    interface = {
        **{"observation": "rungs", "observation_size": 59, "action": "choose", "action_size": 8},
        **{"reports": list(REPORTS), **changes},
    }
    arrays = {"weight_0": np.zeros((8, 59)), "bias_0": np.array([0.0, 2, 1, 0, 0, 0, 0, 0])}
    description = {
        **{"format": 1, "algorithm": "PPO", "kind": "categorical", "activation": "tanh"},
        **{"layer_sizes": [59, 8], "interface": interface},
    }
    return Policy(arrays, description)


def test_a_policy_schedules_as_it_chooses():
    """Decisions of `PolicyScheduler`, as actions, do what the choices do."""
    policy = a_policy()
    chooser = gym.make("RecordedHPOSchedule-v0", **CHOOSE)
    granter = gym.make("RecordedHPOSchedule-v0")
    scheduler = PolicyScheduler(policy, budget=800)
    view, _ = chooser.reset(seed=5)
    observation, _ = granter.reset(seed=5)
    process, over = granter.unwrapped.process, False
    while not over:
        runs = process.encoder.decode(observation)
        decision = scheduler.decide(runs)
        view, _, over, _, info = chooser.step(policy.predict(view, deterministic=True)[0])
        points = runs_of(chooser).points
        point = points[-1] if len(points) > len(runs.points) else None
        action = process.format.encode(decision, runs, point)
        observation, _, done, _, other = granter.step(action)
        assert (info, over) == (other, done)


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"action": "grant"}, "action = 'grant'"), ({"observation": "curves"}, "'curves'")],
)
def test_policies_for_something_else_are_refused(changes, words):
    with pytest.raises(ValueError, match=words):
        PolicyScheduler(a_policy(**changes), budget=800)


def test_other_reports_are_refused():
    encoder = SchedulingEncoder(2, (1, 100), 4, 800)
    with pytest.raises(ValueError, match=r"not after \(1, 100\)"):
        PolicyScheduler(a_policy(), budget=800).decide(encoder.decode(np.zeros(encoder.size)))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"action": "propose"}, "action = 'propose'"),
        ({"observation": "history"}, "observation"),
        ({"reward": "log_regret"}, "reward"),
        ({"sampler": "tpe"}, "sampler"),
        ({"starts": []}, "starts"),
        ({"starts": [[0.0, 2.0]]}, r"starts = .*lists of 2 numbers in \[-1, 1\]"),
        ({"starts": [[0.0]]}, "starts"),
    ],
)
def test_bad_options(options, words):
    with pytest.raises(ValueError, match=words):
        SchedulingEnv(**options)


@pytest.mark.parametrize("bad", [8, -1, 0.5, [0], "start", True])
def test_bad_choices(bad):
    env = SchedulingEnv(**CHOOSE)
    env.reset(seed=0)
    with pytest.raises(ValueError, match="action"):
        env.step(bad)
