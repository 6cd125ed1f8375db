"""Any Python callable as a family of one task.

What an evaluation gives is all that is known: there is no optimum, no noise-free metric, and
nothing is evaluated twice. Whatever goes wrong (an exception, a number that is not finite, a
time-out, the death of the process) is a failed evaluation, and is paid.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import inf, isfinite, nan
from numbers import Real
from typing import Any, TypeAlias

import numpy as np

from hpo_gym.arrays import Column, Columns, Namespace
from hpo_gym.executors.resident import Resident
from hpo_gym.families.base import Family
from hpo_gym.parameters import Categorical, Parameter, finite_number
from hpo_gym.references import load, reference_to
from hpo_gym.space import SearchSpace

Objective: TypeAlias = Callable[[dict[str, Any]], float | Mapping[str, float]]

_SMALLEST = 1e-12
"""Distance from 0 and 1 of what is shown of an unbounded metric, at least, on the way back."""


class ObjectiveFamily(Family):
    """A callable as a family: ``objective(configuration)`` gives a score, or metrics by name.

    Scores lie in [0, 1], whatever the metric m does: with bounds (low, high) the score of a metric
    that is maximised is (m - low) / (high - low), clipped; without, it is (1 + m / (1 + |m|)) / 2,
    which tells numbers around 0 apart best. One that is minimised has the score 1 minus that.

    Args:
        objective: The callable, or where it is: "module:function" or "path/to/file.py:function".
            Only a family whose objective can be found in this way has a description.
        space: The search space, a dict of names to parameters, or a description of a space.
        goals: "maximise" or "minimise" for each metric that can be the primary one.
        metrics: Names of all metrics that the objective gives; by default those with a goal. An
            objective with one metric may give a number.
        bounds: For metrics by name, their lowest and highest value, if they are known.
        time_limit: Seconds that an evaluation may take. The objective then runs in a process of its
            own, which is killed when the time is up; what it loads stays there from one evaluation
            to the next.
        resource_parameter: See `Family`.

    Raises:
        ValueError: The objective is not callable, or an argument does not fit the others.

    Example:
        >>> import gymnasium as gym
        >>> import hpo_gym
        >>> from hpo_gym.families import ObjectiveFamily
        >>> def accuracy(configuration):
        ...     return 0.9 - (configuration["dropout"] - 0.2) ** 2 / configuration["layers"]
        >>> space = {"dropout": hpo_gym.Float(0.0, 0.5), "layers": hpo_gym.Integer(1, 8)}
        >>> family = ObjectiveFamily(accuracy, space, bounds={"score": (0.0, 1.0)})
        >>> env = gym.make(
        ...     "hpo_gym:FictitiousHPO-v0", family=family, metric="score", start="none"
        ... )
        >>> observation, info = env.reset(seed=0)
        >>> observation, reward, terminated, truncated, info = env.step([-0.2, 1.0])
        >>> info["layers"], round(info["score"], 3), info["failed"]
        (8, 0.9, False)
    """

    name = "objective"
    pure = False
    may_fail = True

    def __init__(
        self,
        objective: Objective | str,
        space: SearchSpace | Mapping[str, Parameter] | Sequence[Mapping[str, Any]],
        *,
        goals: Mapping[str, str] | None = None,
        metrics: Sequence[str] | None = None,
        bounds: Mapping[str, Sequence[float]] | None = None,
        time_limit: float | None = None,
        resource_parameter: str | None = None,
    ) -> None:
        self._given = objective
        self._objective = _loaded(objective)
        if not callable(self._objective):
            raise ValueError(f"objective = {objective!r} must be callable, not {self._objective!r}")
        self.space = _space(space)
        goals = {"score": "maximise"} if goals is None else goals
        if not isinstance(goals, Mapping):
            raise ValueError(f"goals = {goals!r} must be a dict from metrics to their goals")
        self.goals = dict(goals)  # type: ignore[misc]
        self.metrics = tuple(self.goals if metrics is None else metrics)  # type: ignore[misc]
        self.resource_parameter = resource_parameter  # type: ignore[misc]
        self._bounds = {name: _ends(name, given) for name, given in (bounds or {}).items()}
        self._check()
        if time_limit is not None and not finite_number("time_limit", time_limit) > 0.0:
            raise ValueError(f"time_limit = {time_limit!r} must be None or above 0 s")
        self.time_limit = time_limit
        self._resident = Resident(_loaded, objective)

    def _check(self) -> None:
        for metric, goal in self.goals.items():
            if goal not in ("maximise", "minimise"):
                raise ValueError(
                    f"the goal {goal!r} of {metric!r} must be 'maximise' or 'minimise'"
                )
        unknown = sorted({*self.goals, *self._bounds} - {*self.metrics})
        if unknown or not self.goals:
            raise ValueError(
                f"metrics = {[*self.metrics]} must hold all that have goals or bounds, one or more;"
                f" missing: {unknown}"
            )
        resource, space = self.resource_parameter, self.space.parameters
        numbers = [name for name in space if not isinstance(space[name], Categorical)]
        if resource is not None and resource not in numbers:
            raise ValueError(f"resource_parameter = {resource!r} must be None or one of {numbers}")

    def evaluate(
        self, parameters: Any, scaled: Columns, noise: float | None, draws: Columns, xp: Namespace
    ) -> tuple[Columns, Columns]:
        """Call the objective for one row.

        Raises:
            RuntimeError: It ended its process, or the time was up.
        """
        configuration = self.space.configuration(self.space.position(scaled))
        metrics = self._read(self._call(configuration))
        return metrics, metrics

    def _call(self, configuration: dict[str, Any]) -> Any:
        if self.time_limit is None:
            try:
                return self._objective(configuration)
            except SystemExit as error:
                raise RuntimeError(f"the objective called for an end: {error!r}") from error
        return self._resident(configuration, limit=self.time_limit)

    def close(self) -> None:
        """End the process of the objective, if it has one; a further evaluation begins another."""
        self._resident.close()

    def _read(self, result: Any) -> tuple[float, ...]:
        """The metrics of a result, in order."""
        if not isinstance(result, Mapping):
            if len(self.metrics) > 1:
                raise ValueError(f"{result!r} must be a dict with {[*self.metrics]}")
            result = {self.metrics[0]: result}
        missing = [name for name in self.metrics if name not in result]
        if missing:
            raise ValueError(f"the result {dict(result)!r} lacks {missing}")
        numbers = [result[name] for name in self.metrics]
        wrong = [n for n in numbers if not isinstance(n, (Real, np.number, np.ndarray))]
        if wrong:
            raise ValueError(f"the result {dict(result)!r} must be made of numbers")
        values = tuple(map(float, numbers))
        return values if all(map(isfinite, values)) else (nan,) * len(values)

    def score(self, metrics: Columns, metric: str, xp: Namespace) -> Column:
        """See the class."""
        return self.score_of(self.features(metrics, xp), metric, xp)

    def features(self, metrics: Columns, xp: Namespace) -> Columns:
        """The metrics on [0, 1], as in the class."""
        return tuple(self._shown(n, m, xp) for n, m in zip(self.metrics, metrics, strict=True))

    def _shown(self, name: str, metric: Column, xp: Namespace) -> Column:
        if name in self._bounds:
            low, high = self._bounds[name]
            return xp.minimum(xp.maximum((metric - low) / (high - low), 0.0), 1.0)
        return 0.5 + 0.5 * (metric / (1.0 + xp.maximum(metric, -metric)))

    def metrics_of(self, features: Columns, xp: Namespace) -> Columns:
        """The metrics that features show; those beyond their bounds lie on them."""
        return tuple(self._read_back(n, f, xp) for n, f in zip(self.metrics, features, strict=True))

    def _read_back(self, name: str, feature: Column, xp: Namespace) -> Column:
        if name in self._bounds:
            low, high = self._bounds[name]
            return low + (high - low) * feature
        share = 2.0 * feature - 1.0
        return share / xp.maximum(1.0 - xp.maximum(share, -share), _SMALLEST)

    def score_of(self, features: Columns, metric: str, xp: Namespace) -> Column:
        """What is shown, or 1 minus that if the metric is minimised."""
        shown = features[self.metrics.index(metric)]
        return 1.0 - shown if self.goals[metric] == "minimise" else shown

    def describe(self) -> dict[str, Any]:
        """See `Family`.

        Raises:
            ValueError: The objective cannot be found by another process.
        """
        given = self._given
        return {
            **super().describe(),
            "objective": given if isinstance(given, str) else reference_to(given),
            "space": self.space.describe(),
            "goals": dict(self.goals),
            "metrics": list(self.metrics),
            "bounds": {name: list(ends) for name, ends in self._bounds.items()},
            "time_limit": self.time_limit,
            "resource_parameter": self.resource_parameter,
        }


def _loaded(objective: Any) -> Any:
    return load(objective) if isinstance(objective, str) else objective


def _ends(name: str, given: Any) -> tuple[float, float]:
    """The bounds of a metric."""
    try:
        low, high = map(float, given)
    except (TypeError, ValueError):
        low, high = nan, nan
    if not -inf < low < high < inf:
        raise ValueError(f"the bounds {given!r} of {name!r} must be finite numbers, low < high")
    return low, high


def _space(space: Any) -> SearchSpace:
    if isinstance(space, SearchSpace):
        return space
    if isinstance(space, Mapping):
        return SearchSpace(space)
    return SearchSpace.from_description(space)
