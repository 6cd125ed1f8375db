"""A search space as Optuna's distributions."""

from __future__ import annotations

from typing import Any

from hpo_gym.optional import optional
from hpo_gym.parameters import Categorical, Integer, Parameter
from hpo_gym.space import SearchSpace


def optuna_distributions(space: SearchSpace) -> dict[str, Any]:
    """One distribution per parameter by its name, as ``study.ask(fixed_distributions=)`` takes.

    Raises:
        ImportError: Optuna is not installed.
    """
    distributions = optional("optuna", extra="bench", user="an Optuna sampler").distributions

    def distribution(parameter: Parameter) -> Any:
        if isinstance(parameter, Categorical):
            return distributions.CategoricalDistribution(parameter.choices)
        if isinstance(parameter, Integer):
            return distributions.IntDistribution(parameter.low, parameter.high, log=parameter.log)
        return distributions.FloatDistribution(parameter.low, parameter.high, log=parameter.log)

    return {name: distribution(parameter) for name, parameter in space.parameters.items()}
