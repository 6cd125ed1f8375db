"""The unrolled tuner: a network trained by gradients through whole tuning runs.

Where the family is differentiable, so is an episode: the proposals follow from the network's
weights, the metrics from the proposals, the next proposals from the metrics. The weights are
trained by back-propagation through all evaluations (Chen et al., "Learning to learn without
gradient descent by gradient descent", ICML 2017, with a perceptron on the whole history instead of
a recurrent network). The loss is the mean, over tasks and evaluations, of

    incumbent_weight log10(regret of the incumbent + epsilon)
    + (1 - incumbent_weight) log10(regret of the evaluation + epsilon)
    + excess_weight (distance of the proposal to the unit cube)^2

with noise-free normalised regrets; the incumbent is the best by observed score, as in the
environment.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import gymnasium as gym
import torch
from torch import Tensor

from hpo_gym.families import HashedBank
from hpo_gym.policies.description import FORMAT
from hpo_gym.policies.policy import Policy
from hpo_gym.tuning.process import TuningProcess

from .gradients import Epsilon, GradientLearner, GradientSettings, WarmUp, Weight
from .learner import (
    Criterion,
    EnvironmentSettings,
    LearningRate,
    Positive,
    Rows,
    Share,
    Sizes,
    Steps,
)
from .unroll import Bank, Network, Unrolled, unroll


@dataclass(frozen=True, kw_only=True)
class UnrolledSettings(GradientSettings, EnvironmentSettings):
    """Hyperparameters of the unrolled tuner.

    Attributes:
        tasks: Episodes of an update, each on its own training task.
        incumbent_weight: See the module.
    """

    algorithm: ClassVar[str] = "unrolled"

    interval: Steps = 100
    evaluation_episodes: Rows = 1024
    criterion: Criterion = "regret"
    hidden: Sizes = (256, 256, 128)
    updates: Steps = 6000
    tasks: Rows = 512
    learning_rate: LearningRate = 3e-3
    warm_up: WarmUp = 50
    max_grad_norm: Positive = 0.3
    gradient_limit: Positive = 1.25
    epsilon: Epsilon = 1e-3
    incumbent_weight: Share = 1.0
    excess_weight: Weight = 0.1

    def check(self, env_id: str, options: Mapping[str, Any]) -> None:
        """See `Settings.check`."""
        _process(env_id, options)
        super().check(env_id, options)

    def loss(self, episodes: Unrolled) -> Tensor:
        """The loss of episodes, a scalar."""

        def logarithm(regret: Tensor) -> Tensor:
            # With epochs that are not whole, an evaluation can beat the best with whole ones.
            return torch.log10(regret.clamp(min=0.0) + self.epsilon).mean()

        return (
            self.incumbent_weight * logarithm(episodes.best_regret)
            + (1.0 - self.incumbent_weight) * logarithm(episodes.regret)
            + self.excess_weight * episodes.excess
        )

    def learner(self, env_id: str, options: dict[str, Any], seed: int) -> UnrolledLearner:
        """A learner at the beginning of its training."""
        return UnrolledLearner(self, env_id, options, seed)


class UnrolledLearner(GradientLearner):
    """A network in training.

    Args:
        settings: Hyperparameters.
        env_id: Id of an environment of a family of tasks that torch can differentiate.
        options: Options of the environment.
        seed: Seeds everything.

    Raises:
        ValueError: The environment's episodes cannot be unrolled.
    """

    _settings: UnrolledSettings

    def __init__(
        self, settings: UnrolledSettings, env_id: str, options: Mapping[str, Any], seed: int
    ) -> None:
        self._process = process = _process(env_id, options)
        self._sizes = [process.encoder.size, *settings.hidden, process.mode.size]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self._network = Network(self._sizes)
        super().__init__(settings, torch.optim.Adam(self._network.parameters(), fused=True))
        self._random = torch.Generator().manual_seed(seed)
        split, metric = process.options.split, process.options.metric
        self._bank = Bank(process.family, split, metric)  # type: ignore[arg-type]

    def loss(self) -> Tensor:
        """The loss of episodes on tasks drawn at random."""
        settings, process = self._settings, self._process
        index = torch.randint(self._bank.size, (settings.tasks,), generator=self._random)
        shape = process.encoder.rows, process.family.draws, settings.tasks
        draws = torch.rand(shape, generator=self._random, dtype=torch.float64)
        # The loss is a mean over episodes, the limit is one on an episode.
        limit = settings.gradient_limit / settings.tasks
        tasks = self._bank.tasks(index)
        episodes = unroll(self._network, process, tasks, draws, gradient_limit=limit)
        return settings.loss(episodes)

    def parameters(self) -> Iterable[Tensor]:
        """All weights."""
        return self._network.parameters()

    def policy(self, details: dict[str, Any]) -> Policy:
        """A copy of the network as a policy of NumPy."""
        arrays = {}
        for i, layer in enumerate(self._network.layers):
            arrays[f"weight_{i}"] = layer.weight.detach().numpy().copy()
            arrays[f"bias_{i}"] = layer.bias.detach().numpy().copy()
        network = {
            "format": FORMAT,
            "kind": "deterministic",
            "activation": "relu",
            "layer_sizes": self._sizes,
            "interface": self._process.interface,
        }
        progress = {"updates": self._update, "episodes": self._update * self._settings.tasks}
        return Policy(arrays, network | details | progress)

    def capture(self) -> dict[str, Any]:
        """The network's, the optimiser's and the random generator's state."""
        mine = {"network": self._network.state_dict(), "random": self._random.get_state()}
        return mine | super().capture()

    def restore(self, state: dict[str, Any]) -> None:
        """Take over what `capture` returned."""
        super().restore(state)
        self._network.load_state_dict(state["network"])
        self._random.set_state(state["random"])


def _process(env_id: str, options: Mapping[str, Any]) -> TuningProcess:
    """The process of the environment, if its episodes can be unrolled."""
    env = gym.make(env_id, **options)
    process: TuningProcess = env.unwrapped.process  # type: ignore[attr-defined]
    env.close()
    needed = {"action": "propose", "stop": False, "start": "none", "observation": "history"}
    for name, value in needed.items():
        given = getattr(process.options, name)
        if given != value:
            raise ValueError(f"an unrolled tuner needs {name} = {value!r}, {env_id} has {given!r}")
    if not isinstance(process.family, HashedBank):
        raise ValueError(
            f"an unrolled tuner needs a family of many tasks; {env_id} has the family "
            f"{process.family.name!r}: choose FictitiousHPOFamily-v0, BinormalHPOFamily-v0 or "
            "RoughHPOFamily-v0"
        )
    return process
