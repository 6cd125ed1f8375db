"""The rough family: realistic tasks that neither the binormal nor the fictitious model explains.

A tuner that is trained on equations trusts them too much: real classifiers obey none. A task here
is a model of one of both families, drawn as there, whose inputs are warped and whose rates and loss
have a smooth residual; see `hpo_gym.families.rough.equations`. All numbers of the prior stand in
``prior.json``:

- binormal: the probability of that base; else it is the fictitious one.
- thr: its steepness is steepness exp(sigma N(0, 1)), its shift is shift N(0, 1).
- warp: the exponents are exp(sigma N(0, 1)), with this sigma for each parameter.
- length: of the residual, log-uniform, in unit coordinates of epochs and lr.
- amplitude: most U(0, 1)^power, on the logits of both rates; their correlation is U(0, 1).
- share: amplitudes on the logit of thr and on the logarithm of the loss, relative to that.
- cases: positives and negatives are so many times those of the binormal family.
- width: what the scores of both classes deviate more than in the binormal family; else the residual
  moves many an optimum to where training has hardly begun, and thresholds lie within a needle.

Noise is that of counts.
The split "shifted" has bases from the "shifted" splits of both families.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from hpo_gym import rng
from hpo_gym.arrays import Columns, Namespace, Vectors
from hpo_gym.families.bank import HashedBank
from hpo_gym.families.binormal.family import BinormalFamily
from hpo_gym.families.counts import CountedFamily, Rates
from hpo_gym.families.fictitious.family import FictitiousFamily
from hpo_gym.families.fictitious.notebook import CONSTANTS
from hpo_gym.families.optima import FloatArray, Optima
from hpo_gym.families.rough import equations
from hpo_gym.families.rough import optimum as rough_optimum

_XP = Vectors()
_BINORMAL, _FICTITIOUS, _PHASES = 16, 17, 18
"""Streams of a task's key, beside that of its residual."""


class RoughFamily(HashedBank, CountedFamily):
    """Rough models, drawn as the module's text says; noise is that of counts and no other."""

    name = "rough"
    version = 2
    sizes: ClassVar[dict[str, int]] = {
        "train": 2**15,
        "validation": 4096,
        "test": 4096,
        "shifted": 4096,
    }
    optimum_error = rough_optimum.ERROR
    parameter_names = (
        "base",
        *("steepness", "shift", "warp_epochs", "warp_lr", "length_epochs", "length_lr"),
        *("amplitude", "amplitude_thr", "amplitude_loss", "common", "own"),
        *equations.PHASES,
        *BinormalFamily.parameter_names,
        *CONSTANTS,
    )

    def draw(self, split: str, keys: NDArray[np.uint64]) -> dict[str, FloatArray]:
        """Parameters of the tasks with these keys, each (n,)."""
        return drawn(read_prior(), split, keys)

    def rates(self, parameters: Any, scaled: Columns, xp: Namespace) -> Rates:
        """The equations."""
        return equations.rates(parameters, scaled, xp)

    def solve(self, parameters: Any, metric: str) -> Optima:
        """See `rough_optimum`."""
        scaled = rough_optimum.solve(parameters, metric)
        return Optima(scaled, np.asarray(self.true_score(parameters, scaled, metric, _XP)))

    def frontier(self, parameters: Any, metric: str) -> tuple[Columns, Any]:
        """The best score at each whole number of epochs; see `KnownOptimum.frontier`."""
        epochs = np.arange(1.0, 101.0)
        tasks = self.expand(parameters, len(epochs))
        scaled = rough_optimum.solve(tasks, metric, epochs)
        return tuple(scaled), np.asarray(self.true_score(tasks, scaled, metric, _XP))


@cache
def read_prior() -> dict[str, Any]:
    """The numbers of the prior, by name."""
    text = Path(__file__).with_name("prior.json").read_text(encoding="utf-8")
    prior: dict[str, Any] = json.loads(text)
    return prior


def drawn(prior: Mapping[str, Any], split: str, keys: NDArray[np.uint64]) -> dict[str, FloatArray]:
    """Parameters of tasks, each (n,), for a prior with the names of ``prior.json``.

    Args:
        prior: Its numbers.
        split: The split of the families from which the bases come.
        keys: (n,) keys of the tasks.
    """
    steeper, shift, *warps = rng.normals(rng.derive(keys, rng.TASK), 4, _XP)
    phases = rng.uniforms(rng.derive(keys, _PHASES), equations.WAVES)
    kind, size, common, *lengths = rng.uniforms(keys, 5)
    most, power = prior["amplitude"]["most"], prior["amplitude"]["power"]
    amplitude = most * size**power
    bases = BinormalFamily().draw(split, rng.derive(keys, _BINORMAL))
    bases |= FictitiousFamily().draw(split, rng.derive(keys, _FICTITIOUS))
    for name in ("positives", "negatives"):
        bases[name] = np.maximum(np.rint(prior["cases"] * bases[name]), 1.0)
    bases["si"] = bases["si"] + prior["width"]
    return bases | {
        "base": (kind < prior["binormal"]).astype(np.float64),
        "steepness": prior["thr"]["steepness"] * np.exp(prior["thr"]["sigma"] * steeper),
        "shift": prior["thr"]["shift"] * shift,
        **{
            f"warp_{name}": np.exp(sigma * normal)
            for (name, sigma), normal in zip(prior["warp"].items(), warps, strict=True)
        },
        **{
            f"length_{name}": low * (high / low) ** uniform
            for (name, (low, high)), uniform in zip(prior["length"].items(), lengths, strict=True)
        },
        "amplitude": amplitude,
        **{f"amplitude_{name}": share * amplitude for name, share in prior["share"].items()},
        "common": common,
        "own": np.sqrt(1.0 - common * common),
        **{name: 2.0 * np.pi * phase for name, phase in zip(equations.PHASES, phases, strict=True)},
    }
