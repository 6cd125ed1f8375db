"""Trained policies in plain NumPy: no torch to run one, no pickle to load one.

A policy is a pair of files with one stem: ``name.npz`` holds the arrays of a multilayer
perceptron, ``name.json`` describes it and carries the npz file's SHA-256.

Arrays: ``weight_i`` (out, in) and ``bias_i`` (out,) per layer; ``log_std`` (actions,) of a Gaussian
policy; ``observation_mean`` and ``observation_scale`` (size,) if observations were normalised in
training. A policy with a memory, whose description has ``memory_size``, has the arrays
``memory_observation_weight``, ``memory_hidden_weight`` and ``memory_bias`` of
`hpo_gym.policies.lstm`, and its perceptron reads what the memory returns. Keys of the description:
see `hpo_gym.policies.description`; everything else in it is for information. Files are limited in
size (see `hpo_gym.policies.archive`), arrays in what they can make of an observation (see
`hpo_gym.policies.bounds`), and there is none but those above.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hpo_gym.policies import bounds
from hpo_gym.policies.archive import load_pair, refusing, save_pair
from hpo_gym.policies.description import check_description
from hpo_gym.policies.lstm import Memory


# Both work in place, since fresh memory would cost as much as the arithmetic. They are functions
# of the module, so that policies can be pickled.
def _tanh(values: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.tanh(values, out=values)


def _relu(values: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.maximum(values, np.float32(0.0), out=values)


ACTIVATIONS: Final[Mapping[str, Callable[[NDArray[np.float32]], NDArray[np.float32]]]] = {
    "tanh": _tanh,
    "relu": _relu,
}
"""Activations by name."""

_FLOATS = (np.dtype(np.float32), np.dtype(np.float64))


class Policy:
    """A multilayer perceptron, with or without a memory, that maps observations to actions.

    Args:
        arrays: The arrays by name; see the module.
        description: The description; see the module.
        seed: Seeds the random numbers of ``deterministic=False``.

    Raises:
        ValueError: The arrays do not have the shapes that the description states, one is missing
            or not known, one holds or could give numbers that are not finite, or the description is
            incomplete.
    """

    def __init__(
        self,
        arrays: Mapping[str, NDArray[Any]],
        description: Mapping[str, Any],
        *,
        seed: int | None = None,
    ) -> None:
        self.arrays = dict(arrays)
        self.description = dict(description)
        self._generator = np.random.default_rng(seed)
        check_description(self.description, tuple(ACTIVATIONS))
        sizes = self.description["layer_sizes"]
        self.observation_size: int = self.description["interface"]["observation_size"]
        self._read: set[str] = set()
        self._memory = self._read_memory()
        self.kind: str = self.description["kind"]
        self._activation = ACTIVATIONS[self.description["activation"]]
        self._layers = [
            (self._array(f"weight_{i}", after, before).T, self._array(f"bias_{i}", after))
            for i, (before, after) in enumerate(pairwise(sizes))
        ]
        if self.kind == "gaussian":
            log_std = self._array("log_std", sizes[-1])
            bounds.check_deviation(log_std)
            self._deviation = np.exp(log_std)
        self._normalises = "observation_mean" in self.arrays
        if self._normalises:
            self._mean = self._array("observation_mean", self.observation_size)
            self._scale = self._array("observation_scale", self.observation_size)
            self._clip = float(self.description.get("observation_clip", np.inf))
        unknown = sorted(set(self.arrays) - self._read)
        if unknown:
            raise ValueError(f"the arrays {unknown} are not known; known: {sorted(self._read)}")
        self._check_bounds()

    @classmethod
    def load(cls, path: str | Path, *, seed: int | None = None) -> Policy:
        """Load a pair of files.

        Args:
            path: Either file of the pair, or their common stem.
            seed: Seeds the random numbers of ``deterministic=False``.

        Raises:
            FileNotFoundError: One of the two files does not exist.
            ValueError: A file is corrupt or too large, or the two do not belong together.
        """
        arrays, description = load_pair(path)
        with refusing(f"policy {path}"):
            return cls(arrays, description, seed=seed)

    def save(self, path: str | Path) -> Path:
        """Write the pair of files, each atomically.

        Args:
            path: The stem, or either file of the pair.

        Returns:
            The path of the npz file.
        """
        return save_pair(path, self.arrays, self.description)

    def predict(
        self,
        observation: Any,
        state: Any = None,
        episode_start: Any = None,
        deterministic: bool = False,
    ) -> tuple[Any, Any]:
        """Actions for one observation or a batch, as Stable-Baselines3's `predict`.

        Args:
            observation: (size,) or (N, size).
            state: What the last call returned; None at first. Without a memory it is returned
                unchanged.
            episode_start: (N,) bool, rows whose episode begins: their state is forgotten. Without a
                memory it is ignored.
            deterministic: The most likely action instead of a random one.

        Returns:
            The action, or a batch of N, and the new state. Gaussian and deterministic: (actions,)
            float32; otherwise an int64.

        Raises:
            ValueError: The observation has another size, or the state another number of rows.
        """
        array = np.asarray(observation, dtype=np.float32)
        if array.ndim not in (1, 2) or array.shape[-1] != self.observation_size:
            raise ValueError(
                f"this policy reads observations of {self.observation_size} components, got the "
                f"shape {array.shape}: use it on the environment options that it was trained on "
                f"({self.description['interface']})"
            )
        values = self._normalised(np.atleast_2d(array))
        if self._memory is not None:
            values, state = self._memory.step(values, state, episode_start)
        actions = self._choose(self._perceptron(values), deterministic)
        return (actions if array.ndim == 2 else actions[0]), state

    def outputs(self, observations: NDArray[np.float32]) -> NDArray[np.float32]:
        """Outputs for first observations, (N, outputs): means, logits or values by the kind."""
        values = self._normalised(observations)
        if self._memory is not None:
            values, _ = self._memory.step(values, None, None)
        return self._perceptron(values)

    def _normalised(self, observations: NDArray[np.float32]) -> NDArray[np.float32]:
        if not self._normalises:
            return observations
        values = (observations - self._mean) / self._scale
        return np.asarray(np.clip(values, -self._clip, self._clip).astype(np.float32))

    def _perceptron(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        for weight, bias in self._layers[:-1]:
            values = values @ weight
            values += bias
            values = self._activation(values)
        weight, bias = self._layers[-1]
        return np.asarray(values @ weight + bias)

    def _read_memory(self) -> Memory | None:
        size = self.description.get("memory_size")
        if size is None:
            return None
        return Memory(
            self._array("memory_observation_weight", 4 * size, self.observation_size),
            self._array("memory_hidden_weight", 4 * size, size),
            self._array("memory_bias", 4 * size),
        )

    def check_env(self, env: Any) -> None:
        """Check that observations and actions mean for an environment what they mean here.

        Args:
            env: A scalar or vector environment of hpo_gym, wrapped or not, or its process.

        Raises:
            ValueError: They do not.
        """
        process = env if hasattr(env, "interface") else env.unwrapped.process
        for name, value in process.interface.items():
            mine = self.description["interface"].get(name)
            if mine != value:
                raise ValueError(
                    f"this {self.description['algorithm']} policy was trained with {name} = "
                    f"{mine!r}, the environment has {name} = {value!r}: make the environment with "
                    "the same options, or train a policy for it"
                )

    def _choose(self, outputs: NDArray[np.float32], deterministic: bool) -> NDArray[Any]:
        if self.kind in ("gaussian", "deterministic"):
            if self.kind == "gaussian" and not deterministic:
                draws = self._generator.standard_normal(outputs.shape, dtype=np.float32)
                outputs = outputs + self._deviation * draws
            return np.clip(outputs, np.float32(-1.0), np.float32(1.0))
        if self.kind == "categorical" and not deterministic:
            # Gumbel's trick: the argmax of logits plus such noise has the softmax distribution.
            outputs = outputs + self._generator.gumbel(size=outputs.shape).astype(np.float32)
        return np.asarray(outputs.argmax(axis=1))

    def _array(self, name: str, *shape: int) -> NDArray[Any]:
        """A float array of the policy, after checks."""
        if name not in self.arrays:
            raise ValueError(f"the array {name!r} is missing; there are {sorted(self.arrays)}")
        array = np.asarray(self.arrays[name])
        if array.shape != shape or array.dtype not in _FLOATS:
            raise ValueError(
                f"the array {name!r} must be {shape} float32 or float64, it is {array.shape} "
                f"{array.dtype}"
            )
        wrong = np.argwhere(~np.isfinite(array))
        if len(wrong):
            place = tuple(wrong[0].tolist())
            raise ValueError(f"the array {name!r} must be finite, it is {array[place]} at {place}")
        self._read.add(name)
        return array

    def _check_bounds(self) -> None:
        """Raise ValueError if an observation in [-1, 1] could make a value overflow."""
        values = np.ones(self.observation_size)
        if self._normalises:
            values = bounds.normalised_bounds(self._mean, self._scale, self._clip)
        if self._memory is not None:
            hidden = np.ones(self._memory.size)
            values = np.concatenate([values, hidden])
            bounds.layer_bounds(values, *self._memory.gates, "memory_*")
            values = hidden
        for i, (weight, bias) in enumerate(self._layers):
            values = bounds.layer_bounds(values, weight, bias, f"weight_{i}", f"bias_{i}")
            if self._activation is _tanh:
                values = np.minimum(values, 1.0)
