"""The conformance check of agents: anything with Stable-Baselines3's ``predict``.

    action, state = agent.predict(observation, state, episode_start, deterministic)

``observation`` is one observation or a batch; ``state`` is None at first and then what the last
call returned; ``episode_start`` is None or one boolean per row, True where an episode begins.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from gymnasium.vector import VectorEnv
from numpy.typing import NDArray


class _Walk(NamedTuple):
    """What an agent saw and did, one entry per step; each array has a row per environment."""

    actions: list[NDArray[Any]]
    starts: list[NDArray[np.bool_]]


def check_agent(
    agent_factory: Callable[[], Any],
    env_factory: Callable[[], Any],
    *,
    rows: int = 3,
    steps: int = 50,
    seed: int = 7,
    stochastic: bool = False,
    tolerance: float = 0.0,
) -> None:
    """Check that an agent keeps the contract of ``predict``.

    Checked: actions for one observation and for a batch, inside the action space; whole episodes;
    equal actions from two agents of one factory; and, unless the agent is stochastic, that a
    batch decides row by row, that a fresh episode is decided as by a fresh agent, and that a
    decision depends on the observation and the state alone.

    Args:
        agent_factory: Makes the agent, with the same seed every time.
        env_factory: Makes a scalar environment that the agent is for.
        rows: Size of the batch.
        steps: Length of the walks; at least one episode must end in it.
        seed: Seed of the environments.
        stochastic: The agent draws random numbers even with ``deterministic=True``.
        tolerance: How far a batch's actions may be from those of single rows (networks multiply
            matrices of different shapes in different order).

    Raises:
        AssertionError: The agent breaks the contract.
    """
    env = env_factory()
    assert not isinstance(env, VectorEnv), (
        f"env_factory makes the vector environment {env}: let it make a scalar one, of which the "
        "check makes its batches"
    )
    _check_single(agent_factory(), env, seed)
    walk = _walk(agent_factory(), env_factory, range(seed, seed + rows), steps)
    again = _walk(agent_factory(), env_factory, range(seed, seed + rows), steps)
    for one, other in zip(walk.actions, again.actions, strict=True):
        assert np.array_equal(one, other), f"two agents of one factory differ: {one} and {other}"
    assert any(start.any() for start in walk.starts[1:]), (
        f"no episode ended in {steps} steps: choose a larger number of steps"
    )
    if stochastic:
        return
    for row in range(rows):
        alone = _walk(agent_factory(), env_factory, range(seed + row, seed + row + 1), steps)
        for step, (one, other) in enumerate(zip(walk.actions, alone.actions, strict=True)):
            assert np.allclose(one[row], other[0], rtol=0.0, atol=tolerance), (
                f"row {row} of a batch decides {one[row]} at step {step}, alone {other[0]}"
            )
    _check_fresh_episode(agent_factory, env_factory(), seed, steps, tolerance)


def _predict(agent: Any, observation: Any, state: Any, start: Any) -> tuple[Any, Any]:
    before = observation.copy()
    result = agent.predict(observation, state=state, episode_start=start, deterministic=True)
    assert isinstance(result, tuple) and len(result) == 2, f"predict returned {result!r}, not two"
    assert np.array_equal(before, observation), "predict changed the observation"
    return result


def _check_action(action: Any, space: Any) -> None:
    array = np.asarray(action)
    assert array.shape == space.shape, f"action {action!r} has the shape {array.shape}, not {space}"
    # A Discrete accepts any integer; SB3 gives int64.
    kinds = "iu" if np.issubdtype(space.dtype, np.integer) else "f"
    assert array.dtype.kind in kinds, f"action {action!r} has the dtype {array.dtype}, not {space}"
    assert array.astype(space.dtype) in space, f"action {action!r} is outside {space}"
    assert kinds == "iu" or array.dtype == space.dtype, f"action {action!r} is {array.dtype}"


def _check_single(agent: Any, env: Any, seed: int) -> None:
    """One whole episode on single observations, the first decision by ``predict(observation)``."""
    observation, _ = env.reset(seed=seed)
    result = agent.predict(observation)
    assert isinstance(result, tuple) and len(result) == 2, f"predict returned {result!r}, not two"
    _check_action(result[0], env.action_space)
    action, state = _predict(agent, observation, None, np.array([True]))
    over = False
    while not over:
        _check_action(action, env.action_space)
        observation, _, terminated, truncated, _ = env.step(action)
        over = terminated or truncated
        action, state = _predict(agent, observation, state, np.array([over]))
    env.close()


def _walk(agent: Any, env_factory: Callable[[], Any], seeds: range, steps: int) -> _Walk:
    """Let an agent act on a batch of environments; each begins anew when its episode ends."""
    envs = [env_factory() for _ in seeds]
    observations = np.stack([e.reset(seed=s)[0] for e, s in zip(envs, seeds, strict=True)])
    start = np.ones(len(envs), dtype=np.bool_)
    state: Any = None
    walk = _Walk([], [])
    for _ in range(steps):
        actions, state = _predict(agent, observations, state, start.copy())
        assert np.shape(actions)[:1] == (len(envs),), (
            f"a batch of {len(envs)} observations gave actions of the shape {np.shape(actions)}"
        )
        walk.actions.append(np.array(actions))
        walk.starts.append(start.copy())
        observations = observations.copy()
        for row, env in enumerate(envs):
            _check_action(actions[row], env.action_space)
            observations[row], _, terminated, truncated, _ = env.step(actions[row])
            start[row] = terminated or truncated
            if start[row]:
                observations[row], _ = env.reset()
    for env in envs:
        env.close()
    return walk


def _check_fresh_episode(
    factory: Callable[[], Any], env: Any, seed: int, steps: int, tolerance: float
) -> None:
    """After an episode, decide as a fresh agent would; and decide twice alike."""
    agent, fresh = factory(), factory()
    state: Any = None
    fresh_state: Any = None
    observation, _ = env.reset(seed=seed)
    start = np.array([True])
    for _ in range(steps):
        if start[0]:
            fresh, fresh_state = factory(), None
        kept = copy.deepcopy(state)
        action, new_state = _predict(agent, observation, state, start)
        repeated, _ = _predict(agent, observation, kept, start)
        assert np.allclose(action, repeated, rtol=0.0, atol=tolerance), (
            f"the same observation and state gave {action} and {repeated}: keep what changes in "
            "the state that predict returns"
        )
        expected, fresh_state = _predict(fresh, observation, fresh_state, start)
        assert np.allclose(action, expected, rtol=0.0, atol=tolerance), (
            f"after an earlier episode the agent decides {action}, a fresh one {expected}"
        )
        state = new_state
        observation, _, terminated, truncated, _ = env.step(action)
        start = np.array([terminated or truncated])
        if start[0]:
            observation, _ = env.reset()
    env.close()
