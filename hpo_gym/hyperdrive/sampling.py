"""HyperDrive's three samplings: which configuration the next child gets."""

from __future__ import annotations

from abc import ABC
from math import ceil, e, floor, inf
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from hpo_gym import rng
from hpo_gym.hyperdrive.exceptions import HyperDriveConfigException
from hpo_gym.hyperdrive.parameter_expressions import ARGUMENTS
from hpo_gym.hyperdrive.space import (
    Configuration,
    Space,
    check_space,
    configuration,
    drawn,
    grid_point,
    leaves,
    size,
    written,
)
from hpo_gym.optional import optional
from hpo_gym.sobol import sobol
from hpo_gym.space import MOST_PARAMETERS

if TYPE_CHECKING:
    import optuna

MOST_STEPS = 100_000
"""So many steps may lie between the bounds of a quniform of Bayesian sampling."""


class HyperParameterSampling(ABC):
    """How the configurations of a run's children are found.

    Args:
        parameter_space: Sampling expressions by the names of the hyperparameters.
        properties: More for the sampling; `RandomParameterSampling` alone knows any.

    Raises:
        HyperDriveConfigException: The space or the properties are not for this sampling.
    """

    SAMPLING_NAME: ClassVar[str]
    DISTRIBUTIONS: ClassVar[tuple[str, ...]] = tuple(ARGUMENTS)
    """Those that the sampling takes."""
    PROPERTIES: ClassVar[tuple[str, ...]] = ()

    def __init__(self, parameter_space: Space, properties: dict[str, Any] | None = None) -> None:
        check_space(parameter_space, self.DISTRIBUTIONS, type(self).__name__)
        for name in properties or {}:
            if name not in self.PROPERTIES:
                known = ", ".join(self.PROPERTIES) or "none"
                raise HyperDriveConfigException(
                    f"{type(self).__name__} has no property {name!r}; it has: {known}"
                )
        self.parameter_space = parameter_space
        self.properties = properties

    def __repr__(self) -> str:
        given = [self.parameter_space, *([self.properties] if self.properties else [])]
        return f"{type(self).__name__}({', '.join(map(written, given))})"

    def to_json(self) -> dict[str, Any]:
        """What HyperDrive sends to its service."""
        sent = {"name": self.SAMPLING_NAME, "parameter_space": self.parameter_space}
        return sent | ({"properties": self.properties} if self.properties else {})

    def size(self) -> int | None:
        """The number of configurations, None where there is no end of them."""
        return None


class RandomParameterSampling(HyperParameterSampling):
    """Independent draws.

    Args:
        parameter_space: Sampling expressions of any kind by name.
        properties: "seed", in place of the run's; "rule": "random", or "sobol" for the points of
            a scrambled Sobol sequence; "logbase": the base of the logarithms, "e" or a number.
    """

    SAMPLING_NAME = "RANDOM"
    PROPERTIES = ("seed", "rule", "logbase")

    def __init__(self, parameter_space: Space, properties: dict[str, Any] | None = None) -> None:
        super().__init__(parameter_space, properties)
        given = {"seed": None, "rule": "random", "logbase": "e"} | (properties or {})
        self._seed, self._rule, logbase = (given[name] for name in self.PROPERTIES)
        if self._seed is not None and not (isinstance(self._seed, int) and self._seed >= 0):
            raise HyperDriveConfigException(
                f"seed = {self._seed!r} must be a whole number of at least 0, or left out"
            )
        if self._rule not in ("random", "sobol"):
            raise HyperDriveConfigException(f"rule = {self._rule!r} must be 'random' or 'sobol'")
        self._base: float = e if logbase == "e" else logbase
        if not (isinstance(self._base, (int, float)) and 0 < self._base < inf):
            raise HyperDriveConfigException(f"logbase = {logbase!r} must be 'e' or above 0")
        self._paths = list(dict(leaves(parameter_space)))
        if self._rule == "sobol" and len(self._paths) > MOST_PARAMETERS:
            raise HyperDriveConfigException(
                f"{len(self._paths)} hyperparameters: the rule 'sobol' is for at most "
                f"{MOST_PARAMETERS}; leave it out"
            )
        for path, value in leaves(parameter_space):
            try:
                drawn(value, 1.0 - 2.0**-53, self._base)
            except OverflowError:
                raise HyperDriveConfigException(
                    f"{path} = {value!r} exceeds the largest float: it is the logarithm that lies "
                    "between the bounds; for 1 to 1000 write loguniform(log(1), log(1000))"
                ) from None

    def suggest(self, number: int, seed: int) -> Configuration:
        """The configuration of a child.

        Args:
            number: The child's, from 0.
            seed: The run's; with the number it decides all that is random.
        """
        key = rng.fold(int(seed if self._seed is None else self._seed))
        if self._rule == "sobol":
            point = sobol(key, number, 1, len(self._paths))[0].tolist()
            uniforms = dict(zip(self._paths, point, strict=True))
            return configuration(self.parameter_space, uniforms.__getitem__, self._base)
        key = rng.derive(key, number)

        def uniform(path: str) -> float:
            number: float = rng.uniforms(rng.derive(key, rng.text_key(path)), 1)[0]
            return max(number, 2.0**-54)  # 0 has no quantile

        return configuration(self.parameter_space, uniform, self._base)


