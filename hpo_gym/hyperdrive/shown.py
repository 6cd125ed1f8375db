"""Hyperparameters as Optuna shows them: each with a distribution that it fits."""

from __future__ import annotations

from collections.abc import Mapping
from math import exp
from typing import Any

from hpo_gym.optional import optional

_PLAIN = (str, int, float, bool, type(None))


def distributions(space: Mapping[str, Any], configuration: Mapping[str, Any]) -> dict[str, Any]:
    """Optuna's distributions of the hyperparameters that have one.

    Spaces within the space, and options that Optuna cannot store, have none. Numbers that are
    unbounded or rounded have that of a single value.

    Args:
        space: Sampling expressions by name.
        configuration: Their values.
    """
    kinds = optional("optuna", extra="hyperdrive", user="HyperDrive offline").distributions
    found = {}
    for name, value in configuration.items():
        kind, arguments = space.get(name) or ("fixed", [])
        if kind == "choice" and all(isinstance(option, _PLAIN) for option in arguments[0]):
            own = kinds.CategoricalDistribution(arguments[0])
        elif kind == "uniform":
            own = kinds.FloatDistribution(*arguments)
        elif kind == "loguniform":
            own = kinds.FloatDistribution(*map(exp, arguments), log=True)
        elif kind == "randint":
            own = kinds.IntDistribution(0, arguments[0] - 1)
        elif kind not in ("choice", "fixed"):
            own = kinds.FloatDistribution(value, value)
        else:
            continue
        if own._contains(own.to_internal_repr(value)):  # not after another base of logarithms
            found[name] = own
    return found
