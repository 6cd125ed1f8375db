"""Stable-Baselines3: the native vector environment as a `VecEnv`.

SB3 refuses Gymnasium's vector environments; this adapter gives it the SAME_STEP form, in which a
finished row begins its next episode at once, as SB3 expects.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpo_gym.shells.vector import VectorShell

try:
    from stable_baselines3.common.vec_env.base_vec_env import VecEnv
except ImportError as error:
    raise ImportError(
        "hpo_gym.integrations.sb3 needs stable-baselines3: pip install 'hpo-gym[sb3]'"
    ) from error


class NativeVecEnv(VecEnv):
    """N rows of a vector environment of hpo_gym for Stable-Baselines3.

    Wrap it in ``VecMonitor`` for episode statistics.

    Args:
        envs: A native vector environment with ``autoreset_mode="SameStep"``.

    Raises:
        ValueError: The environment is of another class or resets at the next step.

    Example:
        >>> import gymnasium as gym
        >>> envs = gym.make_vec("hpo_gym:FictitiousHPO-v0", 4, autoreset_mode="SameStep")
        >>> NativeVecEnv(envs).reset().shape
        (4, 14)
    """

    def __init__(self, envs: Any) -> None:
        native = getattr(envs, "unwrapped", envs)
        if envs is not native or not isinstance(native, VectorShell):
            raise ValueError(f"{envs} is not a native vector environment of hpo_gym")
        if native.autoreset_mode.value != "SameStep":
            raise ValueError(
                f"{envs} has autoreset_mode={native.autoreset_mode.value!r}; SB3 needs 'SameStep'"
            )
        self.envs = native
        self.render_mode = native.render_mode
        self._actions: Any = None
        super().__init__(
            native.num_envs, native.single_observation_space, native.single_action_space
        )

    def reset(self) -> NDArray[np.float32]:
        """Reset all rows with what `seed` and `set_options` asked for, once."""
        seeds = self._seeds if any(seed is not None for seed in self._seeds) else None
        options = {"rows": self._options} if any(self._options) else None
        observations, infos = self.envs.reset(seed=seeds, options=options)
        self.reset_infos = self._rows(infos)
        self._reset_seeds()
        self._reset_options()
        return np.ascontiguousarray(observations)

    def set_options(self, options: list[dict[str, Any]] | dict[str, Any] | None = None) -> None:
        """Options of the next reset: one dict for all rows, or a list of one per row.

        Raises:
            ValueError: It is neither, or the list has not as many entries as there are rows.
        """
        each = options if isinstance(options, list) else [options or {}] * self.num_envs
        if len(each) != self.num_envs or not all(isinstance(row, dict) for row in each):
            raise ValueError(
                f"options = {options!r} must be a dict, or a list of {self.num_envs} dicts, one "
                "per row"
            )
        super().set_options(each)

    def step_async(self, actions: NDArray[Any]) -> None:
        """Keep the actions for `step_wait`."""
        self._actions = actions

    def step_wait(
        self,
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.bool_], list[dict[str, Any]]]:
        """Step all rows.

        Returns:
            Observations (N, size), rewards (N,) float32, dones (N,) and one fresh dict per row;
            those of finished rows are of the episode that ended and carry its last observation
            as ``terminal_observation``.
        """
        observations, rewards, terminated, truncated, infos = self.envs.step(self._actions)
        done = terminated | truncated
        rows = self._rows(infos)
        if done.any():
            finals = self._rows(infos["final_info"])
            for row in np.flatnonzero(done).tolist():
                self.reset_infos[row] = rows[row]
                rows[row] = finals[row]
                rows[row]["terminal_observation"] = infos["final_obs"][row]
                rows[row]["TimeLimit.truncated"] = bool(truncated[row] and not terminated[row])
        return np.ascontiguousarray(observations), rewards.astype(np.float32), done, rows

    def close(self) -> None:
        """Close the environments."""
        self.envs.close()

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """An attribute of the chosen rows."""
        value = getattr(self.envs, attr_name)
        return [value for _ in self._get_indices(indices)]

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        """Set an attribute that all rows share.

        Raises:
            ValueError: Only some rows are meant.
        """
        if len(list(self._get_indices(indices))) != self.num_envs:
            raise ValueError(f"the rows share {attr_name!r}: set it for all of them")
        setattr(self.envs, attr_name, value)

    def env_method(
        self, method_name: str, *method_args: Any, indices: Any = None, **method_kwargs: Any
    ) -> list[Any]:
        """Call a method of the vector environment once.

        Returns:
            Of the chosen rows, what it gave each of them, or what it gave for all.
        """
        results = self.envs.call(method_name, *method_args, **method_kwargs)
        return [results[row] for row in self._get_indices(indices)]

    def env_is_wrapped(self, wrapper_class: Any, indices: Any = None) -> list[bool]:
        """No row is wrapped."""
        return [False for _ in self._get_indices(indices)]

    def get_images(self) -> Sequence[Any]:
        """Frames of all rows."""
        return list(self.envs.render() or [])

    def _rows(self, infos: dict[str, Any]) -> list[dict[str, Any]]:
        """One fresh dict of Python scalars per row."""
        names = [name for name in infos if not name.startswith(("_", "final_"))]
        if not names:
            return [{} for _ in range(self.num_envs)]
        columns = [infos[name].tolist() for name in names]
        return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]
