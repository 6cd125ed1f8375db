"""The binormal family: realistic tasks in closed form, with metrics of one confusion matrix.

The equations are in `hpo_gym.families.binormal.equations`. The prior was fitted to recorded
training runs of small classifiers and is data, ``binormal_prior.json``: nine quantiles of each of
16 quantities and the correlation matrix of their normal scores. A task is drawn from the Gaussian
copula with these piecewise-linear marginals; beyond the outer quantiles, their value holds. The
number n of validation cases is log-uniform on [60, 1500]; rint(pi n) of them are positive, at least
3 of each class, and the task's prevalence is what that leaves.

The split "shifted" draws z0 from U(0.2, 0.9), beyond the prior's largest value 0.13: classifiers
that need larger learning rates times epochs than any of the others.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hpo_gym import rng
from hpo_gym.arrays import Columns, Namespace, Struct, Vectors
from hpo_gym.arrays.normal_cdf import normal_cdf_array
from hpo_gym.families.bank import HashedBank
from hpo_gym.families.binormal import equations
from hpo_gym.families.binormal import optimum as binormal_optimum
from hpo_gym.families.counts import CountedFamily, Rates
from hpo_gym.families.optima import FloatArray, Optima
from hpo_gym.parameters import finite_number

_XP = Vectors()
_CASES = (60.0, 1500.0)
_LEAST_CASES = 3.0
_SHIFTED_Z0 = (0.2, 0.9)

RANGES = {
    **{"z0": (-3.0, 1.5), "beta": (-6.0, 6.0), "d1": (0.0, 10.0), "d0": (0.0, 10.0)},
    **{"s1": (0.0, 5.0), "s0": (0.0, 5.0), "si": (0.0, 5.0), "ld": (-3.0, 3.0), "D": (0.0, 1.0)},
    **{"pi": (0.01, 0.99), "L0": (0.1, 10.0), "log10_k": (-1.0, 0.5), "log10_h": (-0.5, 1.5)},
    **{"lh": (-1.0, 5.0), "Linf_over_L0": (0.0, 1.0), "zl_minus_z0": (-4.0, 4.0)},
    "n": (6.0, 1e6),
}
"""What `BinormalFamily.with_model` takes: wider than the prior, and with optima known as well."""


class _Prior(NamedTuple):
    levels: FloatArray
    quantiles: dict[str, FloatArray]
    cholesky: FloatArray


class BinormalFamily(HashedBank, CountedFamily):
    """Binormal models, drawn as the module's text says; noise is that of counts and no other."""

    name = "binormal"
    sizes = HashedBank.sizes | {"shifted": 4096}
    parameter_names = tuple(
        "z0 beta d1 d0 s1 s0 si ld D L0 Linf zl k lh h positives negatives".split()
    )

    def draw(self, split: str, keys: NDArray[np.uint64]) -> dict[str, FloatArray]:
        """Parameters of the tasks with these keys, each (n,)."""
        prior = _prior()
        normals = rng.normals(keys, len(prior.quantiles), _XP)
        uniforms = normal_cdf_array(prior.cholesky @ np.stack(normals))
        drawn = {
            name: np.interp(uniform, prior.levels, quantiles)
            for uniform, (name, quantiles) in zip(uniforms, prior.quantiles.items(), strict=True)
        }
        cases, shift = rng.uniforms(rng.derive(keys, rng.TASK), 2)
        drawn["n"] = np.rint(_CASES[0] * (_CASES[1] / _CASES[0]) ** cases)
        if split == "shifted":
            drawn["z0"] = _SHIFTED_Z0[0] + (_SHIFTED_Z0[1] - _SHIFTED_Z0[0]) * shift
        return _constants(drawn)

    def rates(self, parameters: Any, scaled: Columns, xp: Namespace) -> Rates:
        """The equations."""
        return equations.rates(parameters, scaled, xp)

    def solve(self, parameters: Any, metric: str) -> Optima:
        """See `binormal_optimum`; the error of the score is below 1e-9."""
        scaled = binormal_optimum.solve(parameters, metric)
        return Optima(scaled, np.asarray(self.true_score(parameters, scaled, metric, _XP)))

    def frontier(self, parameters: Any, metric: str) -> tuple[Columns, Any]:
        """The best score at each whole number of epochs; see `KnownOptimum.frontier`."""
        scaled = binormal_optimum.frontier(parameters, metric)
        return tuple(scaled), np.asarray(self.true_score(parameters, scaled, metric, _XP))

    def with_model(self, constants: Mapping[str, Any]) -> Struct:
        """A task from quantities of the prior and ``n``; medians for those not given.

        Raises:
            ValueError: A quantity is unknown, no number, or outside `RANGES`.
        """
        if not isinstance(constants, Mapping):
            raise ValueError(f"options['model'] must be a dict of constants, not {constants!r}")
        unknown = sorted(set(map(str, constants)) - set(RANGES))
        if unknown:
            raise ValueError(
                f"unknown constants {unknown} of the binormal model; known: {sorted(RANGES)}"
            )
        for name, value in constants.items():
            low, high = RANGES[name]
            where = f" in [{low:g}, {high:g}]"
            if not low <= finite_number(name, value, where) <= high:
                raise ValueError(f"{name} = {value!r} must be a number{where}")
        prior = _prior()
        medians = {
            name: float(np.interp(0.5, prior.levels, quantiles))
            for name, quantiles in prior.quantiles.items()
        }
        cases = float(np.rint(np.sqrt(_CASES[0] * _CASES[1])))
        model = {**medians, "n": cases, **constants}
        drawn = _constants({name: np.array([value], float) for name, value in model.items()})
        return Struct(**drawn).row(0)


@cache
def _prior() -> _Prior:
    text = Path(__file__).with_name("prior.json").read_text(encoding="utf-8")
    data = json.loads(text)
    quantiles = {name: np.array(values) for name, values in data["parameters"].items()}
    cholesky = np.linalg.cholesky(np.array(data["correlation"]))
    return _Prior(np.array(data["levels"]), quantiles, cholesky)


def _constants(drawn: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """The constants of the equations from the quantities of the prior and the number of cases."""
    same = ("z0", "beta", "d1", "d0", "s1", "s0", "si", "ld", "D", "L0", "lh")
    cases = np.rint(drawn["n"])
    positives = np.clip(np.rint(drawn["pi"] * cases), _LEAST_CASES, cases - _LEAST_CASES)
    return {
        **{name: drawn[name] for name in same},
        "Linf": drawn["Linf_over_L0"] * drawn["L0"],
        "zl": drawn["z0"] + drawn["zl_minus_z0"],
        "k": 10.0 ** drawn["log10_k"],
        "h": 10.0 ** drawn["log10_h"],
        "positives": positives,
        "negatives": cases - positives,
    }
