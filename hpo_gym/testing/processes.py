"""The conformance check of decision processes: what `hpo_gym.shells` asks of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode
from numpy.typing import NDArray

from hpo_gym import rng
from hpo_gym.arrays import Vectors
from hpo_gym.shells.process import Process
from hpo_gym.shells.scalar import ScalarShell
from hpo_gym.shells.vector import VectorShell
from hpo_gym.testing.environments import check_vector_env
from hpo_gym.testing.rollouts import arrays, draw_actions, kept

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
    with kept("in a ScalarShell the process must pass Gymnasium's check_env"):
        check_env(ScalarShell(factory()), skip_render_check=True)
    for mode in AutoresetMode:
        with kept(f"in a VectorShell with {mode} the process must pass check_vector_env"):
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
    with kept("the process must have spaces and info_types that a VectorShell can batch"):
        shell = VectorShell(process, rows)  # draws actions of the right shape
        drawn = draw_actions(shell, np.random.default_rng(seed))
    state = _begin(process, seed, rows)
    before = _held(process, state, rows)
    with kept("read_rows and step must take the actions of all rows, within the action space"):
        action = process.read_rows(drawn, rows, None)
        following = process.step(state, action, _XP)[0]
    assert before == _held(process, state, rows), (
        "step changed the state that it was given: return a new one"
    )
    some = np.arange(0, rows, 2)
    fresh = _begin(process, seed + 1, len(some))  # other episodes: what is not replaced shows
    mine, theirs = _held(process, following, rows), _held(process, fresh, len(some))
    old, new = _shown(process, following, rows), _shown(process, fresh, len(some))
    with kept("merge must take a state of all rows and one of some, and their indices"):
        merged = process.merge(following, fresh, some)
    changed = mine != _held(process, following, rows) or theirs != _held(process, fresh, len(some))
    assert not changed, "merge changed the state that it was given: return a new one"
    whole, others = _shown(process, merged, rows), np.setdiff1d(np.arange(rows), some)
    for name, columns, left, right in zip(
        ("observation", *process.info_types), whole, old, new, strict=True
    ):
        assert np.array_equal(columns[others], left[others]), f"merge changed {name} of other rows"
        assert np.array_equal(columns[some], right), (
            f"merge did not put the {name} of the new rows in place"
        )


def _begin(process: Process, seed: int, rows: int) -> Any:
    turns = np.arange(rows)
    keys = rng.derive(seed, turns.astype(np.uint64))
    with kept(f"begin must make the state of {rows} rows from their keys and turns"):
        episode = process.read_episode(None, np.ones(rows, dtype=np.bool_))
        return process.begin(keys, turns, episode, _XP)


def _shown(process: Process, state: Any, rows: int) -> list[NDArray[Any]]:
    """The observations and infos of a state, each (rows, ...)."""
    with kept(f"observation and info must give columns of {rows} rows, as info_types says"):
        info = process.info(state, _XP)
        assert len(info) == len(process.info_types), (
            f"info gives {len(info)} values, info_types names {list(process.info_types)}"
        )
        columns = [np.array(np.broadcast_to(column, rows)) for column in info]
        return [_XP.pack(process.observation(state, _XP), rows), *columns]


def _held(process: Process, state: Any, rows: int) -> list[bytes]:
    """All that a state shows, and all arrays that it holds, also those that it does not show."""
    return [array.tobytes() for array in (*_shown(process, state, rows), *arrays(state))]
