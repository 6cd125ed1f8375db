"""`ScalarShell`: one row of a process as a Gymnasium environment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.error import ResetNeeded
from numpy.typing import NDArray

from hpo_gym.arrays import Columns, Floats
from hpo_gym.shells.process import (
    Process,
    Record,
    Renderer,
    check_render_mode,
    read_options,
    shown_infos,
)
from hpo_gym.shells.seeding import EpisodeKey

_XP = Floats()


class ScalarShell(gym.Env[NDArray[np.float32], Any]):
    """One row of a process.

    Args:
        process: The process.
        render_mode: One of the renderer's modes, or None.
        renderer: Draws episodes; None for processes that cannot be drawn.
        infos: The infos that are returned: "all", "none", or their names.

    Raises:
        ValueError: The render mode or a name is unknown.
    """

    def __init__(
        self,
        process: Process,
        *,
        render_mode: str | None = None,
        renderer: Renderer | None = None,
        infos: str | Sequence[str] = "all",
    ) -> None:
        modes = check_render_mode(render_mode, renderer)
        self.metadata = {"render_modes": [*modes], "render_fps": 4}
        self.process = process
        self.render_mode = render_mode
        self._renderer = None if render_mode is None else renderer
        self._records: list[Record] = []
        self.action_space = process.action_space()
        self.observation_space: gym.Space[Any] = process.observation_space()
        self._names = tuple(process.info_types)
        self._shown = shown_infos(process, infos)
        self._shows_all = self._shown == self._names
        self._is_bare = not self._shown and self._renderer is None
        self._integers: list[str] | None = None
        self._keys = EpisodeKey()
        self._state: Any = None
        self._over = False

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Begin an episode.

        Args:
            seed: Seeds the environment; the same seed gives the same episodes.
            options: Options of this one episode, see the environment.

        Returns:
            The observation and the info of the start.

        Raises:
            ValueError: An option is unknown or not valid; the running episode goes on.
        """
        episode = self.process.read_episode(read_options(options), None)
        super().reset(seed=int(seed) if isinstance(seed, np.integer) else seed)
        self._state = self.process.begin(*self._keys.next(self), episode, _XP)
        self._over = False
        self._records = []
        return self._show(None)

    def step(self, action: Any) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """Take an action.

        Args:
            action: An element of the action space; a Box's components are clipped.

        Returns:
            Observation, reward, terminated, truncated (always False) and info.

        Raises:
            ValueError: The action has the wrong shape or kind or is NaN; nothing has changed.
            ResetNeeded: There is no running episode.
        """
        if self._state is None or self._over:
            raise ResetNeeded("the episode is over or has not begun: call reset() before step()")
        process = self.process
        self._state, reward, self._over = process.step(self._state, process.read(action), _XP)
        observation, info = self._show(reward)
        return observation, reward, self._over, False, info

    def render(self) -> Any:
        """The frame of the current state: text for "ansi", (height, width, 3) for "rgb_array"."""
        if self._renderer is None or self.render_mode is None:
            gym.logger.warn("render() needs a render_mode: pass render_mode='rgb_array' to make()")
            return None
        if self._state is None:
            raise ResetNeeded("there is nothing to render: call reset() before render()")
        return self._renderer.frame(self._records, self.render_mode)

    def close(self) -> None:
        """Release what the process holds."""
        self.process.close()

    def _show(self, reward: float | None) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """The observation and the info of the state."""
        process, state = self.process, self._state
        observation = _XP.pack(process.observation(state, _XP))
        if self._is_bare:
            return observation, {}
        values = process.info(state, _XP)
        info = dict(zip(self._names, values))  # noqa: B905  (any `strict` takes longer)
        if self._integers is None:
            self._integers = self._whole(values)
        for name in self._integers:
            info[name] = int(info[name])
        if self._renderer is not None:
            self._records.append(Record(self._renderer.snapshot(state, None), info, reward))
        return observation, info if self._shows_all else {name: info[name] for name in self._shown}

    def _whole(self, values: Columns) -> list[str]:
        """Names of the whole numbers that the process computes as floats."""
        kinds = zip(self.process.info_types.items(), values, strict=True)
        return [name for (name, kind), value in kinds if kind is int is not type(value)]
