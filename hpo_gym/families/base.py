"""What a family of tuning tasks must do, and what it may know.

A `Family` evaluates configurations of a search space: that is all it must do. One that knows its
best configurations is a `KnownOptimum`, one with many tasks a `TaskBank` (see
`hpo_gym.families.bank`). All quantities are columns: floats, or arrays; see `hpo_gym.arrays`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar

from hpo_gym.arrays import Column, Columns, Namespace, Struct, namespace_of
from hpo_gym.space import SearchSpace

SPLITS = ("train", "validation", "test")

_LEAST_SCORE = 1e-12
"""Score of the largest metric that `Family.metrics_of` gives for one that is minimised."""


class Family(ABC):
    """A source of tuning tasks; by default, of one task without parameters.

    A family defines its name, space, metrics, goals and one method: `noiseless`, or `evaluate` if
    it is impure, or if what is observed is computed together with what is exact.

    Attributes:
        name: Short name, under which it may be registered.
        version: Raised by every change that could change a result.
        space: The search space.
        metrics: Names of the metrics, in the order in which they are returned.
        goals: For each metric that can be the primary one, "maximise" or "minimise".
        context: Names of what a task says about itself, see `context_of`; by default nothing.
        noise: Standard deviation of the observed metrics if the environment gives none; None if
            every task has its own.
        draws: Number of uniforms that one observation takes; 0 if observations are exact.
        resource_parameter: Name of the parameter that says how much an evaluation consumes; None
            if all evaluations consume the same.
        pure: An evaluation may be repeated, and skipped. An impure family is evaluated exactly once
            for each evaluation that somebody asked for, one row at a time with `Floats`.
        may_fail: Whether metrics may be NaN, which counts as a failed evaluation. None: nothing is
            promised, and `hpo_gym.testing.check_family` takes NaN for a mistake.
        sizes: Number of tasks in each split.
    """

    name: ClassVar[str]
    version: ClassVar[int] = 1
    space: SearchSpace
    metrics: ClassVar[tuple[str, ...]]
    goals: ClassVar[Mapping[str, str]]
    context: tuple[str, ...] = ()
    noise: float | None = 0.0
    draws: ClassVar[int] = 0
    resource_parameter: ClassVar[str | None] = None
    pure: ClassVar[bool] = True
    may_fail: ClassVar[bool | None] = None
    sizes: ClassVar[Mapping[str, int]] = dict.fromkeys(SPLITS, 1)

    def __init_subclass__(cls, **keywords: Any) -> None:
        """Refuse features that cannot be read back."""
        super().__init_subclass__(**keywords)
        if "features" in vars(cls) and "metrics_of" not in vars(cls):
            raise TypeError(
                f"{cls.__qualname__} overrides `features`: override `metrics_of`, its inverse, "
                "too, for tuners read metrics back from observations"
            )

    def sample(self, split: str, task: Column) -> Any:
        """Parameters of the tasks with these indices: one shared object, or a `Struct` of columns.

        A family of one task without parameters need not define it.

        Args:
            split: One of `sizes`.
            task: Index or indices, (N,) int64.
        """
        return None

    def context_of(self, parameters: Any, xp: Namespace) -> Columns:
        """What tasks say about themselves, in the order of `context`, each in [-1, 1].

        A tuner sees it in every observation, from the first on; arguments as in `noiseless`.
        """
        return ()

    def noiseless(self, parameters: Any, scaled: Columns, xp: Namespace) -> Columns:
        """Noise-free metrics, in the order of `metrics`, of scaled configurations.

        Args:
            parameters: The tasks' parameters.
            scaled: Scaled configurations, each (N,).
            xp: Array namespace.

        Raises:
            NotImplementedError: The family is impure: it can be evaluated only once.
        """
        if not self.pure:
            raise NotImplementedError(f"family {self.name!r} is impure: it is evaluated only once")
        if type(self).evaluate is Family.evaluate:
            raise NotImplementedError(f"family {self.name!r} must define noiseless or evaluate")
        draw = 0.0 * scaled[0] + 0.5
        return self.evaluate(parameters, scaled, self.noise, (draw,) * self.draws, xp)[0]

    def evaluate(
        self, parameters: Any, scaled: Columns, noise: float | None, draws: Columns, xp: Namespace
    ) -> tuple[Columns, Columns]:
        """Noise-free metrics, and noisy ones as a tuner sees them; the same object if none is.

        An impure family knows no noise-free metrics, and returns what it observed as both.

        Args:
            parameters: The tasks' parameters.
            scaled: Scaled configurations, each (N,).
            noise: Standard deviation of the observations; None for the tasks' own.
            draws: `draws` columns of independent uniforms in [0, 1), each (N,); `rng.normals_from`
                makes normals of them. With noise = 0 there may be none.
            xp: Array namespace.
        """
        exact = self.noiseless(parameters, scaled, xp)
        if noise == 0.0 or not self.draws:
            return exact, exact
        return exact, self.observe(parameters, exact, noise, draws, xp)

    def observe(
        self, parameters: Any, metrics: Columns, noise: float | None, draws: Columns, xp: Namespace
    ) -> Columns:
        """Noisy metrics, given the noise-free ones; arguments as in `evaluate`.

        An exact family does not define it, nor does one that overrides `evaluate`.
        """
        raise NotImplementedError(f"family {self.name!r} is exact")

    def true_score(self, parameters: Any, scaled: Columns, metric: str, xp: Namespace) -> Column:
        """Noise-free score of scaled configurations; arguments as in `noiseless` and `score`."""
        return self.score(self.noiseless(parameters, scaled, xp), metric, xp)

    def score(self, metrics: Columns, metric: str, xp: Namespace) -> Column:
        """The score of the primary metric, higher is better, in [0, 1].

        By default: the metric m itself, or 1 / (1 + m) if it is minimised.
        """
        value = metrics[self.metrics.index(metric)]
        return 1.0 / (1.0 + value) if self.goals[metric] == "minimise" else value

    def features(self, metrics: Columns, xp: Namespace) -> Columns:
        """The metrics as observations show them, each in [0, 1].

        By default: the metrics m themselves, or m / (1 + m) for those that are minimised.
        """
        shown = list(metrics)
        for i in self._minimised:
            shown[i] = shown[i] / (1.0 + shown[i])
        return tuple(shown)

    def metrics_of(self, features: Columns, xp: Namespace) -> Columns:
        """The metrics that `features` shows: its inverse.

        A huge metric that is minimised has the feature 1 once it is rounded: it is finite again.
        """
        metrics = list(features)
        for i in self._minimised:
            metrics[i] = metrics[i] / xp.maximum(1.0 - metrics[i], _LEAST_SCORE)
        return tuple(metrics)

    def score_of(self, features: Columns, metric: str, xp: Namespace) -> Column:
        """The score that features show: that of the metrics which `metrics_of` gives."""
        if type(self).score is Family.score and type(self).features is Family.features:
            shown = features[self.metrics.index(metric)]  # to the last bit, where metrics are not
            return 1.0 - shown if self.goals[metric] == "minimise" else shown
        return self.score(self.metrics_of(features, xp), metric, xp)

    @cached_property
    def _minimised(self) -> tuple[int, ...]:
        """Places of the metrics that are minimised."""
        return tuple([i for i, m in enumerate(self.metrics) if self.goals.get(m) == "minimise"])

    def resource(self, scaled: Columns) -> Column:
        """What an evaluation consumes: the natural value of `resource_parameter`, or 0."""
        if self.resource_parameter is None:
            return 0.0 * scaled[0]
        index, parameter = self._resource_axis
        value = scaled[index]
        return parameter.natural(value, namespace_of(value)) if parameter.log else value

    @cached_property
    def _resource_axis(self) -> tuple[int, Any]:
        """Place of the resource parameter, a number, in scaled configurations, and itself."""
        name = str(self.resource_parameter)
        return self.space.names.index(name), self.space.parameters[name]

    def log_likelihood(
        self, parameters: Any, scaled: Columns, observed: Columns, xp: Namespace
    ) -> Column:
        """Log-density of observed metrics if the tasks were those of the parameters.

        Up to a constant; for tuners that infer which task they face. Families may approximate it,
        and bound it from below for observations that a task could not have made.

        Args:
            parameters: Parameters of n tasks.
            scaled: One scaled configuration, numbers or columns that broadcast against (n,).
            observed: Its observed metrics, likewise.
            xp: Array namespace.
        """
        raise NotImplementedError(f"family {self.name!r} states no likelihood")

    def check_noise(self, noise: float) -> None:
        """Raise ValueError if the family cannot be observed with this noise, >= 0."""
        if noise > 0.0 and self.draws == 0:
            raise ValueError(f"family {self.name!r} is exact: noise = {noise!r} must be 0 or None")

    def describe(self) -> dict[str, Any]:
        """JSON-able description, from which `make_family` builds an equal family.

        Its name is the short one of a registered class, else "module:Class". A family that is built
        with parameters adds them.
        """
        kind = type(self)
        registered = REGISTERED.get(self.name) is kind
        name = self.name if registered else f"{kind.__module__}:{kind.__qualname__}"
        return {"name": name, "version": self.version}

    def with_model(self, constants: Mapping[str, Any]) -> Any:
        """Parameters of the task that ``reset(options={"model": constants})`` asks for.

        Raises:
            ValueError: The family has no such constants.
        """
        raise ValueError(f"family {self.name!r} takes no 'model' option, got {constants!r}")

    def close(self) -> None:  # noqa: B027 - most hold nothing
        """Release what the family holds, such as a process; it may be evaluated again."""

    def expand(self, parameters: Any, rows: int) -> Struct:
        """Parameters shared by all rows as columns of (rows,), so that rows can differ."""
        if not isinstance(parameters, Struct):
            raise NotImplementedError(f"family {self.name!r} has one task: nothing to expand")
        return parameters.expand(rows)


REGISTERED: dict[str, type[Family]] = {}
"""Registered classes by short name; see `hpo_gym.families.registry`."""


class KnownOptimum(Family):
    """A family that knows the best configurations of its tasks, and so the regret of others."""

    optimum_error: ClassVar[float] = 1e-9
    """How far below 0 a regret may lie, where a search may have missed the very best."""

    @abstractmethod
    def frontier(self, parameters: Any, metric: str) -> tuple[Columns, Any]:
        """The best noise-free score at every level of the resource.

        Returns:
            Scaled configurations (d arrays of L levels, cheapest first) and their scores (L,).
        """

    def optimum(self, parameters: Any, metric: str) -> tuple[tuple[float, ...], float]:
        """Scaled configuration and noise-free score of the best configuration of one task."""
        scaled, score = self.frontier(parameters, metric)
        level = int(score.argmax())
        return tuple(float(column[level]) for column in scaled), float(score[level])

    def best_score(self, parameters: Any, metric: str) -> float:
        """Noise-free score of the best configuration of one task."""
        return self.optimum(parameters, metric)[1]

    def best(self, split: str, index: Column, metric: str) -> tuple[Any, Column]:
        """Scaled configurations and noise-free scores of the best of the tasks with these indices.

        By default, of one task; a bank gives (d, N) and (N,) for N indices.
        """
        return self.optimum(self.sample(split, index), metric)

    def tasks(self, split: str, index: Column, metric: str) -> tuple[Any, Column]:
        """Parameters and best possible scores of the tasks with these indices; see `sample`."""
        return self.sample(split, index), self.best(split, index, metric)[1]


def require_optimum(family: Family, purpose: str) -> KnownOptimum:
    """The family, which must know its optimum.

    Args:
        family: The family.
        purpose: What needs the optimum, as the subject of the error's sentence.

    Raises:
        ValueError: The family does not know it.
    """
    if isinstance(family, KnownOptimum):
        return family
    raise ValueError(
        f"{purpose} needs the best possible score, which the family {family.name!r} does not know "
        "(it is not a KnownOptimum)"
    )
