"""The pretrained tuners as samplers of runs."""

from __future__ import annotations

from math import nan

import numpy as np

from agents.schedulers.samplers import Sampler
from hpo_gym.scheduling.table import Runs
from hpo_gym.space import SearchSpace
from hpo_gym.tuners.proposer import Proposer, find_policy


class PolicySampler(Sampler):
    """A policy that proposes points, see `hpo_gym.tuners.proposer`.

    A run is an evaluation with the score of its best report, or one that is still to come if there
    is no report yet.

    Args:
        space: See `Sampler`.
        resource: See `Sampler`.
        policy: Name of the policy. "classifier" knows the epochs too: it is told those of the best
            report, and those that it proposes are left to the scheduler. The others are told and
            asked for the configuration of a run alone.
        plan: Number of runs that the policy plans with; if more are started, as many.

    Raises:
        ValueError: There is no such policy.
    """

    def __init__(
        self, space: SearchSpace, resource: str, *, policy: str = "classifier", plan: int = 16
    ) -> None:
        super().__init__(space, resource)
        self.plan, self._policy = plan, find_policy(policy)
        self._asked_for = self.whole if policy == "classifier" else self.space

    def point(self, runs: Runs, key: int) -> tuple[float, ...]:
        """What the policy proposes."""
        number = len(runs.status)
        # What is being evaluated comes last.
        order = sorted(range(number), key=lambda run: not runs.curves[run])
        unit = np.array([self._unit(runs, run) for run in order])
        scores = np.array([max(runs.curves[run], default=nan) for run in order])
        proposer = Proposer(self._asked_for, self._policy, max(self.plan, number + 1), key)
        proposed = proposer.propose(unit.reshape(number, self._asked_for.dimension), scores, number)
        return self.space.unit({name: proposed[name] for name in self.space.names})

    def _unit(self, runs: Runs, run: int) -> tuple[float, ...]:
        """The unit configuration (D,) of a run, as the policy sees it."""
        curve, configuration = runs.curves[run], self.space.configuration(runs.points[run])
        best = int(np.argmax(curve)) if curve else -1
        epochs = {self.resource: runs.reports[best]} if self._asked_for is self.whole else {}
        return self._asked_for.unit({**configuration, **epochs})
