"""What a vector environment returns: kinds, freshness and seeding."""

from __future__ import annotations

from collections import deque
from itertools import zip_longest
from typing import Any

import numpy as np
from gymnasium.utils.env_checker import data_equivalence

from hpo_gym.testing.rollouts import Case, arrays, assert_equal, draw_actions, scramble


def check_results(case: Case) -> None:
    """Check shapes, dtypes and ranges of everything, and that info keys never change."""
    env = case.make()
    names: list[str] = []
    dtypes: dict[str, Any] = {}
    for result in case.rollout(env):
        _check_observations(env, result[0])
        names_of_parts = ("rewards", "terminations", "truncations")
        for part, name in zip(result[1:-1], names_of_parts, strict=False):
            dtype = np.float64 if name == "rewards" else np.bool_
            assert isinstance(part, np.ndarray), f"{name} are {type(part)}, not an array"
            assert part.shape == (env.num_envs,), f"{name} have the shape {part.shape}"
            assert part.dtype == dtype, f"{name} have the dtype {part.dtype}, not {np.dtype(dtype)}"
            assert np.isfinite(part).all(), f"{name} are not finite: {part}"
        infos = {k: v for k, v in result[-1].items() if not k.lstrip("_").startswith("final_")}
        names = names or list(infos)
        assert sorted(infos) == sorted(names), (
            f"info keys changed: {sorted(set(infos) ^ set(names))} are not in every info"
        )
        _check_infos(env, infos, dtypes)


def _check_observations(env: Any, observations: Any) -> None:
    space = env.observation_space
    assert isinstance(observations, np.ndarray), f"observations are {type(observations)}"
    assert observations.dtype == space.dtype, f"observations are {observations.dtype}, not {space}"
    assert observations in space, f"observations outside {space}: {observations!r}"


def _check_infos(env: Any, infos: dict[str, Any], dtypes: dict[str, Any]) -> None:
    for name, value in infos.items():
        assert isinstance(value, np.ndarray), f"info {name!r} is {type(value)}, not an array"
        assert value.shape == (env.num_envs,), f"info {name!r} has the shape {value.shape}"
        if name.startswith("_"):
            assert name[1:] in infos, f"mask {name!r} has no info {name[1:]!r}"
            assert value.dtype == np.bool_, f"mask {name!r} has the dtype {value.dtype}"
            continue
        assert f"_{name}" in infos, f"info {name!r} has no mask '_{name}'"
        assert value.dtype in (np.float64, np.int64, np.bool_), (
            f"info {name!r} has the dtype {value.dtype}, not float64, int64 or bool"
        )
        known = dtypes.setdefault(name, value.dtype)
        assert value.dtype == known, f"info {name!r} changed from {known} to {value.dtype}"
        assert np.isfinite(value).all(), f"info {name!r} is not finite: {value}"


def check_fresh(case: Case) -> None:
    """Overwrite all that one of two equal environments returned: nothing may change later."""
    kept: deque[tuple[Any, ...]] = deque(maxlen=4)
    pairs = zip(case.rollout(case.make()), case.rollout(case.make()), strict=True)
    for result, overwritten in pairs:
        message = "overwriting what an environment returned changed what it returned later"
        assert_equal(result, overwritten, message)
        parts = [part for part in overwritten if isinstance(part, np.ndarray)]
        for i, part in enumerate(parts):
            assert not any(np.may_share_memory(part, other) for other in parts[:i]), (
                "two parts of one result share memory"
            )
        for earlier in arrays(list(kept)):
            assert not any(np.may_share_memory(earlier, array) for array in arrays(overwritten)), (
                f"an array shares memory with one that was returned before: {earlier!r}"
            )
        # In dicts of their own: `scramble` empties those that were returned.
        kept.append(tuple(dict(p) if isinstance(p, dict) else p for p in overwritten))
        scramble(overwritten)


def check_seeding(case: Case) -> None:
    """Check what seeds mean: an int, a list, equal ones, other ones, none."""
    env, twin = case.make(), case.make()
    seeds = [case.seed + row for row in range(env.num_envs)]
    message = f"seed {case.seed} must mean the seeds {seeds} of the rows"
    assert_equal(env.reset(seed=case.seed), twin.reset(seed=seeds), message)
    assert_equal(env.reset(), twin.reset(), "the second episodes after equal seeds differ")
    first = list(case.rollout(env))
    for result, again in zip_longest(first, case.rollout(env), fillvalue=()):
        assert_equal(result, again, "equal seeds gave different rollouts")
    assert not case.stochastic or _seeds_matter(case), (
        "different seeds gave equal results; pass stochastic=False if nothing is drawn"
    )
    try:
        env.reset(seed=[*seeds, 0])
    except ValueError:
        return
    raise AssertionError(f"a list of {len(seeds) + 1} seeds for {len(seeds)} rows did not raise")


def _seeds_matter(case: Case) -> bool:
    """Whether another seed and the same actions give another start or another first episode."""
    env, other = case.make(), case.make()
    generator = np.random.default_rng(case.seed)
    results = env.reset(seed=case.seed), other.reset(seed=case.seed + env.num_envs)
    for _ in range(case.steps):
        if not data_equivalence(*results, exact=True):
            return True
        actions = draw_actions(env, generator)
        results = env.step(actions), other.step(actions)
        if (results[0][2] | results[0][3]).any():
            break
    return not data_equivalence(*results, exact=True)
