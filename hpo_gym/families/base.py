"""What a family of tuning tasks must offer to the dynamics.

A family draws tasks, evaluates configurations on them and knows their optima. All quantities are
columns (see `hpo_gym.arrays`): Python floats for one row, arrays for N rows. A family is named,
versioned and describable in JSON.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from hpo_gym.arrays import Column, Columns, Namespace
from hpo_gym.space import SearchSpace

SPLITS = ("train", "validation", "test")


class Family(ABC):
    """A distribution of tuning tasks.

    Attributes:
        name: Registered name.
        version: Raised by every change that could change a result.
        space: The search space.
        metrics: Names of the metrics, in the order in which `noiseless` returns them.
        goals: For each metric that can be the primary one, "maximise" or "minimise".
        noise: Standard deviation of the observed metrics if the environment gives none; None if
            every task has its own.
        noise_draws: Number of standard normals that one observation takes.
        sizes: Number of tasks in each split.
    """

    name: ClassVar[str]
    version: ClassVar[int] = 1
    space: ClassVar[SearchSpace]
    metrics: ClassVar[tuple[str, ...]]
    goals: ClassVar[Mapping[str, str]]
    may_fail: ClassVar[bool | None] = False
    pure: ClassVar[bool] = True
    resource_parameter: ClassVar[str | None] = None
    noise: float | None = 0.0
    noise_draws: ClassVar[int] = 0
    sizes: ClassVar[Mapping[str, int]] = dict.fromkeys(SPLITS, 1)

    def sample(self, split: str, task: Column) -> Any:
        """Parameters of the tasks with these indices: one shared object, or columns.

        A family of one task without parameters need not define it.

        Args:
            split: One of `sizes`.
            task: Index or indices, (N,) int64.
        """
        return None

    @abstractmethod
    def noiseless(self, parameters: Any, scaled: Columns, xp: Namespace) -> Columns:
        """Noise-free metrics, in the order of `metrics`, of scaled configurations."""

    def evaluate(
        self, parameters: Any, scaled: Columns, noise: float | None, xi: Columns, xp: Namespace
    ) -> tuple[Columns, Columns]:
        """Noise-free metrics, and noisy ones as a tuner sees them.

        Args:
            parameters: The tasks' parameters.
            scaled: Scaled configurations, each (N,).
            noise: Standard deviation of the observations; None for the tasks' own.
            xi: `noise_draws` columns of independent standard normals, each (N,).
            xp: Array namespace.
        """
        exact = self.noiseless(parameters, scaled, xp)
        return exact, self.observe(parameters, exact, noise, xi, xp)

    def observe(
        self, parameters: Any, metrics: Columns, noise: float | None, xi: Columns, xp: Namespace
    ) -> Columns:
        """Noisy metrics, given the noise-free ones; arguments as in `evaluate`.

        An exact family does not define it, nor does one that overrides `evaluate`.
        """
        raise NotImplementedError(f"family {self.name!r} is exact")

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
        if noise > 0.0 and self.noise_draws == 0:
            raise ValueError(f"family {self.name!r} is exact: noise = {noise!r} must be 0 or None")

    def score(self, metrics: Columns, metric: str, xp: Namespace) -> Column:
        """The score of the primary metric, higher is better, in [0, 1]: the metric itself."""
        return metrics[self.metrics.index(metric)]

    def features(self, metrics: Columns, xp: Namespace) -> Columns:
        """The metrics as observations show them, each in [0, 1]: as they are."""
        return metrics

    def metrics_of(self, features: Columns, xp: Namespace) -> Columns:
        """SHIM."""
        f = list(features)
        if "loss" in self.metrics:
            i = self.metrics.index("loss")
            f[i] = xp.minimum(f[i], 1.0 - 1e-7) / (1.0 - xp.minimum(f[i], 1.0 - 1e-7))
        return tuple(f)

    def resource(self, scaled: Columns) -> Column:
        """What an evaluation consumes, in epochs: nothing."""
        return 0.0 * scaled[0]

    @abstractmethod
    def frontier(self, parameters: Any, metric: str) -> tuple[Columns, Any]:
        """The best noise-free score at every level of the resource.

        Returns:
            Scaled configurations (d arrays of L levels, cheapest first) and their scores (L,).
        """

    def optimum(self, parameters: Any, metric: str) -> tuple[tuple[float, ...], float]:
        """Scaled configuration and noise-free score of the best configuration."""
        scaled, score = self.frontier(parameters, metric)
        level = int(score.argmax())
        return tuple(float(column[level]) for column in scaled), float(score[level])

    def best_score(self, parameters: Any, metric: str) -> Column:
        """Noise-free score of the best configuration of a task."""
        return self.optimum(parameters, metric)[1]

    def tasks(self, split: str, index: Column, metric: str) -> tuple[Any, Column]:
        """Parameters and best possible scores of the tasks with these indices; see `sample`."""
        parameters = self.sample(split, index)
        return parameters, self.best_score(parameters, metric)

    def describe(self) -> dict[str, Any]:
        """JSON-able description, from which `make_family` builds an equal family."""
        return {"name": self.name, "version": self.version}

    def with_model(self, constants: Mapping[str, Any]) -> Any:
        """Parameters of the task that ``reset(options={"model": constants})`` asks for.

        Raises:
            ValueError: The family has no such constants.
        """
        raise ValueError(f"family {self.name!r} takes no 'model' option, got {constants!r}")

    def expand(self, parameters: Any, rows: int) -> Any:
        """Parameters shared by all rows as columns of (rows,), so that rows can differ."""
        raise NotImplementedError(f"family {self.name!r} has one task: nothing to expand")
