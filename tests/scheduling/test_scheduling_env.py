"""The scheduling environments, against what happens by hand."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
from environment_ids import SCHEDULING
from gymnasium.utils.env_checker import check_env

from hpo_gym.arrays import Floats
from hpo_gym.environments.scheduling_env import SchedulingEnv
from hpo_gym.environments.scheduling_vector_env import SchedulingVectorEnv
from hpo_gym.families import make_family
from hpo_gym.scheduling import Decision, SchedulingOptions, SchedulingProcess, Status
from hpo_gym.testing import check_vector_env
from hpo_gym.testing.processes import check_process

MODES = ("NextStep", "SameStep", "Disabled")


def act(reported="pause", then="start", which=1.0, thr=0.0, lr=0.4):
    levels = {"continue": 1.0, "pause": 0.0, "stop": -1.0}
    then = {"start": 1.0, "resume": 0.0, "wait": -1.0}[then]
    return np.array([levels[reported], then, which, thr, lr], dtype=np.float32)


def f1_of(thr, lr, epochs, family="notebook"):
    """F1 of a unit configuration after some epochs, from the family itself."""
    family = make_family(family)
    thr, lr = np.float32(thr), np.float32(lr)
    scaled = ((float(thr) + 1) / 2, float(epochs), -4 + 2.4 * (float(lr) + 1))
    return family.noiseless(family.sample("train", 0), scaled, Floats())[4]


def runs_of(env, observation):
    return env.unwrapped.process.encoder.decode(observation)


@pytest.mark.parametrize("env_id", SCHEDULING)
def test_checks_of_gymnasium_and_stable_baselines(env_id):
    env = gym.make(env_id)
    check_env(env.unwrapped, skip_render_check=True)
    checker = pytest.importorskip("stable_baselines3.common.env_checker")
    checker.check_env(gym.make(env_id).unwrapped, warn=True)


@pytest.mark.parametrize("env_id", SCHEDULING)
@pytest.mark.parametrize("mode", MODES)
def test_rows_equal_single_environments(env_id, mode):
    envs = gym.make_vec(env_id, 4, autoreset_mode=mode, budget=40, max_runs=6)
    assert type(envs) is SchedulingVectorEnv
    check_vector_env(envs, steps=120, reset_options=({"task": 3},))


@pytest.mark.parametrize(
    "options",
    [
        {"family": "binormal", "workers": 1, "budget": 12, "reports": (1, 3)},
        {"family": "recorded", "workers": 3, "speeds": (1.0, 2.0, 0.5), "budget": 60},
        {"family": "rough", "workers": 2, "reports": 20, "budget": 200, "max_runs": 3},
        {"family": "fictitious", "metric": "loss", "noise": 0.1, "budget": 50, "workers": 7},
    ],
    ids=str,
)
def test_the_process_keeps_the_contract(options):
    check_process(lambda: SchedulingProcess(SchedulingOptions(**options)), rows=3, steps=150)


def test_a_golden_episode():
    """Two workers; the second is twice as fast. Times, prices and gains by hand."""
    env = SchedulingEnv(
        workers=2, speeds=(1.0, 2.0), budget=30, reports=(2, 4, 8), max_runs=3, noise=0.0
    )
    _, info = env.reset(seed=0)
    assert (info["time"], info["granted"], info["run"], info["f1"]) == (0.0, 0, -1, 0.0)

    # Worker 0 starts run 0: 2 epochs, until 2.0. Nobody has reported.
    observation, reward, *_, info = env.step(act(thr=0.0, lr=0.4))
    assert (info["time"], info["granted"], info["runs"]) == (0.0, 2, 1)
    assert reward == pytest.approx(-0.02 * 2 / 100)
    assert runs_of(env, observation).status == [Status.RUNNING]

    # Worker 1 starts run 1, until 1.0: it reports first.
    observation, reward, *_, info = env.step(act(thr=0.2, lr=0.2))
    first = f1_of(0.2, 0.2, 2)
    assert (info["time"], info["run"], info["epochs"]) == (1.0, 1, 2)
    assert info["f1"] == pytest.approx(first, abs=1e-12)
    assert reward == pytest.approx(first - 0.0004, abs=1e-12)

    # It goes on for 2 epochs, until 2.0, when both report: worker 0 is first.
    observation, reward, *_, info = env.step(act("continue"))
    second = f1_of(0.0, 0.4, 2)
    assert (info["time"], info["run"]) == (2.0, 0)
    assert reward == pytest.approx(max(second - first, 0.0) - 0.0004, abs=1e-12)
    runs = runs_of(env, observation)
    assert runs.status == [Status.REPORTED, Status.RUNNING]
    assert runs.curves == [pytest.approx([second], abs=1e-6), pytest.approx([first], abs=1e-6)]

    # Run 0 is stopped, worker 0 waits; at the same time run 1 reports, and worker 1 is asked.
    observation, *_, info = env.step(act("stop", "wait"))
    assert (info["time"], info["run"], info["epochs"], info["cost"]) == (2.0, 1, 4, 0.0)
    assert runs_of(env, observation).status == [Status.STOPPED, Status.REPORTED]

    # Run 1 is paused, and worker 1 starts run 2; then worker 0 is asked, and resumes run 1.
    observation, *_, info = env.step(act("pause", "start", thr=-0.5, lr=0.3))
    assert (info["time"], info["granted"], info["runs"]) == (2.0, 8, 3)
    observation, *_, info = env.step(act("continue", "resume"))  # nothing has reported
    assert (info["time"], info["granted"], info["run"]) == (3.0, 12, 2)  # run 2 was quicker
    assert runs_of(env, observation).status == [Status.STOPPED, Status.RUNNING, Status.REPORTED]

    # All runs are started: a start is a wait. Run 1 ends with its third report, at 6.0.
    observation, *_, info = env.step(act("pause", "start"))
    assert (info["time"], info["granted"], info["runs"], info["run"]) == (6.0, 12, 3, 1)
    assert info["f1"] == pytest.approx(f1_of(0.2, 0.2, 8), abs=1e-12)
    runs = runs_of(env, observation)
    assert runs.status == [Status.STOPPED, Status.COMPLETED, Status.PAUSED]
    assert runs.reported is None
    assert runs.epochs_left == 18

    # Both workers wait while nobody works: the end.
    assert not env.step(act("pause", "wait"))[2]
    assert env.step(act("pause", "wait"))[2]


def test_a_block_that_the_budget_does_not_pay_is_a_wait():
    env = SchedulingEnv(workers=1, budget=3, reports=(1, 2, 4), noise=0.0)
    env.reset(seed=0)
    env.step(act())
    *_, over, _, info = env.step(act("continue"))
    assert (info["granted"], over) == (2, False)
    *_, over, _, info = env.step(act("continue"))  # two more epochs; one is left
    assert (info["granted"], info["cost"], over) == (2, 0.0, True)


def test_the_end_comes_at_once_when_the_budget_is_spent():
    env = SchedulingEnv(workers=2, budget=2, reports=(1, 100), noise=0.0)
    env.reset(seed=0)
    assert not env.step(act())[2]
    assert not env.step(act())[2]  # worker 0 reports
    *_, over, _, info = env.step(act())  # then worker 1, and no block can be paid
    assert (over, info["granted"]) == (True, 2)


def test_which_paused_run_is_resumed():
    """Ranks of last scores, not of the best; equal ones in the order of their starts."""
    lrs = [0.4, -0.9, 0.1, 0.1, -0.3]
    scores = [f1_of(0.0, lr, 1) for lr in lrs]
    order = sorted(range(5), key=lambda run: -scores[run])
    assert order.index(2) + 1 == order.index(3)
    for rank, which in enumerate([1.0, 0.5, 0.0, -0.5, -1.0]):
        env = SchedulingEnv(workers=1, budget=500, noise=0.0)
        env.reset(seed=0)
        for lr in lrs:
            env.step(act(lr=lr))
        observation, *_ = env.step(act("pause", "start", lr=0.9))
        paused = runs_of(env, observation).paused
        assert paused == order
        *_, info = env.step(act("stop", "resume", which))
        assert info["run"] == order[rank]
        assert info["epochs"] == 2


def test_where_none_is_paused_a_run_is_started():
    """The run that has just reported cannot be resumed in the same step."""
    env = SchedulingEnv(workers=1, budget=50)
    env.reset(seed=0)
    env.step(np.zeros(5, dtype=np.float32))
    observation, _, over, _, info = env.step(act("pause", "resume", thr=0.5))
    assert (info["granted"], info["runs"], over) == (2, 2, False)
    assert runs_of(env, observation).points[1][0] == 0.5


@pytest.mark.parametrize("env_id", SCHEDULING)
def test_decisions_are_written_as_actions(env_id):
    """What `encode` writes is what happens, whatever the runs are."""
    env = gym.make(env_id, budget=200, max_runs=9)
    process = env.unwrapped.process
    random = np.random.default_rng(0)
    observation, _ = env.reset(seed=1)
    resumed = over = 0
    while not over:
        runs = process.encoder.decode(observation)
        run = int(random.choice(runs.paused)) if runs.paused else None
        then = "start" if run is None or random.random() < 0.4 else "resume"
        decision = Decision("pause", then, run if then == "resume" else None)
        before = env.unwrapped._state.table[:, process.encoder.dimension, 0].copy()
        action = process.format.encode(decision, runs, random.uniform(-1, 1, 2))
        observation, _, over, _, info = env.step(action)
        changed = env.unwrapped._state.table[:, process.encoder.dimension, 0] != before
        if decision.then == "resume" and info["cost"] > 0.0:
            assert changed[run]
            resumed += 1
    assert resumed > 10


def test_only_paused_runs_can_be_resumed():
    env = SchedulingEnv()
    observation, _ = env.reset(seed=0)
    runs = runs_of(env, observation)
    with pytest.raises(ValueError, match=r"run 0 cannot be resumed: \[\] are paused"):
        env.process.format.encode(Decision("pause", "resume", 0), runs)


def test_a_run_has_one_draw_of_noise():
    """A recorded run is one of the three training seeds all along; runs differ."""
    family = make_family("recorded")
    seeds = set()
    env = SchedulingEnv(family="recorded", workers=1, budget=400)
    for episode in range(6):
        env.reset(seed=episode, options={"task": 0})
        seen = []
        env.step(act())
        for _ in range(7):
            *_, info = env.step(act("continue"))
            seen.append(info["f1"])
        possible = []
        for draw in (0.1, 0.5, 0.9):
            curve = []
            for epochs in (2, 4, 8, 16, 32, 64, 100):
                scaled = (0.5, float(epochs), -4 + 2.4 * (float(np.float32(0.4)) + 1))
                task = family.sample("train", 0)
                curve.append(family.evaluate(task, scaled, None, (draw,), Floats())[1].f1)
            possible.append(curve)
        matching = [seed for seed, curve in enumerate(possible) if curve == pytest.approx(seen)]
        assert matching
        seeds |= set(matching)
    assert len(seeds) > 1


def test_regret_and_incumbent():
    env = gym.make("RecordedHPOSchedule-v0", split="validation")
    observation, info = env.reset(seed=3)
    assert info["regret"] == 1.0
    best, over = 0.0, False
    env.action_space.seed(0)
    while not over:
        observation, _, over, _, info = env.step(env.action_space.sample())
        if info["run"] >= 0:
            best = max(best, info["f1"])
            assert info["best_f1"] == best == pytest.approx(observation[2])
        assert 0.0 <= info["regret"] <= 1.0
        assert info["is_success"] == (info["regret"] <= 0.01)


def test_sb3_learns_on_it():
    stable_baselines3 = pytest.importorskip("stable_baselines3")
    from hpo_gym.integrations.sb3 import NativeVecEnv

    envs = gym.make_vec("RecordedHPOSchedule-v0", 4, autoreset_mode="SameStep", infos="none")
    model = stable_baselines3.PPO(
        "MlpPolicy", NativeVecEnv(envs), n_steps=16, batch_size=32, n_epochs=1, device="cpu"
    )
    model.learn(64)
    assert model.num_timesteps == 64
