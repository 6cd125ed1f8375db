"""What a vector environment must do at the end of episodes and with bad input."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode
from numpy.typing import NDArray

from hpo_gym.testing.rollouts import Case, assert_equal, draw_actions


def check_autoreset(case: Case) -> None:
    """Check the contract of the environment's autoreset mode."""
    env = case.make()
    mode = env.metadata["autoreset_mode"]
    ended = False
    pending = np.zeros(env.num_envs, dtype=np.bool_)
    for result in case.rollout(env):
        if len(result) == 2:
            pending &= ~_reset_rows(result[1], env.num_envs)
            continue
        _, rewards, terminations, truncations, infos = result
        done = terminations | truncations
        ended |= bool(done.any())
        if mode is AutoresetMode.NEXT_STEP:
            assert not done[pending].any(), "the step that resets a row must not end it"
            assert not rewards[pending].any(), "the step that resets a row must have reward 0"
            pending = done.copy()
        if mode is AutoresetMode.SAME_STEP and done.any():
            _check_finals(env, infos, done)
        else:
            finals = [name for name in infos if name.startswith("final_")]
            assert not finals, f"{mode} without an episode that ended here must not give {finals}"
    assert ended, f"no episode ended in {case.steps} steps: choose a larger number of steps"
    if mode is AutoresetMode.NEXT_STEP:
        _check_ignored_actions(case)
    if mode is AutoresetMode.DISABLED:
        _check_done_rows_raise(case)


def _reset_rows(infos: dict[str, Any], rows: int) -> NDArray[np.bool_]:
    masks = [value for name, value in infos.items() if name.startswith("_")]
    return masks[0].copy() if masks else np.ones(rows, dtype=np.bool_)


def _check_finals(env: Any, infos: dict[str, Any], done: NDArray[np.bool_]) -> None:
    for name in ("final_obs", "_final_obs", "final_info", "_final_info"):
        assert name in infos, f"SAME_STEP: {name!r} is missing where an episode ended"
    for name in ("_final_obs", "_final_info"):
        assert np.array_equal(infos[name], done), f"{name!r} is {infos[name]}, done is {done}"
    assert infos["final_obs"].dtype == object, "'final_obs' must be an object array"
    for row, observation in enumerate(infos["final_obs"]):
        if done[row]:
            assert observation in env.single_observation_space, (
                f"'final_obs' of row {row} is outside the space: {observation!r}"
            )
        else:
            assert observation is None, f"'final_obs' of row {row}, which goes on, is not None"
    final = infos["final_info"]
    wanted = {name for name in infos if not name.lstrip("_").startswith("final_")}
    assert set(final) == wanted, f"'final_info' has other keys: {sorted(set(final) ^ wanted)}"
    for name in final:
        if name.startswith("_"):
            assert np.array_equal(final[name], done), f"final_info[{name!r}] is not {done}"


def _until_done(case: Case) -> tuple[Any, Any, np.random.Generator, NDArray[np.bool_]]:
    """Two equal environments, stepped alike until an episode ended, and which rows are done."""
    env, twin = case.make(), case.make()
    generator = np.random.default_rng(case.seed)
    env.reset(seed=case.seed)
    twin.reset(seed=case.seed)
    for _ in range(case.steps):
        actions = draw_actions(env, generator)
        twin.step(actions.copy())
        _, _, terminations, truncations, _ = env.step(actions)
        done = np.array(terminations | truncations)
        if done.any():
            return env, twin, generator, done
    raise AssertionError(f"no episode ended in {case.steps} steps: choose a larger number of steps")


def _check_ignored_actions(case: Case) -> None:
    env, twin, generator, done = _until_done(case)
    actions, others = draw_actions(env, generator), draw_actions(env, generator)
    others[~done] = actions[~done]
    message = "NEXT_STEP must ignore the actions of the rows that it resets"
    assert_equal(env.step(actions), twin.step(others), message)


def _check_done_rows_raise(case: Case) -> None:
    env, twin, generator, done = _until_done(case)
    actions = draw_actions(env, generator)
    try:
        env.step(actions)
    except Exception:  # SyncVectorEnv asserts, others raise gymnasium.error.ResetNeeded
        pass
    else:
        raise AssertionError("DISABLED: stepping a row that is done did not raise")
    message, mask = "DISABLED: the step that raised changed the state", {"reset_mask": done}
    assert_equal(env.reset(options=dict(mask)), twin.reset(options=dict(mask)), message)
    assert_equal(env.step(actions), twin.step(actions), message)


def check_partial_reset(case: Case) -> None:
    """Check that ``options["reset_mask"]`` resets the rows that it names and no other."""
    env = case.make()
    if env.num_envs == 1:
        return
    generator = np.random.default_rng(case.seed)
    env.reset(seed=case.seed)
    before = env.step(draw_actions(env, generator))[0]
    mask = np.arange(env.num_envs) % 2 == 1
    after, infos = env.reset(options={"reset_mask": mask.copy()})
    assert np.array_equal(before[~mask], after[~mask]), "a partial reset changed another row"
    for name, value in infos.items():
        if name.startswith("_"):
            assert np.array_equal(value, mask), f"after a partial reset {name!r} is {value}"
        else:
            assert not value[~mask].any(), f"rows that were not reset have a {name!r}: {value}"


def _bad_actions(env: Any, generator: np.random.Generator) -> dict[str, Any]:
    good = draw_actions(env, generator)
    bad = {
        "one row too many": np.concatenate([good, good[:1]]),
        "no rows": good[:0],
        "no array of numbers": np.full(good.shape, "a"),
        "complex numbers": good.astype(np.complex128),
    }
    if isinstance(env.single_action_space, spaces.Discrete):
        last = env.single_action_space.start + env.single_action_space.n
        return bad | {
            "an action above the last": np.full_like(good, last),
            "an action below the first": np.full_like(good, env.single_action_space.start - 1),
            "fractions": good + 0.5,
        }
    undefined = good.copy()
    undefined[-1].flat[-1] = np.nan
    return bad | {"NaN": undefined, "flattened": good.reshape(-1), "one row": good[0]}


def check_bad_actions(case: Case) -> None:
    """Check that actions that mean nothing raise and leave the state untouched."""
    env, twin = case.make(), case.make()
    generator = np.random.default_rng(case.seed)
    for name, actions in _bad_actions(env, generator).items():
        for e in (env, twin):
            e.reset(seed=case.seed)
        try:
            env.step(actions)
        except (ValueError, TypeError):
            pass
        else:
            raise AssertionError(f"bad actions ({name}) did not raise: {actions!r}")
        good = draw_actions(env, generator)
        message = f"bad actions ({name}) raised, but changed the state"
        assert_equal(env.step(good), twin.step(good), message)


def check_options(case: Case) -> None:
    """Check that options are not changed by the reset that reads them."""
    env = case.make()
    env.reset(seed=case.seed)
    for options in case.reset_options:
        mask = np.arange(env.num_envs) % 2 == 0
        given = {**(options or {}), "reset_mask": mask.copy()}
        env.reset(options=given)
        left = given.pop("reset_mask", None)
        assert given == (options or {}), f"reset changed {options}"
        assert np.array_equal(left, mask), "reset changed options['reset_mask']"
