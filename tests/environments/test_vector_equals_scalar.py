"""The native vector environment is the scalar one, row by row and bit for bit."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.spaces import Discrete
from gymnasium.utils.env_checker import data_equivalence
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from hpo_gym import TuningEnv, TuningVectorEnv
from hpo_gym.testing import rollout
from hpo_gym.testing.rollouts import assert_equal, draw_actions

MODES = ("NextStep", "SameStep", "Disabled")
ROWS = 9
START = {"start": {"thr": 0.3, "epochs": 10, "lr": 1e-4}}
MODEL = {"model": {"k_accuracy": 0.7, "precision_slope": 33.0}}
RESETS = (None, START, MODEL, START | MODEL)

# Together: every action mode, reward, observation, metric and start, with and without stop and
# noise; the second entry says what partial resets may ask for.
CASES = {
    "defaults": ({}, RESETS),
    "stop-noise-history": (
        {"stop": True, "noise": 0.1, "observation": "history", "reward": "log_regret"},
        RESETS,
    ),
    "history-loss": (
        {"observation": "history", "reward": "f1_delta", "metric": "loss", "max_evaluations": 12},
        RESETS,
    ),
    "none-noise": ({"start": "none", "noise": 0.05, "epoch_cost": 0.5}, (None, MODEL)),
    "none-history-stop": (
        {"start": "none", "observation": "history", "stop": True, "reward": "f1_delta"},
        (None, MODEL),
    ),
    "adjust-noise-stop": (
        {"action": "adjust", "adjust_step": 0.4, "noise": 0.1, "stop": True, "reward": "f1_delta"},
        RESETS,
    ),
    "nudge-accuracy": (
        {
            **{"action": "nudge", "reward": "log_regret", "metric": "accuracy"},
            "family": {"name": "notebook", "k_recall": 0.8},
        },
        RESETS,
    ),
    "nudge-stop-noise": (
        {"action": "nudge", "stop": True, "noise": 0.1, "start": START["start"]},
        RESETS,
    ),
    "beale": (
        {"family": "beale", "metric": "f", "stop": True, "observation": "history"},
        (None, {"start": {"x": 4.0, "y": 4.0}}, {"start": [1.0, -5.0]}),
    ),
}


def rarely_stop(env, generator):
    """Random actions that seldom stop, so that episodes are long enough to run out of phase."""
    actions = draw_actions(env, generator)
    if isinstance(env.single_action_space, Discrete):
        last = env.single_action_space.n - 1
        actions[(actions == last) & (generator.random(env.num_envs) < 0.7)] = 0
    else:
        actions[:, -1] = np.where(generator.random(env.num_envs) < 0.05, 0.5, -0.5)
    return actions


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("case", CASES)
def test_equals_sync_vector_env(case, mode):
    options, resets = CASES[case]
    native = TuningVectorEnv(ROWS, autoreset_mode=mode, **options)
    sync = SyncVectorEnv([lambda: TuningEnv(**options)] * ROWS, autoreset_mode=mode)
    settings = {"seed": 5, "steps": 1000, "reset_options": resets}
    if options.get("stop"):
        settings["draw"] = rarely_stop
    phases = ends = 0
    for mine, theirs in zip(rollout(native, **settings), rollout(sync, **settings), strict=True):
        assert_equal(mine, theirs, f"{case} {mode} differs from SyncVectorEnv")
        if len(mine) == 5:
            phases = max(phases, len(set(mine[4]["evaluations"].tolist())))
            ends += int(mine[2].sum())
    assert phases >= 7, "the rows never were out of phase"
    assert ends > 100, "hardly an episode ended"


def test_comparison_can_fail():
    sync = SyncVectorEnv([lambda: TuningEnv(epoch_cost=0.02 + 1e-15)] * 2)
    with pytest.raises(AssertionError, match=r"infos\['cost'\]"):
        for mine, theirs in zip(
            rollout(TuningVectorEnv(2), seed=5, steps=9),
            rollout(sync, seed=5, steps=9),
            strict=True,
        ):
            assert_equal(mine, theirs, "not equal")


def test_large_batches_equal_small_ones():
    options = {"stop": True, "noise": 0.05, "observation": "history", "max_evaluations": 6}
    rows, part, seed = 9000, 300, 11
    large = TuningVectorEnv(rows, **options)
    first = 8400  # the last rows, which a partition into blocks would get wrong first
    small = TuningVectorEnv(part, **options)
    generator = np.random.default_rng(3)
    wholes = [large.reset(seed=seed)]
    parts = [small.reset(seed=seed + first)]
    for _ in range(12):
        actions = rarely_stop(large, generator)
        wholes.append(large.step(actions))
        parts.append(small.step(actions[first : first + part]))

    def cut(data):
        if isinstance(data, dict):
            return {name: value[first : first + part] for name, value in data.items()}
        return data[first : first + part]

    for whole, piece in zip(wholes, parts, strict=True):
        assert_equal(tuple(cut(data) for data in whole), piece, "a large batch differs")


def test_final_info_and_observation_are_the_last_of_the_episode():
    envs = TuningVectorEnv(3, max_evaluations=2, autoreset_mode="SameStep")
    single = TuningEnv(max_evaluations=2)
    envs.reset(seed=8)
    single.reset(seed=9)
    actions = np.linspace(-1, 1, 18, dtype=np.float32).reshape(2, 3, 3)
    envs.step(actions[0])
    observations, _, terminated, _, infos = envs.step(actions[1])
    single.step(actions[0, 1])
    last, _, over, _, info = single.step(actions[1, 1])
    assert over
    assert terminated.all()
    np.testing.assert_array_equal(infos["final_obs"][1], last)
    assert {k: v[1].item() for k, v in infos["final_info"].items() if k[0] != "_"} == info
    np.testing.assert_array_equal(observations[1], single.reset()[0])
    assert infos["evaluations"].tolist() == [0, 0, 0]


def test_rows_of_a_seed_list_are_scalar_environments():
    seeds = [7, 2**64 + 5, 2**127 + 3, 0]
    envs = TuningVectorEnv(4, max_evaluations=3, noise=0.1)
    envs.reset(seed=seeds)
    singles = [TuningEnv(max_evaluations=3, noise=0.1) for _ in seeds]
    for env, seed in zip(singles, seeds, strict=True):
        env.reset(seed=seed)
    generator = np.random.default_rng(0)
    over = [False] * 4
    for _ in range(12):
        actions = draw_actions(envs, generator)
        observations, *_ = envs.step(actions)
        for row, env in enumerate(singles):
            if over[row]:
                observation, _ = env.reset()
                over[row] = False
            else:
                observation, _, over[row], _, _ = env.step(actions[row])
            np.testing.assert_array_equal(observations[row], observation)
    starts = [env.reset()[0] for env in singles]
    assert not any(data_equivalence(starts[0], other, exact=True) for other in starts[1:])


@pytest.mark.parametrize("mode", AutoresetMode)
@pytest.mark.parametrize(
    "options",
    [
        {"start": "none", "noise": 0.05, "observation": "history", "max_evaluations": 3},
        {"start": "none", "metric": "loss", "max_evaluations": 4},
        {"noise": 0.1, "max_evaluations": 3},
        {"reward": "f1_delta", "max_evaluations": 4},
    ],
)
def test_rows_that_go_on_through_a_partial_reset_show_what_they_showed(mode, options):
    """Without a stop action the rows keep no metrics: they are evaluated again, to the bit."""
    kinds = {"vectorization_mode": "sync", "vector_kwargs": {"autoreset_mode": mode}}
    theirs = gym.make_vec("hpo_gym:FictitiousHPO-v0", 5, **kinds, **options)
    mine = gym.make_vec("hpo_gym:FictitiousHPO-v0", 5, autoreset_mode=mode, **options)
    assert data_equivalence(theirs.reset(seed=1), mine.reset(seed=1), exact=True)
    generator = np.random.default_rng(0)
    done = np.zeros(5, dtype=np.bool_)
    for step in range(40):
        mask = done.copy() if mode is AutoresetMode.DISABLED else np.zeros(5, dtype=np.bool_)
        if not mask.any() and step % 3 == 0:
            mask = np.arange(5) == generator.integers(5)
        if mask.any():
            model = {"model": {"k_accuracy": 0.9}} if step % 2 else {}
            for_theirs, for_mine = ({"reset_mask": mask.copy(), **model} for _ in range(2))
            expected, found = theirs.reset(options=for_theirs), mine.reset(options=for_mine)
            assert data_equivalence(expected, found, exact=True)
        actions = generator.uniform(-1, 1, (5, 3)).astype(np.float32)
        expected, found = theirs.step(actions), mine.step(actions)
        assert data_equivalence(expected, found, exact=True)
        done = found[2]
