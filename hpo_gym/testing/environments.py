"""The conformance check of vector environments; Gymnasium has none."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from itertools import zip_longest
from typing import Any

import gymnasium as gym
from gymnasium.vector import AutoresetMode, SyncVectorEnv, VectorEnv
from gymnasium.vector.utils import batch_space

from hpo_gym.testing.contracts import (
    check_autoreset,
    check_bad_actions,
    check_options,
    check_partial_reset,
)
from hpo_gym.testing.results import check_fresh, check_results, check_seeding
from hpo_gym.testing.rollouts import Case, assert_equal

# What make_vec notes in a spec's kwargs that a scalar environment does not take.
_VECTOR_ONLY = ("num_envs", "vectorization_mode", "vector_kwargs", "wrappers", "autoreset_mode")


def check_vector_env(
    env: Any,
    scalar_factory: Callable[[], Any] | None = None,
    *,
    steps: int = 200,
    seed: int = 7,
    stochastic: bool = True,
    reset_options: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Check that a vector environment keeps Gymnasium's contracts, and this project's.

    Checked: batched spaces; shapes, dtypes and ranges of everything that is returned; constant
    info keys with boolean masks ``_key``; fresh arrays; seeding; the contract of its autoreset
    mode; partial resets; actions that must be refused and change nothing; options that must not
    be changed; and, bit for bit, equality with `SyncVectorEnv` over the scalar environment.

    Args:
        env: A vector environment (copied, never stepped), or a function that makes one.
        scalar_factory: Makes the scalar environment; by default it is made from the spec that
            `gymnasium.make_vec` left in the environment. Without either, the comparison is left
            out.
        steps: Length of each rollout; at least one episode must end in it.
        seed: Seed of the rollouts.
        stochastic: Different seeds must give different rollouts.
        reset_options: Options to be used by some of the partial resets.

    Raises:
        AssertionError: The environment breaks a contract.
    """
    factory = env
    if isinstance(env, VectorEnv):
        pristine = copy.deepcopy(env)

        def factory() -> Any:
            return copy.deepcopy(pristine)

    first = factory()
    assert isinstance(first, VectorEnv), f"{first!r} is not a gymnasium.vector.VectorEnv"
    case = Case(
        make=factory,
        make_scalar=scalar_factory or _scalar_factory(first),
        steps=steps,
        seed=seed,
        stochastic=stochastic,
        reset_options=(None, *reset_options),
    )
    _check_spaces(first)
    for check in (
        check_results,
        check_fresh,
        check_seeding,
        check_autoreset,
        check_partial_reset,
        check_bad_actions,
        check_options,
        _check_scalar,
    ):
        check(case)


def _scalar_factory(env: Any) -> Callable[[], Any] | None:
    if env.spec is None or env.spec.entry_point is None:
        return None
    spec = copy.deepcopy(env.spec)
    for name in (*_VECTOR_ONLY, "max_episode_steps"):
        spec.kwargs.pop(name, None)
    return lambda: gym.make(spec)


def _mode(env: Any) -> AutoresetMode:
    mode = env.metadata.get("autoreset_mode")
    assert isinstance(mode, AutoresetMode), f"metadata['autoreset_mode'] is {mode!r}, not the enum"
    return mode


def _check_spaces(env: Any) -> None:
    _mode(env)
    assert isinstance(env.num_envs, int) and env.num_envs >= 1, f"num_envs is {env.num_envs!r}"
    for kind in ("observation", "action"):
        single, batched = getattr(env, f"single_{kind}_space"), getattr(env, f"{kind}_space")
        wanted = batch_space(single, env.num_envs)
        assert batched == wanted, f"{kind}_space is {batched}, not the batch {wanted}"


def _check_scalar(case: Case) -> None:
    """Compare with `SyncVectorEnv` over the scalar environment, bit for bit."""
    if case.make_scalar is None:
        return
    env = case.make()
    sync = SyncVectorEnv([case.make_scalar] * env.num_envs, autoreset_mode=_mode(env))
    results = zip_longest(case.rollout(env), case.rollout(sync), fillvalue=())
    for count, (result, wanted) in enumerate(results):
        message = f"result {count} differs from that of SyncVectorEnv over the scalar environment"
        assert_equal(result, wanted, message)
    sync.close()
