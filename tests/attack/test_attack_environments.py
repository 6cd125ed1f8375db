"""Options, actions and resets: refused by name, or right to what a calculation by hand gives."""

from __future__ import annotations

import functools

import gymnasium as gym
import numpy as np
import pytest
import torch
from by_hand import DEFAULTS, Episode

pytestmark = pytest.mark.slow
KIND = "environments"
ID = "hpo_gym:FictitiousHPO-v0"
ROWS = 3
START = {"thr": 0.3, "epochs": 10, "lr": 1e-4}

GOOD = {
    "family": ["notebook", "fictitious", "binormal", {"name": "notebook", "k_recall": 0.8}],
    "split": ["train", "validation", "test"],
    "task": [None, 0, np.int64(0), 7, (3, 1, 4), [2], np.array([5, 6]), range(3)],
    "action": ["propose", "adjust", "nudge", np.str_("adjust")],
    "adjust_step": [1e-6, 0.4, 1, np.float32(0.25), np.int8(1)],
    "stop": [False, True, np.bool_(True)],
    "reward": ["f1_gain", "f1_delta", "log_regret"],
    "metric": ["f1", "accuracy", "loss"],
    "evaluation_cost": [0, 0.5, 1e6, np.float64(0.1)],
    "epoch_cost": [0.0, 4, np.float16(0.5)],
    "max_evaluations": [1, 2, 5, np.uint8(4), 30],
    "start": ["random", "none", START, [0.5, 99, 0.1], (0.1, 1, 1e-4), np.array([0.5, 10, 0.2])],
    "noise": [None, 0, 0.05, 1.0, np.float32(0.1)],
    "observation": ["summary", "history"],
    "infos": ["all", "none", ["regret"], ("f1", "thr", "task"), [], np.array(["cost"])],
}
ODD = [None, "x", "", 1j, b"x", True, -1, 0, 1, 0.5, 1e9, 10**400, [], {}, (), object(), np.nan]
ODD += [np.inf, -np.inf, np.array([]), np.zeros((2, 2)), np.float32("nan"), [None], {"name": 5}]
ODD += ["0.1", [1.5], [-1], {1, 2}, np.datetime64("2020"), lambda: 0, type, float, 2**63, -0.0]


def made(options, vector):
    if vector:
        return gym.make_vec(ID, ROWS, autoreset_mode="Disabled", **options)
    return gym.make(ID, **options)


def play(options, vector, seed):
    """Play and check one episode, with everything shown."""
    shows_some = made(options, vector)
    env = made(options | {"infos": "all"}, vector)
    generator = np.random.default_rng(seed)
    observation, info = env.reset(seed=seed)
    same_infos(shows_some.reset(seed=seed)[1], info, options)
    rows = range(ROWS) if vector else [()]
    follow = [Episode(options, observation[i], at(info, i)) for i in rows]
    while not follow[0].ended:
        action = drawn(env.action_space, generator)
        observation, reward, over, truncated, info = env.step(action)
        same_infos(shows_some.step(action)[-1], info, options)
        for episode, i in zip(follow, rows, strict=True):
            result = (np.asarray(part)[i] for part in (observation, reward, over))
            episode.step(np.asarray(action)[i], *result, at(info, i))
        assert not np.any(truncated) and len(env.action_space.shape) == vector + 1 - discrete(env)


def same_infos(some, info, options):
    """The infos that were asked for, and they alone."""
    names = options.get("infos", "all")
    names = ([], [*info])[names == "all"] if isinstance(names, str) else [*names]
    names = {name for name in info if name.removeprefix("_") in [n.lstrip("_") for n in names]}
    assert some.keys() == names
    for name in names:
        np.testing.assert_array_equal(some[name], info[name])


def at(info, row):
    return info if row == () else {name: value[row] for name, value in info.items()}


def discrete(env):
    return not isinstance(env.action_space, gym.spaces.Box)


def drawn(space, generator):
    """A random action that never stops in one row alone, and is sometimes out of bounds."""
    space.seed(int(generator.integers(2**31)))
    action = space.sample()
    if isinstance(space, gym.spaces.Box):
        action = action * np.float32(1.5)
        action[..., -1] = action.flat[-1]
    elif np.ndim(action):
        action[:] = action[0]
    return action


