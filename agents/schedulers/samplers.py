"""Samplers: which configuration a new run is started with."""

from __future__ import annotations

from abc import ABC, abstractmethod

from hpo_gym import rng
from hpo_gym.scheduling.table import Runs
from hpo_gym.sobol import sobol
from hpo_gym.space import SearchSpace


class Sampler(ABC):
    """Proposes configurations of new runs; it has no memory.

    Args:
        space: The search space, with the resource.
        resource: Name of the parameter that the scheduler decides on.

    Attributes:
        whole: The search space.
        resource: Name of the resource.
        space: The search space of a run: without the resource.
    """

    def __init__(self, space: SearchSpace, resource: str) -> None:
        self.whole, self.resource = space, resource
        parameters = {name: one for name, one in space.parameters.items() if name != resource}
        self.space = SearchSpace(parameters)

    @abstractmethod
    def point(self, runs: Runs, key: int) -> tuple[float, ...]:
        """The unit configuration of the next run, (d,) in [-1, 1].

        Args:
            runs: The runs so far. One that has just reported is not continued.
            key: Key of the episode's random numbers, a 64-bit word.
        """


class RandomSampler(Sampler):
    """Uniform on the cube."""

    def point(self, runs: Runs, key: int) -> tuple[float, ...]:
        """Independent of the runs, but for their number."""
        uniforms = rng.uniforms(rng.derive(key, len(runs.status)), self.space.dimension)
        return tuple(2.0 * uniform - 1.0 for uniform in uniforms)


class SobolSampler(Sampler):
    """The points of a scrambled Sobol sequence, see `hpo_gym.sobol`."""

    def point(self, runs: Runs, key: int) -> tuple[float, ...]:
        """The next point."""
        return tuple(
            (2.0 * sobol(key, len(runs.status), 1, self.space.dimension)[0] - 1.0).tolist()
        )
