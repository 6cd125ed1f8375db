"""Training of tuners that propose points of a search space, by gradients through whole runs.

The loss is the mean, over runs and evaluations, of

    log10(regret of the incumbent + epsilon)
    + excess_weight (distance of the proposal to the cube)^2

with noise-free regrets. The policy's weights are an exponential average of those in training
(Polyak and Juditsky, 1992), which is far better than they: most runs say little, some shout.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, TypeAlias

import gymnasium as gym
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hpo_gym.policies.anyspace.policy import FORMAT
from hpo_gym.tasks.find import process_of

from . import validation
from .anyspace.unroll import Unrolled
from .bounds import Within
from .gradients import GradientLearner, GradientSettings
from .learner import Share

Work: TypeAlias = Annotated[int, Within(1, 10**8)]
HandOver: TypeAlias = Annotated[int, Within(1, 10**4)]


@dataclass(frozen=True, kw_only=True)
class PointSettings(GradientSettings):
    """Hyperparameters of tuners that propose points of a search space.

    Attributes:
        work: Evaluations of an update, each counted with its coordinates and 2 more.
        averaging: Weight of the past in the average of the weights.
        hand_over: Evaluations after which the surrogate model takes over.
    """

    family: ClassVar[str]
    """Name of the family, of whose environment the training bears the name."""

    work: Work
    averaging: Share
    hand_over: HandOver

    def check(self, env_id: str, options: Mapping[str, Any]) -> None:
        """See `Settings.check`: it must be the family's environment as it is."""
        env = gym.make(env_id)
        family = process_of(env).family.name
        env.close()
        if family != self.family or options:
            raise ValueError(
                f"the agent {self.algorithm!r} is trained on the family {self.family!r} without "
                f"options, not on {env_id} with {dict(options)}: give --family {self.family} alone"
            )


def summary_of(regrets: Iterable[Tensor]) -> dict[str, Any]:
    """What a validation says of regrets (budget, runs) of several batches of runs."""
    regret = np.concatenate([each.clamp(min=0.0).T.numpy() for each in regrets])
    summary = validation.summarise(regret)
    return {**summary, "tasks": len(regret), "seed": validation.VALIDATION_SEED}


class PointLearner(GradientLearner):
    """A network in training.

    Args:
        settings: Hyperparameters.
        seed: Seeds everything.
    """

    _settings: PointSettings

    def __init__(self, settings: PointSettings, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        self._weights = {
            name: torch.from_numpy(array).requires_grad_()
            for name, array in self.initial(self._random, seed).items()
        }
        self._average = {name: each.detach().clone() for name, each in self._weights.items()}
        super().__init__(settings, torch.optim.Adam(list(self._weights.values())))

    @staticmethod
    @abstractmethod
    def initial(random: np.random.Generator, seed: int) -> dict[str, NDArray[np.float32]]:
        """Weights before the training."""

    @abstractmethod
    def runs(self) -> Unrolled:
        """Runs on tasks drawn at random."""

    def loss(self) -> Tensor:
        """The loss of runs on tasks drawn at random."""
        settings, runs = self._settings, self.runs()
        regret = runs.regret.clamp(min=0.0)
        return torch.log10(regret + settings.epsilon).mean() + settings.excess_weight * runs.excess

    def descend(self, loss: Tensor) -> None:
        """Take a step down the loss, and let the average follow."""
        super().descend(loss)
        with torch.no_grad():
            for name, weight in self._weights.items():
                self._average[name].lerp_(weight, 1.0 - self._settings.averaging)

    def parameters(self) -> Iterable[Tensor]:
        """All weights."""
        return self._weights.values()

    def arrays(self) -> dict[str, NDArray[np.float32]]:
        """Copies of the weights."""
        return {name: weight.numpy().copy() for name, weight in self._average.items()}

    def facts(self) -> dict[str, Any]:
        """What a policy's description must say."""
        return {
            "format": FORMAT,
            "algorithm": self._settings.algorithm,
            "hand_over": self._settings.hand_over,
            "updates": self._update,
        }

    def capture(self) -> dict[str, Any]:
        """See `Learner.capture`."""
        mine = {
            "weights": {name: weight.detach().clone() for name, weight in self._weights.items()},
            "average": {name: weight.clone() for name, weight in self._average.items()},
            "random": _plain(self._random.bit_generator.state),
        }
        return mine | super().capture()

    def restore(self, state: dict[str, Any]) -> None:
        """Take over what `capture` returned."""
        super().restore(state)
        with torch.no_grad():
            for name, weight in self._weights.items():
                weight.copy_(state["weights"][name])
                self._average[name].copy_(state["average"][name])
        self._random.bit_generator.state = state["random"]


def _plain(state: Any) -> Any:
    """A generator's state in plain values."""
    if isinstance(state, Mapping):
        return {name: _plain(value) for name, value in state.items()}
    return int(state) if isinstance(state, (int, np.integer)) else state
