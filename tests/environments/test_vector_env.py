"""The native vector environment: equal to the scalar one row by row, and Gymnasium's contracts."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.error import ResetNeeded
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


def test_autoreset_modes_are_read_from_enum_and_text():
    for mode in AutoresetMode:
        for given in (mode, mode.value):
            envs = TuningVectorEnv(2, autoreset_mode=given)
            assert envs.autoreset_mode is mode
            assert envs.metadata["autoreset_mode"] is mode
    with pytest.raises(ValueError, match="Sometimes"):
        TuningVectorEnv(2, autoreset_mode="Sometimes")


@pytest.mark.parametrize("rows", [0, -1, 1.5, "2"])
def test_number_of_rows(rows):
    with pytest.raises(ValueError, match="num_envs"):
        TuningVectorEnv(rows)


def test_next_step_does_not_look_at_the_actions_of_rows_it_resets():
    envs = TuningVectorEnv(3, max_evaluations=2)
    envs.reset(seed=0)
    envs.step(np.zeros((3, 3), dtype=np.float32))
    envs.reset(options={"reset_mask": np.array([True, False, False])})
    _, _, terminated, _, _ = envs.step(np.zeros((3, 3), dtype=np.float32))
    assert terminated.tolist() == [False, True, True]
    actions = np.zeros((3, 3), dtype=np.float32)
    actions[1:] = np.nan
    _, rewards, terminated, _, infos = envs.step(actions)
    assert rewards[1:].tolist() == [0.0, 0.0]
    assert terminated.tolist() == [True, False, False]
    assert infos["evaluations"].tolist() == [2, 0, 0]
    actions[0] = np.nan
    actions[1:] = 0.0
    envs.step(actions)  # now row 0 is the one that is reset
    with pytest.raises(ValueError, match=r"row 0: .*NaN"):
        envs.step(actions)


@pytest.mark.parametrize(
    ("mask", "words"),
    [
        ([True, False], "boolean array"),
        (np.array([1, 0]), "boolean array"),
        (np.array([True]), r"\(2,\)"),
        (np.zeros(2, dtype=bool), "at least one"),
    ],
)
def test_bad_reset_masks(mask, words):
    envs = TuningVectorEnv(2)
    twin = TuningVectorEnv(2)
    for e in (envs, twin):
        e.reset(seed=0)
    with pytest.raises(ValueError, match=words):
        envs.reset(options={"reset_mask": mask})
    assert_equal(envs.reset(), twin.reset(), "a refused reset changed the state")


def test_first_reset_must_be_whole():
    with pytest.raises(ResetNeeded, match="reset_mask"):
        TuningVectorEnv(2).reset(options={"reset_mask": np.array([True, False])})
    with pytest.raises(ResetNeeded, match="reset"):
        TuningVectorEnv(2).step(np.zeros((2, 3), dtype=np.float32))


def test_partial_resets_take_seeds():
    envs = TuningVectorEnv(3)
    envs.reset(seed=100)
    mask = np.array([False, True, True])
    observations, _ = envs.reset(seed=[1, 40, None], options={"reset_mask": mask})
    scalar = TuningEnv()
    scalar.reset(seed=100)
    np.testing.assert_array_equal(observations[0], TuningEnv().reset(seed=100)[0])  # untouched
    np.testing.assert_array_equal(observations[1], scalar.reset(seed=40)[0])
    scalar.reset(seed=102)
    np.testing.assert_array_equal(observations[2], scalar.reset()[0])  # its second episode
    np.testing.assert_array_equal(envs.reset()[0][1], _second_start(40))


def _second_start(seed):
    env = TuningEnv()
    env.reset(seed=seed)
    return env.reset()[0]


@pytest.mark.parametrize("seed", [-1, [1, -2], [1], [1, 2, 3], [1, "2"], [0.5, 1]])
def test_bad_seeds_leave_the_state(seed):
    envs, twin = TuningVectorEnv(2), TuningVectorEnv(2)
    for e in (envs, twin):
        e.reset(seed=0)
    with pytest.raises((ValueError, gym.error.Error)):
        envs.reset(seed=seed)
    assert_equal(envs.reset(), twin.reset(), "a refused seed changed the state")


def test_reset_options_last_one_episode():
    envs = TuningVectorEnv(3, max_evaluations=2, autoreset_mode="SameStep")
    envs.reset(seed=0)
    mask = np.array([True, False, True])
    _, infos = envs.reset(options={**START, **MODEL, "reset_mask": mask})
    assert infos["task"].tolist() == [-1, 0, -1]
    assert infos["epochs"].tolist() == [10, 0, 10]  # row 1 was not reset: nothing to report
    zeros = np.zeros((3, 3), dtype=np.float32)
    _, _, _, _, infos = envs.step(zeros)
    assert infos["task"].tolist() == [-1, 0, -1]
    assert infos["accuracy"][0] == pytest.approx(0.7 * infos["accuracy"][1], rel=1e-12)
    _, _, terminated, _, infos = envs.step(zeros)
    assert terminated.all()
    assert infos["final_info"]["task"].tolist() == [-1, 0, -1]
    assert infos["task"].tolist() == [0, 0, 0]
    assert (infos["epochs"] != 10).any()
    *_, infos = envs.step(zeros)
    assert len(set(infos["accuracy"].tolist())) == 1  # the constructor's model again


def test_attributes_are_shared_by_the_rows():
    envs = TuningVectorEnv(3)
    assert envs.get_attr("num_envs") == (3, 3, 3)
    assert envs.call("get_attr", "num_envs") == ((3, 3, 3),) * 3
    envs.set_attr("label", "a")
    assert envs.get_attr("label") == ("a", "a", "a")
    envs.set_attr("label", ["b"] * 3)
    assert envs.label == "b"
    for values in (["b", "b", "c"], ["b", "b"]):
        with pytest.raises(ValueError, match="rows share 'label'"):
            envs.set_attr("label", values)


def test_observations_are_fortran_ordered_and_infos_have_masks():
    envs = TuningVectorEnv(5)
    observations, infos = envs.reset(seed=0)
    assert observations.flags.f_contiguous
    assert all(infos[f"_{name}"].all() for name in infos if name[0] != "_")


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