def attempt_options(attack, options, seed, words=()):
    for vector in (False, True):
        what = f"make({'vector, ' * vector}{options})"
        attack.attempt(
            what,
            functools.partial(made, options, vector),
            lambda env, v=vector: play(options, v, seed),
            *words,
        )


@pytest.mark.parametrize("name", DEFAULTS)
def test_each_option(attack, name):
    """Every value for every option, alone."""
    for seed, value in enumerate([*GOOD[name], *ODD]):
        attempt_options(attack, {name: value}, seed, [name])


@pytest.mark.parametrize("seed", range(4))
def test_options_together(attack, seed):
    """Random sets of good values, with now and then an odd one."""
    generator = np.random.default_rng(seed)
    for number in range(100):
        options = {}
        for name in generator.permutation([*DEFAULTS])[: generator.integers(2, 9)].tolist():
            values = ODD if generator.random() < 0.02 else GOOD[name]
            options[name] = values[generator.integers(len(values))]
        attempt_options(attack, options, number)


VALUES = [0.0, 1, -0.5, 1.5, -1e30, 1e308, np.inf, -np.inf, np.nan, 7, 3, -1, 2**40, 10**400]
VALUES += [None, "x", b"x", True, 1j, object(), np.datetime64("2020"), np.longdouble(0.5)]
TYPES = ["float16", "float64", "longdouble", "int8", "uint64", "bool", "complex64", "U3", "O"]


def candidates(shape):
    """Things that somebody may give as an action of this shape."""
    yield from (
        None,
        "abc",
        {},
        {"thr": 0.5},
        object(),
        5.0,
        [[]],
        np.ma.masked,
        set(),
        np.zeros(0),
    )
    for value in VALUES:
        for asked in (shape, (*shape, 1)):
            array = np.empty(asked, dtype=object)
            array[...] = value
            yield array.tolist()
    zeros = np.zeros(shape)
    yield from (zeros[None], zeros.ravel()[:-1], np.zeros((*shape, 2)), np.zeros(10**6))
    for kind in TYPES:
        yield zeros.astype(kind)
    yield from (torch.zeros(shape), torch.zeros(shape, dtype=torch.int64))
    yield torch.zeros(shape, requires_grad=True)
    yield torch.zeros(shape, dtype=torch.bfloat16)
    yield torch.zeros(shape, device="meta")
    if shape:
        last = zeros.copy()
        last[..., -1] = np.nan
        yield last
        yield np.asfortranarray(zeros)[::-1]
        yield [[0], *zeros.tolist()]


def meant(action, env):
    """The plain action that this one stands for; None for none."""
    try:
        array = np.asarray(action)
    except (ValueError, TypeError, RuntimeError):
        return None
    kinds = "iu" if discrete(env) else "iuf"
    if array.shape != env.action_space.shape or array.dtype.kind not in kinds:
        return None
    if not discrete(env):
        return None if np.isnan(array).any() else np.clip(array.astype(np.float64), -1, 1)
    size = getattr(env, "single_action_space", env.action_space).n
    return array.astype(np.int64) if ((array >= 0) & (array < size)).all() else None


@pytest.mark.parametrize("stop", [False, True])
@pytest.mark.parametrize("mode", ["propose", "adjust", "nudge"])
@pytest.mark.parametrize("vector", [False, True])
def test_actions(attack, vector, mode, stop):
    """Refused, and nothing has happened; or the same as the plain action."""
    env, twin = (made({"action": mode, "stop": stop}, vector) for _ in range(2))
    env, twin = env.unwrapped, twin.unwrapped
    for seed, action in enumerate(candidates(env.action_space.shape)):
        env.reset(seed=seed)
        twin.reset(seed=seed)
        plain = meant(action, env)

        def same(result, plain=plain):
            same_results(result, twin.step(plain))

        what = f"step({action!r:.80}) of {mode}, stop={stop}, vector={vector}"
        check = None if plain is None else same
        refused = attack.attempt(what, lambda a=action: env.step(a), check, "action", "give")
        if refused:
            if plain is not None:
                attack.note("silently wrong", f"{what}: refused, but good")
            good = drawn(env.action_space, np.random.default_rng(seed))
            same_results(env.step(good), twin.step(good))


