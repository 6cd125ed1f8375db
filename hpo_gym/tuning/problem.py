"""What a tuner may know of the tuning problem that it faces."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from hpo_gym.arrays import Column, Columns
from hpo_gym.space import SearchSpace
from hpo_gym.tuning.actions import ActionMode
from hpo_gym.tuning.observations import Encoder
from hpo_gym.tuning.options import Options


@dataclass(frozen=True)
class Problem:
    """A tuning problem, without its tasks.

    Attributes:
        space: The search space.
        metrics: Names of the metrics that an evaluation gives.
        metric: The primary metric.
        goal: "maximise" or "minimise".
        mode: What actions mean.
        encoder: What observations mean; it encodes and decodes them.
        max_evaluations: The budget.
        evaluation_cost: Cost of an evaluation, in units of the score.
        resource_cost: Cost of one unit of the resource, likewise.
        resource_parameter: Name of the parameter that sets the resource; None if nothing does.
        noise: Standard deviation of the observed metrics; None if every task has its own.
    """

    space: SearchSpace
    metrics: tuple[str, ...]
    metric: str
    goal: str
    mode: ActionMode
    encoder: Encoder
    max_evaluations: int
    evaluation_cost: float
    resource_cost: float
    resource_parameter: str | None
    noise: float | None

    @classmethod
    def of(cls, options: Options, mode: ActionMode, encoder: Encoder) -> Problem:
        """What the tuner of an environment with these options may know."""
        family = options.made_family
        return cls(
            space=family.space,
            metrics=tuple(family.metrics),
            metric=options.metric,
            goal=family.goals[options.metric],
            mode=mode,
            encoder=encoder,
            max_evaluations=options.max_evaluations,
            evaluation_cost=options.evaluation_cost,
            resource_cost=options.epoch_cost / 100.0,
            resource_parameter=family.resource_parameter,
            noise=family.noise if options.noise is None else options.noise,
        )

    @property
    def resource_axis(self) -> int | None:
        """The unit coordinate that sets the resource, None if nothing does."""
        if self.resource_parameter is None:
            return None
        axis: int = self.space.slices[self.resource_parameter].start
        return axis

    @property
    def interface(self) -> dict[str, Any]:
        """What a policy must share with an environment: what observations and actions mean."""
        return {
            "parameters": list(self.space.names),
            "metrics": list(self.metrics),
            "observation": self.encoder.observation,
            "observation_size": self.encoder.size,
            "action": self.mode.name,
            "action_size": self.mode.size,
            "stop": self.mode.stop,
        }

    def summarised(self) -> Problem:
        """The same problem seen through the "summary", which a "history" begins with."""
        return replace(self, encoder=self.encoder.summarised())

    def cost(self, natural: Columns) -> Column:
        """What evaluations of natural configurations cost, in units of the score."""
        if self.resource_parameter is None:
            return self.evaluation_cost + 0.0 * natural[0]
        resource = natural[self.space.names.index(self.resource_parameter)]
        return self.resource_cost * resource + self.evaluation_cost
