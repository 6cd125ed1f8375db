"""The conformance check of decision processes: what `hpo_gym.shells` asks of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from gymnasium.utils.env_checker import check_env, data_equivalence
from gymnasium.vector import AutoresetMode

from hpo_gym import rng
from hpo_gym.arrays import Vectors
from hpo_gym.shells.process import Process
from hpo_gym.shells.scalar import ScalarShell
from hpo_gym.shells.vector import VectorShell
from hpo_gym.testing.environments import check_vector_env
from hpo_gym.testing.rollouts import draw_actions

_XP = Vectors()


def check_process(
    factory: Callable[[], Process],
    *,
    rows: int = 5,
    steps: int = 200,
    seed: int = 7,
    stochastic: bool = True,
    reset_options: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Check that a process keeps the contract of `hpo_gym.shells.process.Process`.

    Checked: its states are values, so that a step or a merge leaves the old one as it was; in a
    `ScalarShell` it passes Gymnasium's `check_env`; in a `VectorShell` it passes `check_vector_env`
    in all autoreset modes, which compares it bit for bit with the scalar one.

    Args:
        factory: Makes the process, equal every time.
        rows: Number of rows.
        steps: Length of the rollouts; at least one episode must end in it.
        seed: Seed of the rollouts.
        stochastic: Different seeds must give different rollouts.
        reset_options: Options to be used by some of the partial resets.

    Raises:
        AssertionError: The process breaks the contract.

    Example:
        >>> from hpo_gym.tuning import Options, TuningProcess
        >>> check_process(lambda: TuningProcess(Options()), rows=2, steps=50)
    """
    _check_values(factory(), rows, seed)
    check_env(ScalarShell(factory()), skip_render_check=True)
    for mode in AutoresetMode:
        check_vector_env(
            lambda mode=mode: VectorShell(factory(), rows, autoreset_mode=mode),
            lambda: ScalarShell(factory()),
            steps=steps,
            seed=seed,
            stochastic=stochastic,
            reset_options=reset_options,
        )


def _check_values(process: Process, rows: int, seed: int) -> None:
    """States are values: using one does not change it."""
    shell = VectorShell(process, rows)  # draws actions of the right shape
    generator = np.random.default_rng(seed)
    keys = rng.derive(seed, np.arange(rows, dtype=np.uint64))
    state = process.begin(keys, process.read_episode(None, None), _XP)
    before = _shown(process, state, rows)
    action = process.read_rows(draw_actions(shell, generator), rows, None)
    following = process.step(state, action, _XP)[0]
    assert data_equivalence(before, _shown(process, state, rows), exact=True), (
        "step changed the state that it was given: return a new one"
    )
    kept = _shown(process, following, rows)
    some = np.arange(0, rows, 2)
    fresh = process.begin(keys[some], process.read_episode(None, None), _XP)
    merged = process.merge(following, fresh, some)
    assert data_equivalence(kept, _shown(process, following, rows), exact=True), (
        "merge changed the state that it was given: return a new one"
    )
    whole, others = _shown(process, merged, rows), np.setdiff1d(np.arange(rows), some)
    for name, columns, old, new in zip(
        ("observation", *process.info_types), whole, kept, before, strict=True
    ):
        assert np.array_equal(columns[others], old[others]), f"merge changed {name} of other rows"
        assert np.array_equal(columns[some], new[some]), (
            f"merge did not put the {name} of the new rows in place"
        )


def _shown(process: Process, state: Any, rows: int) -> tuple[Any, ...]:
    """The observations and infos of a state, each (rows, ...)."""
    observations = _XP.pack(process.observation(state, _XP), rows)
    info = process.info(state, _XP)
    return (observations, *[np.array(np.broadcast_to(column, rows)) for column in info])
