"""What a tuner may know of the tuning problem that it faces."""

from __future__ import annotations

from dataclasses import dataclass

from hpo_gym.arrays import Column, Columns
from hpo_gym.space import SearchSpace
from hpo_gym.tuning.actions import ActionMode
from hpo_gym.tuning.observations import Encoder


@dataclass(frozen=True)
class Problem:
    """A tuning problem, without its tasks.

    Attributes:
        space: The search space.
        metrics: Names of the metrics that an evaluation gives.
        metric: The primary metric.
        goal: "maximise" or "minimise".
        mode: What actions mean.
        layout: What observations mean; it encodes and decodes them.
        max_evaluations: The budget.
        evaluation_cost: Cost of an evaluation, in units of the score.
        resource_cost: Cost of one unit of the resource, likewise.
        resource_parameter: Name of the parameter that sets the resource; None if nothing does.
    """

    space: SearchSpace
    metrics: tuple[str, ...]
    metric: str
    goal: str
    mode: ActionMode
    layout: Encoder
    max_evaluations: int
    evaluation_cost: float
    resource_cost: float
    resource_parameter: str | None

    @property
    def resource_axis(self) -> int | None:
        """Index of the resource parameter in the space, None if nothing sets the resource."""
        if self.resource_parameter is None:
            return None
        return self.space.names.index(self.resource_parameter)

    def cost(self, natural: Columns) -> Column:
        """What evaluations of natural configurations cost, in units of the score."""
        axis = self.resource_axis
        resource = 0.0 * natural[0] if axis is None else natural[axis]
        return self.evaluation_cost + self.resource_cost * resource
