"""What the records of an episode say, read from the infos of an environment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from hpo_gym.arrays import Vectors
from hpo_gym.benchmark.results.records import FloatArray
from hpo_gym.benchmark.suites.suite import Suite
from hpo_gym.tuning.find import process_of


class Meter:
    """Reads the infos of a suite's environments.

    Args:
        suite: The suite.
        env: An environment of the suite, scalar or vector.
    """

    def __init__(self, suite: Suite, env: Any) -> None:
        process = process_of(env)
        self._family = process.family
        self._metric = str(suite.options["metric"])
        self._knows_regret = suite.measure == "regret"
        self._resource = process.problem.resource_parameter

    def curve(self, infos: Sequence[Mapping[str, Any]]) -> FloatArray:
        """The suite's measure of the incumbent after each of T evaluations, (..., T)."""
        if self._knows_regret:
            return _stack(infos, "regret")
        return np.asarray(1.0 - np.maximum.accumulate(self.observed(infos), axis=-1))

    def observed(self, infos: Sequence[Mapping[str, Any]]) -> FloatArray:
        """The observed score of each of T evaluations, (..., T); 0 for those that failed."""
        metrics = [_stack(infos, name) for name in self._family.metrics]
        flat = tuple(metric.ravel() for metric in metrics)
        score = self._family.score(flat, self._metric, Vectors()).reshape(metrics[0].shape)
        if "failed" in infos[0]:
            score = np.where(_stack(infos, "failed") > 0.0, 0.0, score)
        return np.asarray(score)

    def resource(self, infos: Sequence[Mapping[str, Any]]) -> FloatArray:
        """What each of T evaluations consumed, (..., T); 0 in a family without a resource."""
        if self._resource is None:
            return np.zeros_like(self.cost(infos))
        return _stack(infos, self._resource)

    def cost(self, infos: Sequence[Mapping[str, Any]]) -> FloatArray:
        """What each of T evaluations cost, (..., T)."""
        return _stack(infos, "cost")


def _stack(infos: Sequence[Mapping[str, Any]], name: str) -> FloatArray:
    return np.stack([np.asarray(info[name], dtype=np.float64) for info in infos], axis=-1)