class GridParameterSampling(HyperParameterSampling):
    """Every combination once, in the order of nested loops, the last hyperparameter innermost."""

    SAMPLING_NAME = "GRID"
    DISTRIBUTIONS = ("choice",)

    def size(self) -> int:
        """The number of combinations."""
        return size(self.parameter_space)

    def suggest(self, number: int, seed: int) -> Configuration:
        """The configuration of a child.

        Args:
            number: The child's, from 0.
            seed: The run's: nothing depends on it.

        Raises:
            IndexError: The grid has fewer points.
        """
        if not 0 <= number < self.size():
            raise IndexError(f"number = {number!r} must be in [0, {self.size() - 1}], in the grid")
        return grid_point(self.parameter_space, number)


class BayesianParameterSampling(HyperParameterSampling):
    """Optuna's tree-structured Parzen estimator, on the results of the children so far.

    These are an Optuna study. With the sampler of the next child as its own,
    ``study.ask(fixed_distributions=sampling.distributions())`` gives that child's configuration.

    Args:
        parameter_space: choice of strings or of numbers, uniform, and quniform of whole numbers.
        properties: None.
    """

    SAMPLING_NAME = "BayesianOptimization"
    DISTRIBUTIONS = ("choice", "uniform", "quniform")

    def __init__(self, parameter_space: Space, properties: dict[str, Any] | None = None) -> None:
        super().__init__(parameter_space, properties)
        for name, value in parameter_space.items():
            if value[0] == "choice":
                _check_choice(name, value[1][0])
            elif value[0] == "quniform":
                _check_steps(name, *value[1])

    def distributions(self) -> dict[str, optuna.distributions.BaseDistribution]:
        """The space as ``study.ask(fixed_distributions=)`` takes it."""
        kinds = optional("optuna", extra="hyperdrive", user="Bayesian sampling").distributions

        def distribution(name: str, arguments: list[Any]) -> Any:
            if name == "choice":
                return kinds.CategoricalDistribution(arguments[0])
            if name == "uniform":
                return kinds.FloatDistribution(*arguments)
            low, high, q = arguments  # a half at an end is hardly ever drawn
            lowest, highest = floor(low / q + 0.5), ceil(high / q - 0.5)
            return kinds.IntDistribution(lowest * q, highest * q, step=q)

        return {name: distribution(*value) for name, value in self.parameter_space.items()}

    def optuna_sampler(self, seed: int, number: int = 0) -> optuna.samplers.BaseSampler:
        """The sampler for a child; it keeps away from children that are still running.

        Args:
            seed: The run's.
            number: The child's: without it, the first children of a resumed run would be drawn
                like those of the run that it resumes.
        """
        samplers = optional("optuna", extra="hyperdrive", user="Bayesian sampling").samplers
        key = rng.derive(rng.fold(int(seed)), number)
        sampler: optuna.samplers.BaseSampler = samplers.TPESampler(
            seed=key % 2**32, constant_liar=True
        )
        return sampler


Sampling: TypeAlias = RandomParameterSampling | GridParameterSampling | BayesianParameterSampling


def _check_choice(name: str, options: list[Any]) -> None:
    texts = sum(isinstance(option, str) for option in options)
    numbers = sum(type(option) in (int, float) for option in options)
    if texts + numbers < len(options):
        raise HyperDriveConfigException(
            f"{name} = {options!r}: Bayesian sampling chooses among strings or numbers; give these "
            "to stand for other objects, or use RandomParameterSampling",
            "SDK",
        )
    if texts and numbers:
        raise HyperDriveConfigException(
            f"{name} = {options!r}: Bayesian sampling chooses among strings or among numbers, not "
            "among both; write the numbers as strings",
            "SDK",
        )


def _check_steps(name: str, low: float, high: float, q: float) -> None:
    if not all(isinstance(argument, int) for argument in (low, high, q)):
        raise HyperDriveConfigException(
            f"{name} = quniform({low!r}, {high!r}, {q!r}): Bayesian sampling wants whole numbers; "
            "write them without a decimal point, or use uniform",
            "SDK",
        )
    if (high - low) / q > MOST_STEPS:
        raise HyperDriveConfigException(
            f"{name} = quniform({low!r}, {high!r}, {q!r}) has more than {MOST_STEPS} steps; choose "
            "a larger q, or use uniform",
            "SDK",
        )
