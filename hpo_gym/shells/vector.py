"""`VectorShell`: N rows of a process as a Gymnasium vector environment, stepped as one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.error import ResetNeeded
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from hpo_gym.arrays import Vectors
from hpo_gym.shells.outputs import Outputs
from hpo_gym.shells.process import (
    Process,
    Record,
    Renderer,
    check_render_mode,
    read_options,
    shown_infos,
)
from hpo_gym.shells.seeding import EpisodeKeys, read_seeds

MOST_ROWS = 2**31 - 1

_BY_ROW = ("action_masks", "render")
"""Methods that return one value per row."""

_XP = Vectors()


class VectorShell(VectorEnv[NDArray[np.float32], Any, NDArray[Any]]):
    """N rows of a process.

    Row i seeded with s behaves as a `ScalarShell` of the process seeded with s + i, episode after
    episode. Every array that is returned is fresh; observations are in Fortran order.

    Args:
        process: The process.
        num_envs: Number of rows N.
        autoreset_mode: "NextStep" (default), "SameStep" or "Disabled", or Gymnasium's enum.
        render_mode: One of the renderer's modes, or None.
        renderer: Draws episodes; None for processes that cannot be drawn.
        infos: The infos that are returned: "all", "none", or their names.

    Raises:
        ValueError: The number of rows, a mode or a name is not valid.
    """

    def __init__(
        self,
        process: Process,
        num_envs: int,
        *,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        render_mode: str | None = None,
        renderer: Renderer | None = None,
        infos: str | Sequence[str] = "all",
    ) -> None:
        whole = isinstance(num_envs, (int, np.integer)) and not isinstance(num_envs, bool)
        if not (whole and 1 <= num_envs <= MOST_ROWS):
            raise ValueError(f"num_envs = {num_envs!r} must be a whole number in [1, {MOST_ROWS}]")
        num_envs = int(num_envs)
        try:
            self.autoreset_mode = AutoresetMode(autoreset_mode)
        except ValueError as error:
            known = [mode.value for mode in AutoresetMode]
            raise ValueError(
                f"autoreset_mode = {autoreset_mode!r} must be one of {known}"
            ) from error
        self.metadata = {
            "render_modes": [*check_render_mode(render_mode, renderer)],
            "render_fps": 4,
            "autoreset_mode": self.autoreset_mode,
        }
        self.process = process
        self._shown = shown_infos(process, infos)
        self.num_envs = num_envs
        self.render_mode = render_mode
        self._renderer = renderer
        self._records: list[list[Record]] = [[] for _ in range(num_envs)]
        self.single_action_space = process.action_space()
        self.single_observation_space = process.observation_space()
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self._keys = EpisodeKeys(num_envs)
        self._state: Any = None
        self._done = np.zeros(num_envs, dtype=np.bool_)
        # An allocator such as glibc's hands freed memory back to the kernel, and fetches it again
        # at every step, until it has seen a block of this size freed once.
        np.empty(30 << 20, dtype=np.uint8)

    def reset(
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Begin episodes in all rows, or in those of a mask.

        Args:
            seed: An int s seeds row i with s + i; a list gives every row its own seed, None
                leaving a row's random numbers as they are.
            options: Options of these episodes, see the environment, for all rows of the call. And
                ``reset_mask``, a boolean array (N,) of the rows to reset.

        Returns:
            Observations of all rows; infos, whose masks ``_key`` name the rows that were reset.

        Raises:
            ValueError: An option or a seed is not valid; the running episodes go on.
        """
        options = read_options(options)
        mask = self._read_mask(options.pop("reset_mask", None))
        episode = self.process.read_episode(options, mask)
        if self._state is None and not mask.all():
            raise ResetNeeded("the first reset must reset every row: leave out 'reset_mask'")
        seeds = read_seeds(seed, self.num_envs)
        super().reset(seed=seeds.first)
        self._keys.seed(self, seeds, mask)
        self._done = self._done & ~mask
        self._begin(mask, episode)
        outputs = self._show(begun=mask)
        return outputs.observations, outputs.infos(mask)

    def step(
        self, actions: Any
    ) -> tuple[NDArray[np.float32], NDArray[Any], NDArray[Any], NDArray[Any], dict[str, Any]]:
        """Step every row.

        Args:
            actions: (N, n) float for a Box, (N,) integer for a Discrete.

        Returns:
            Observations (N, size) float32, rewards (N,) float64, terminations and truncations
            (N,) bool, and infos.

        Raises:
            ValueError: The actions have the wrong shape or kind or are NaN; no row was stepped.
            ResetNeeded: No episode has begun, or a row is done and autoreset is disabled.
        """
        if self._state is None:
            raise ResetNeeded("no episode has begun: call reset() before step()")
        pending = self._done if self._done.any() else None
        if pending is not None and self.autoreset_mode is AutoresetMode.DISABLED:
            done_rows = np.flatnonzero(pending)[:5].tolist()
            raise ResetNeeded(
                f"rows {done_rows} are done and autoreset is disabled: call "
                "reset(options={'reset_mask': mask}) before step()"
            )
        read = self.process.read_rows(actions, self.num_envs, pending)
        rewards, done = np.empty(self.num_envs), np.empty(self.num_envs, dtype=np.bool_)
        if pending is None or not pending.all():
            self._state, rewards[...], done[...] = self.process.step(self._state, read, _XP)
        if pending is not None:
            self._begin(pending, self.process.read_episode(None, pending))
            rewards[pending] = 0.0
            done[pending] = False
        self._done = done.copy()
        outputs = self._show(begun=pending, stepped=rewards)
        finals: dict[str, Any] = {}
        if self.autoreset_mode is AutoresetMode.SAME_STEP and done.any():
            finals = self._finals(outputs, done)
            self._begin(done, self.process.read_episode(None, done))
            self._done[...] = False
            outputs = self._show(begun=done)
        infos = finals | outputs.infos()
        return outputs.observations, rewards, done, np.zeros_like(done), infos

    def render(self) -> tuple[Any, ...] | None:
        """The frames of all rows."""
        if self.render_mode is None or self._renderer is None:
            gym.logger.warn("render() needs a render_mode: pass render_mode='rgb_array'")
            return None
        if self._state is None:
            raise ResetNeeded("there is nothing to render: call reset() before render()")
        renderer, mode = self._renderer, self.render_mode
        return tuple(renderer.frame(records, mode) for records in self._records)

    def close_extras(self, **_: Any) -> None:
        """Release what the process holds; Gymnasium's `close` calls it."""
        if "process" in vars(self):  # an environment whose construction failed is closed, too
            self.process.close()

    def call(self, name: str, *args: Any, **kwargs: Any) -> tuple[Any, ...]:
        """An attribute of the rows, or what it returns if it can be called, once per row."""
        value = getattr(self, name)
        if callable(value):
            value = value(*args, **kwargs)
            if name in _BY_ROW and value is not None:
                return tuple(value)
        return (value,) * self.num_envs

    def get_attr(self, name: str) -> tuple[Any, ...]:
        """An attribute, once per row: all rows share it."""
        return self.call(name)

    def set_attr(self, name: str, values: Any) -> None:
        """Set an attribute that all rows share.

        Raises:
            ValueError: A list or tuple gives the rows different values.
        """
        if isinstance(values, (list, tuple)):
            if len(values) != self.num_envs or any(value != values[0] for value in values):
                raise ValueError(
                    f"the {self.num_envs} rows share {name!r}: give one value, or a list of "
                    f"{self.num_envs} equal ones, not {values!r}"
                )
            values = values[0]
        setattr(self, name, values)

    def _read_mask(self, mask: Any) -> NDArray[np.bool_]:
        if mask is None:
            return np.ones(self.num_envs, dtype=np.bool_)
        shape, boolean = (self.num_envs,), isinstance(mask, np.ndarray) and mask.dtype == np.bool_
        if not boolean or mask.shape != shape or not mask.any():
            raise ValueError(
                f"options['reset_mask'] = {mask!r} must be a boolean array of the shape {shape}, "
                "with at least one row to reset"
            )
        return np.asarray(mask)

    def _begin(self, mask: NDArray[np.bool_], episode: Any) -> None:
        """Begin new episodes in the rows of the mask."""
        rows = np.flatnonzero(mask)
        begun = self.process.begin(*self._keys.next(rows), episode, _XP)
        if len(rows) == self.num_envs:
            self._state = begun
        else:
            self._state = self.process.merge(self._state, begun, rows)

    def _show(
        self, *, begun: NDArray[np.bool_] | None, stepped: NDArray[Any] | None = None
    ) -> Outputs:
        """The outputs of the state; what they show is recorded if it is to be drawn.

        Args:
            begun: (N,) rows whose episode begins here, None for no row.
            stepped: (N,) rewards of the other rows, None if they have not moved.
        """
        outputs = Outputs(self.process, self._state, self.num_envs, self._shown)
        if self.render_mode is None or self._renderer is None:
            return outputs
        for row, records in enumerate(self._records):
            begins = begun is not None and bool(begun[row])
            if begins:
                records.clear()
            elif stepped is None:
                continue
            reward = None if begins or stepped is None else float(stepped[row])
            snapshot = self._renderer.snapshot(self._state, row)
            records.append(Record(snapshot, outputs.row(row), reward))
        return outputs

    def _finals(self, outputs: Outputs, done: NDArray[np.bool_]) -> dict[str, Any]:
        """Last observations and infos of the episodes that just ended."""
        final_obs = np.full(self.num_envs, None, dtype=object)
        for row in np.flatnonzero(done).tolist():
            final_obs[row] = outputs.observations[row].copy()
        return {
            "final_obs": final_obs,
            "_final_obs": done.copy(),
            "final_info": outputs.infos(done),
            "_final_info": done.copy(),
        }
