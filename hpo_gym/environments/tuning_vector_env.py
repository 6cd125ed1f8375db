"""`TuningVectorEnv`: many tuning runs stepped as one, in NumPy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.error import ResetNeeded
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from hpo_gym.arrays import Vectors
from hpo_gym.families import Family
from hpo_gym.rendering import Record, Renderer, Trail
from hpo_gym.shells.outputs import Outputs, merge, task_of_row
from hpo_gym.shells.seeding import EpisodeKeys, read_seeds
from hpo_gym.tuning.dynamics import Dynamics
from hpo_gym.tuning.observations import History
from hpo_gym.tuning.options import Options
from hpo_gym.tuning.state import Episode, State

_XP = Vectors()


class TuningVectorEnv(VectorEnv[NDArray[np.float32], Any, NDArray[Any]]):
    """N environments of `TuningEnv` in one object, equal to them row by row.

    Takes the options of `TuningEnv`. Row i seeded with s behaves as `TuningEnv` seeded with s + i,
    episode after episode. Every array that is returned is fresh; observations are in Fortran
    order, as Gymnasium's own vector environments return them.

    Args:
        num_envs: Number of rows N.
        autoreset_mode: "NextStep" (default), "SameStep" or "Disabled", or Gymnasium's enum.
        render_mode: "ansi" or "rgb_array": `render` returns a tuple of N frames.
        max_episode_steps: What Gymnasium passes for a registered id that has a time limit. None,
            -1 and limits that no episode reaches are accepted.
    """

    def __init__(
        self,
        num_envs: int = 1,
        *,
        family: str | Mapping[str, Any] | Family = "notebook",
        split: str = "train",
        task: int | None = None,
        action: str = "propose",
        adjust_step: float = 0.2,
        stop: bool = False,
        reward: str = "f1_gain",
        metric: str = "f1",
        evaluation_cost: float = 0.002,
        epoch_cost: float = 0.02,
        max_evaluations: int = 20,
        start: str | Mapping[str, float] | Sequence[float] = "random",
        noise: float | None = None,
        observation: str = "summary",
        render_mode: str | None = None,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        max_episode_steps: int | None = None,
    ) -> None:
        if not isinstance(num_envs, int) or num_envs < 1:
            raise ValueError(f"num_envs = {num_envs!r} must be a whole number >= 1")
        self.dynamics = Dynamics(
            Options(
                family=family,
                split=split,
                task=task,
                action=action,
                adjust_step=adjust_step,
                stop=stop,
                reward=reward,
                metric=metric,
                evaluation_cost=evaluation_cost,
                epoch_cost=epoch_cost,
                max_evaluations=max_evaluations,
                start=start,
                noise=noise,
                observation=observation,
            )
        )
        if max_episode_steps not in (None, -1) and max_episode_steps < max_evaluations:
            raise ValueError(
                f"max_episode_steps = {max_episode_steps!r} would cut episodes short of their "
                f"budget of {max_evaluations}: set max_evaluations, or vectorization_mode='sync'"
            )
        self.num_envs = num_envs
        # An allocator such as glibc's hands freed memory back to the kernel, and fetches it again
        # at every step, until it has seen a block of this size freed once.
        np.empty(30 << 20, dtype=np.uint8)
        known = [mode.value for mode in AutoresetMode]
        if autoreset_mode not in (*AutoresetMode, *known):
            raise ValueError(f"autoreset_mode = {autoreset_mode!r} must be one of {known}")
        self.autoreset_mode = AutoresetMode(autoreset_mode)
        self.metadata = {
            "render_modes": ["ansi", "rgb_array"],
            "render_fps": 4,
            "autoreset_mode": self.autoreset_mode,
        }
        self.render_mode = render_mode
        self._renderer = Renderer(self.dynamics, render_mode, self.metadata["render_modes"])
        self._trails: list[Trail] = []
        self.single_action_space = self.dynamics.mode.space()
        self.single_observation_space = self.dynamics.layout.space()
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self._history = History(self.dynamics.layout, num_envs)
        self._state: State | None = None
        self._done = np.zeros(num_envs, dtype=np.bool_)
        self._keys = EpisodeKeys(num_envs)

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
            options: As for `TuningEnv.reset`, for all rows of the call; ``task`` may also be an
                array (N,), one index per row. And ``reset_mask``, a boolean array (N,) of the
                rows to reset.

        Returns:
            Observations of all rows; infos, whose masks ``_key`` name the rows that were reset.

        Raises:
            ValueError: An option or a seed is not valid; the running episodes go on.
        """
        options = dict(options or {})
        mask = self._read_mask(options.pop("reset_mask", None))
        if np.ndim(options.get("task", 0)):
            options["task"] = self._read_tasks(options["task"])[mask]
        episode = self.dynamics.read_episode(options)
        if self._state is None and not mask.all():
            raise ResetNeeded("the first reset must reset every row: leave out 'reset_mask'")
        seeds = read_seeds(seed, self.num_envs)
        super().reset(seed=seeds.first)
        self._keys.seed(self, seeds, mask)
        self._done = self._done & ~mask
        outputs = self._show(self._begin(mask, episode))
        self._record(outputs, begun=mask, stepped=None)
        return self._observations(outputs), outputs.infos(mask)

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
        columns = self.dynamics.mode.read_rows(actions, self.num_envs, pending)
        before = self._state
        state, reward, terminated = self.dynamics.step(before, columns, _XP)
        rewards = np.empty(self.num_envs)
        rewards[...] = reward
        done = np.empty(self.num_envs, dtype=np.bool_)
        done[...] = terminated
        self._state = state
        self._remember(before, state, pending)
        if pending is not None:
            state = self._begin(pending, Episode())
            rewards[pending] = 0.0
            done[pending] = False
        self._done = done.copy()
        finals: dict[str, Any] = {}
        if self.autoreset_mode is AutoresetMode.SAME_STEP and done.any():
            outputs = Outputs(self.dynamics, state, self.num_envs, kept=state)
            self._record(outputs, begun=None, stepped=rewards)
            finals = self._finals(outputs, done)
            outputs = self._show(self._begin(done, Episode()))
            self._record(outputs, begun=done, stepped=None)
            self._done[...] = False
        else:
            outputs = self._show(state)
            self._record(outputs, begun=pending, stepped=rewards)
        infos = finals | outputs.infos()
        return self._observations(outputs), rewards, done, np.zeros_like(done), infos

    def render(self) -> tuple[Any, ...] | None:
        """The frames of all rows."""
        if self.render_mode is None:
            gym.logger.warn("render() needs a render_mode: pass render_mode='rgb_array'")
            return None
        if self._state is None:
            raise ResetNeeded("there is nothing to render: call reset() before render()")
        return tuple(self._renderer.frame(trail) for trail in self._trails)

    def call(self, name: str, *args: Any, **kwargs: Any) -> tuple[Any, ...]:
        """An attribute of the rows, or what it returns if it can be called, once per row."""
        value = getattr(self, name)
        if callable(value):
            value = value(*args, **kwargs)
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
        if not isinstance(mask, np.ndarray) or mask.dtype != np.bool_:
            raise ValueError(f"options['reset_mask'] must be a boolean array, not {mask!r}")
        if mask.shape != (self.num_envs,) or not mask.any():
            raise ValueError(
                f"options['reset_mask'] must have the shape ({self.num_envs},) and name at least "
                f"one row, got the shape {mask.shape} and {int(mask.sum())} rows"
            )
        return mask

    def _read_tasks(self, tasks: Any) -> NDArray[Any]:
        index = np.asarray(tasks)
        if index.shape != (self.num_envs,):
            raise ValueError(
                f"options['task'] must be one whole number, or {self.num_envs}, one per row, got "
                f"the shape {index.shape}"
            )
        return index

    def _begin(self, mask: NDArray[np.bool_], episode: Episode) -> State:
        """Begin new episodes in the rows of the mask; returns the state of all rows."""
        where: Any = slice(None) if mask.all() else np.flatnonzero(mask)
        begun = state = self.dynamics.reset(self._keys.next(where), episode, _XP)
        if self._state is not None and not isinstance(where, slice):
            whole = self._state
            if not len(whole.metrics):
                whole = self.dynamics.again(whole, _XP)
            state = merge(whole, begun, where, self.dynamics.family)
        self._state = state
        if self._history.block.size:
            self._history.clear(where)
            if self.dynamics.layout.start_evaluated:
                columns = (*begun.unit, *self.dynamics.features(begun, _XP))
                self._history.write(0, columns, where)
        return state

    def _show(self, state: State) -> Outputs:
        """The outputs of a state, of which only what the next step needs is kept."""
        kept = state
        if not self.dynamics.mode.stop:  # a stop would repeat what was shown last
            kept = state._replace(scaled=(), metrics=(), cost=0.0)
        self._state = kept
        return Outputs(self.dynamics, state, self.num_envs, kept)

    def _remember(self, before: State, after: State, pending: NDArray[np.bool_] | None) -> None:
        """Write a step's evaluations into the history."""
        if not self._history.block.size:
            return
        evaluated = np.broadcast_to(after.evaluations > before.evaluations, self.num_envs)
        if pending is not None:
            evaluated = evaluated & ~pending
        columns = (*after.unit, *self.dynamics.features(after, _XP))
        if evaluated.all():
            self._history.write(after.evaluations, columns, slice(None))
            return
        rows = np.flatnonzero(evaluated)
        evaluations = np.broadcast_to(after.evaluations, self.num_envs)[rows]
        self._history.write(evaluations, tuple([c[rows] for c in columns]), rows)

    def _finals(self, outputs: Outputs, done: NDArray[np.bool_]) -> dict[str, Any]:
        """Last observations and infos of the episodes that just ended."""
        final_obs = np.full(self.num_envs, None, dtype=object)
        observations = self._observations(outputs)
        for row in np.flatnonzero(done).tolist():
            final_obs[row] = observations[row].copy()
        return {
            "final_obs": final_obs,
            "_final_obs": done.copy(),
            "final_info": outputs.infos(done),
            "_final_info": done.copy(),
        }

    def _observations(self, outputs: Outputs) -> NDArray[np.float32]:
        """The observations with their history, (N, size) in Fortran order."""
        if self._history.block.size:
            history = outputs.observations[self.dynamics.layout.summary_size :]
            history[...] = self._history.block.reshape(-1, self.num_envs)
        return outputs.observations.T

    def _record(
        self, outputs: Outputs, begun: NDArray[np.bool_] | None, stepped: NDArray[Any] | None
    ) -> None:
        """Add the rows' evaluations to their trails, for rendering."""
        if self.render_mode is None or self._state is None:
            return
        state = self._state
        for row in range(self.num_envs):
            info = {name: array[row].item() for name, array in outputs.values.items()}
            unit = tuple([float(column[row]) for column in state.unit])
            if begun is not None and begun[row]:
                trail = Trail(task_of_row(state.tasks, row), [Record(unit, info, None)])
                self._trails[row : row + 1] = [trail]
            elif stepped is not None:
                self._trails[row].records.append(Record(unit, info, float(stepped[row])))
