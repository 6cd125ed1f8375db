"""Training by gradients through whole tuning runs: what is the same whatever is tuned.

An update is a step of Adam on the loss of a batch of runs. How the runs go and what their loss is,
the tuners say themselves: `agents.training.unrolled` (of one family) and
`agents.training.points` (of points of a search space).
"""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

import torch
from torch import Tensor

from .bounds import Within
from .learner import Hooks, Learner, LearningRate, Positive, Settings, Steps

WarmUp: TypeAlias = Annotated[int, Within(0, 10**10)]
Epsilon: TypeAlias = Annotated[float, Within(0.0, 1.0, above=True)]
Weight: TypeAlias = Annotated[float, Within(0.0, 1e3)]


@dataclass(frozen=True, kw_only=True)
class GradientSettings(Settings):
    """Settings of all such trainings; every tuner has values of its own.

    Attributes:
        updates: Gradient steps.
        learning_rate: At the beginning; it falls to 0 along half a cosine.
        warm_up: Updates in which the learning rate rises from 0.
        max_grad_norm: Gradients are clipped to this norm.
        gradient_limit: Bound on each component of the gradient of a run's loss to one of its
            configurations.
        epsilon: What is added to a regret before its logarithm is taken.
        excess_weight: Weight of the squared distance of the proposals to the unit cube.
    """

    updates: Steps
    learning_rate: LearningRate
    warm_up: WarmUp
    max_grad_norm: Positive
    gradient_limit: Positive
    epsilon: Epsilon
    excess_weight: Weight

    def rate(self, update: int) -> float:
        """The learning rate of an update, counted from 0."""
        decay = 0.5 * (1.0 + math.cos(math.pi * update / self.updates))
        return self.learning_rate * decay * min(1.0, (update + 1) / max(self.warm_up, 1))


class GradientLearner(Learner):
    """Weights in training.

    Args:
        settings: Hyperparameters.
        optimiser: Of the weights.
    """

    unit = "update"

    def __init__(self, settings: GradientSettings, optimiser: torch.optim.Optimizer) -> None:
        self._settings, self._optimiser = settings, optimiser
        self._update = 0
        self.total = settings.updates

    @property
    def done(self) -> int:
        """Updates so far."""
        return self._update

    @abstractmethod
    def loss(self) -> Tensor:
        """The loss of a fresh batch of runs, a scalar."""

    def learn(self, hooks: Hooks) -> None:
        """Make all updates that are left."""
        while self._update < self.total:
            hooks.rest()
            loss = self.loss()
            self.descend(loss)
            hooks.logger.record("train/loss", float(loss.detach()))
            self._update += 1
            hooks.advance()

    def descend(self, loss: Tensor) -> None:
        """Take a step down the loss."""
        for group in self._optimiser.param_groups:
            group["lr"] = self._settings.rate(self._update)
        self._optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.parameters(), self._settings.max_grad_norm)
        self._optimiser.step()

    def capture(self) -> dict[str, Any]:
        """The optimiser's state, and how many updates there were; the weights are the tuner's."""
        return {"optimiser": self._optimiser.state_dict(), "update": self._update}

    def restore(self, state: dict[str, Any]) -> None:
        """Take over what `capture` returned."""
        self._optimiser.load_state_dict(state["optimiser"])
        self._update = state["update"]


def clip_through(raw: Tensor, low: float, limit: float) -> Tensor:
    """Clip into the cube; let the gradient pass as if nothing had been clipped, finite and bounded.

    The gradient of one row in a thousand grows without bound on its way back through the steps
    (a square root at 0, a curve with a wall at the end of its range). Bounded row by row, it does
    not drown the gradients of all others.

    Args:
        raw: Configurations.
        low: Where the cube begins; it ends at 1.
        limit: Bound on each component of the gradient.
    """
    clipped: Tensor = _ClipThrough.apply(raw, low, limit)  # type: ignore[no-untyped-call]
    return clipped


class _ClipThrough(torch.autograd.Function):
    """See `clip_through`."""

    @staticmethod
    def forward(context: Any, raw: Tensor, low: float, limit: float) -> Tensor:
        context.limit = limit
        return raw.clamp(low, 1.0)

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        limit = context.limit
        return torch.nan_to_num(gradient, nan=0.0).clamp(-limit, limit), None, None