def same_results(one, other):
    for a, b in zip(one, other, strict=True):
        if isinstance(a, dict):
            assert a.keys() == b.keys()
            a, b = [*a.values()], [*b.values()]
        for x, y in zip(*([a], [b]) if not isinstance(a, list) else (a, b), strict=True):
            np.testing.assert_array_equal(x, y)


SEEDS = [None, 0, 5, 2**31, 2**62, 2**64, 2**200, np.int64(3), np.uint64(2**63), True, -1, 1.5, "7"]
SEEDS += [
    [1, 2, 3],
    (4, None, 5),
    [1, 2],
    [1, -2, 3],
    [None] * 3,
    np.arange(3),
    [],
    {},
    np.nan,
    b"1",
]
OPTIONS = [None, {}, {"start": START}, {"start": [0.5, 99, 0.1]}, {"start": None}, {"task": 0}]
OPTIONS += [{"task": np.int8(0)}, {"model": {"k_accuracy": 0.7}}, {"task": 1}, {"task": -1}]
OPTIONS += [{"task": 0.0}, {"task": True}, {"task": "0"}, {"task": [0]}, {"start": "random"}, []]
OPTIONS += [{"start": {"thr": 2.0, "epochs": 1, "lr": 1}}, {"start": [0.5, 10]}, {"start": np.nan}]
OPTIONS += [
    {"start": {**START, "lr": np.nan}},
    {"model": {"k": 1}},
    {"model": {}},
    {"x": 1},
    "x",
    5,
]
OPTIONS += [{"model": {"k_accuracy": np.nan}}, {"model": {"k_accuracy": "x"}}, {"model": 5}, {5: 5}]
OPTIONS += [{"task": 0, "model": {"k_accuracy": 0.7}}, {"start": [10**400] * 3}, {"task": 2**70}]
OPTIONS += [
    {"model": {"precision_slope": 1e300}},
    {"model": {"k_accuracy": -1}},
    {"start": object()},
]
MASKS = [np.array(mask) for mask in ([True] * 3, [False, True, False], [False] * 3, [1, 0, 1])]
MASKS += [
    [True, False, True],
    np.array([True]),
    None,
    "x",
    5,
    np.ones((3, 1), bool),
    np.array(True),
]
EACH = [[{}, {"start": START}, {"task": 0}], [{}] * 3, [{}] * 2, [{}, {}, {"x": 1}], {}, [None] * 3]


@pytest.mark.parametrize("vector", [False, True])
def test_resets(attack, vector):
    """Refused, and the episode goes on; or as if it were the first reset of a fresh environment."""
    cases = [(seed, options) for seed in SEEDS for options in OPTIONS]
    cases += [(s, {"reset_mask": mask}) for s in (None, 4, [1, None, 3]) for mask in MASKS]
    cases += [(s, {"rows": each}) for s in (None, 4, [1, None, 3]) for each in EACH]
    env, twin = (made({}, vector).unwrapped for _ in range(2))
    for seed, options in cases:
        env.reset(seed=9)
        twin.reset(seed=9)
        asked = dict(options) if isinstance(options, dict) else options
        what = f"reset(seed={seed!r}, options={options!r}), vector={vector}"
        refused = attack.attempt(
            what,
            lambda s=seed, o=asked: env.reset(seed=s, options=o),
            lambda result, o=options, s=seed: check_reset(result, s, o, vector),
        )
        if refused:
            good = drawn(env.action_space, np.random.default_rng(0))
            same_results(env.step(good), twin.step(good))


def check_reset(result, seed, options, vector):
    """By hand; and what a seed gives, a fresh environment gives too."""
    observation, info = result
    options = options or {}
    assert isinstance(options, dict)
    begun = np.flatnonzero(info["_task"]).tolist() if vector else [()]
    assert "reset_mask" in options or len(begun) == (ROWS if vector else 1)
    for row in begun:
        own = options["rows"][row] if "rows" in options else options
        shown = {"start": own["start"]} if own.get("start") is not None else {}
        model = own.get("model") or None
        Episode(shown, observation[row], at(info, row), model)
        assert at(info, row)["task"] == (-1 if own.get("model") is not None else 0)
    whole = isinstance(seed, (int, np.integer)) or (
        vector and seed is not None and None not in seed
    )
    if whole and "reset_mask" not in options:
        plain = [int(s) for s in seed] if np.ndim(seed) else int(seed)
        same_results(result, made({}, vector).unwrapped.reset(seed=plain, options=options))
