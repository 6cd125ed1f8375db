"""Random rollouts of vector environments, and what comparing them needs.

A rollout mixes steps with resets of some rows, so that rows run out of phase.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, is_dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
from gymnasium import spaces
from gymnasium.utils.env_checker import data_equivalence
from gymnasium.vector import AutoresetMode
from numpy.typing import NDArray

RESET_SHARE = 0.1
"""Share of the steps of a rollout that are preceded by a reset of some rows."""

_PARTS = {
    2: ("observations", "infos"),
    5: ("observations", "rewards", "terminations", "truncations", "infos"),
}


def draw_actions(env: Any, generator: np.random.Generator) -> NDArray[Any]:
    """Random actions for all rows; a Box's reach a little beyond the bounds.

    Raises:
        AssertionError: The action space is neither a Box nor Discrete.
    """
    space, rows = env.single_action_space, env.num_envs
    if isinstance(space, spaces.Discrete):
        draws = generator.integers(space.n, size=rows) + space.start
        return np.asarray(draws.astype(env.action_space.dtype))
    assert isinstance(space, spaces.Box), f"no check knows the action space {space}"
    middle, half = (space.high + space.low) / 2.0, (space.high - space.low) / 2.0
    draws = middle + 1.1 * half * generator.uniform(-1.0, 1.0, size=(rows, *space.shape))
    return np.asarray(draws.astype(space.dtype))


def rollout(
    env: Any,
    *,
    seed: int,
    steps: int,
    reset_options: Sequence[Mapping[str, Any] | None] = (None,),
    draw: Callable[[Any, np.random.Generator], NDArray[Any]] = draw_actions,
) -> Iterator[tuple[Any, ...]]:
    """Step and reset a vector environment at random.

    Equal arguments give equal actions and resets, so two environments can be walked side by side.
    Rows that are done under `AutoresetMode.DISABLED` are reset at once.

    Args:
        env: A vector environment; the rollout begins by resetting it with the seed.
        seed: Seed of the environment and of the rollout.
        steps: Number of steps.
        reset_options: Options for the resets of some rows; each reset draws one of them.
        draw: Draws actions for all rows of an environment.

    Yields:
        What every reset (observations, infos) and every step (observations, rewards,
        terminations, truncations, infos) returned.
    """
    generator = np.random.default_rng(seed)
    disabled = env.metadata["autoreset_mode"] is AutoresetMode.DISABLED
    yield env.reset(seed=seed)
    for _ in range(steps):
        if generator.random() < RESET_SHARE and env.num_envs > 1:
            mask = generator.random(env.num_envs) < 0.05
            mask[generator.integers(env.num_envs)] = True
            options = reset_options[int(generator.integers(len(reset_options)))]
            yield env.reset(options={**(options or {}), "reset_mask": mask})
        actions = draw(env, generator)
        result = env.step(actions)
        actions[...] = 0  # an environment that keeps them must copy
        done = result[2] | result[3]
        yield result
        if disabled and done.any():
            yield env.reset(options={"reset_mask": done})


@dataclass(frozen=True)
class Case:
    """A vector environment to be checked, and how.

    Attributes:
        make: Makes the vector environment, equal every time.
        make_scalar: Makes the scalar environment, if there is one to compare with.
        steps: Length of a rollout.
        seed: Seed of the rollouts.
        stochastic: Different seeds give different rollouts.
        reset_options: What partial resets may ask for.
    """

    make: Callable[[], Any]
    make_scalar: Callable[[], Any] | None
    steps: int
    seed: int
    stochastic: bool
    reset_options: tuple[Mapping[str, Any] | None, ...]

    def rollout(self, env: Any) -> Iterator[tuple[Any, ...]]:
        """A rollout of the environment."""
        return rollout(env, seed=self.seed, steps=self.steps, reset_options=self.reset_options)


@contextmanager
def kept(rule: str) -> Iterator[None]:
    """Turn errors from inside of what is checked into AssertionErrors that name the broken rule."""
    try:
        yield
    except AssertionError:
        raise
    except Exception as error:
        raise AssertionError(f"{rule}: it raised {type(error).__name__}: {error}") from error


def assert_equal(left: tuple[Any, ...], right: tuple[Any, ...], message: str) -> None:
    """Raise the message unless two results of a reset or a step are equal bit for bit."""
    if data_equivalence(left, right, exact=True):
        return
    parts = _PARTS.get(len(left), ()) if len(left) == len(right) else ()
    lines = [f"{message}; {len(left)} parts against {len(right)}"]
    for name, one, other in zip(parts, left, right, strict=bool(parts)):
        lines += _differences(name, one, other)
    raise AssertionError("\n  ".join(lines))


def _differences(name: str, left: Any, right: Any) -> list[str]:
    if data_equivalence(left, right, exact=True):
        return []
    if isinstance(left, dict) and isinstance(right, dict):
        lines = [f"{name}: {key!r} in only one" for key in sorted(left.keys() ^ right.keys())]
        for key in left.keys() & right.keys():
            lines += _differences(f"{name}[{key!r}]", left[key], right[key])
        return lines
    kinds = [
        f"{type(value).__name__} {getattr(value, 'dtype', '')} {np.shape(value)}"
        for value in (left, right)
    ]
    return [f"{name}: {kinds[0]} {left!r}", f"{' ' * len(name)}  {kinds[1]} {right!r}"]


def arrays(data: Any) -> Iterator[NDArray[Any]]:
    """All arrays in nested dicts, tuples, namespaces, dataclasses and object arrays."""
    if isinstance(data, np.ndarray):
        yield data
        if data.dtype == object:
            for item in data.flat:
                yield from arrays(item)
    elif isinstance(data, dict):
        for item in data.values():
            yield from arrays(item)
    elif isinstance(data, (tuple, list)):
        for item in data:
            yield from arrays(item)
    elif isinstance(data, SimpleNamespace) or is_dataclass(data):
        yield from arrays(vars(data))


def scramble(data: Any) -> None:
    """Overwrite everything that can be overwritten in what an environment returned."""
    for array in list(arrays(data)):
        assert array.flags.writeable, "a returned array is read-only: return fresh arrays"
        array[...] = None if array.dtype == object else ~array if array.dtype == bool else 77
    for item in data:
        if isinstance(item, dict):
            item.clear()
