"""The family of the fictitious model: one exact task, the notebook's or one with other constants.

The equations and their source are in `hpo_gym.families.fictitious.equations`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from functools import lru_cache
from typing import Any

import numpy as np

from hpo_gym import rng
from hpo_gym.arrays import Column, Columns, Namespace, Struct
from hpo_gym.families.base import KnownOptimum
from hpo_gym.families.classifier import ClassifierFamily, Metrics
from hpo_gym.families.fictitious import optimum as fictitious_optimum
from hpo_gym.families.fictitious.equations import equations, f1_score
from hpo_gym.families.fictitious.model import FictitiousModel

CONSTANTS = tuple(field.name for field in fields(FictitiousModel))
"""Names of the constants of the fictitious model."""


class FictitiousEquations(ClassifierFamily, KnownOptimum):
    """What the families of fictitious models share: equations, noise and optima.

    Noise adds N(0, sigma) to precision, recall and accuracy, clipped to [0, 1]; F1 comes from the
    noisy pair; the loss is multiplied by max(0, 1 + sigma xi), with xi standard normal.
    """

    draws = 4

    def noiseless(self, parameters: Any, scaled: Columns, xp: Namespace) -> Columns:
        """The equations; whole epochs of a shared model are looked up in its table."""
        if not isinstance(parameters, FictitiousModel):
            return equations(parameters, scaled, xp)
        return equations(parameters, scaled, xp, xp.take(parameters.epoch_table, scaled[1]))

    def observe(
        self, parameters: Any, metrics: Columns, noise: float | None, draws: Columns, xp: Namespace
    ) -> Columns:
        """Noisy metrics; the class's text gives the distribution."""
        precision, recall, loss, accuracy, _ = metrics
        deviation = parameters.noise if noise is None else noise
        xi = rng.normals_from(draws, xp)

        def noisy(value: Column, normal: Column) -> Column:
            return xp.minimum(xp.maximum(value + deviation * normal, 0.0), 1.0)

        precision, recall = noisy(precision, xi[0]), noisy(recall, xi[1])
        loss = loss * xp.maximum(1.0 + deviation * xi[2], 0.0)
        return Metrics(precision, recall, loss, noisy(accuracy, xi[3]), f1_score(precision, recall))

    def frontier(self, parameters: Any, metric: str) -> tuple[Columns, Any]:
        """The best score at each whole number of epochs; see `KnownOptimum.frontier`."""
        if not isinstance(parameters, FictitiousModel):  # a task of a bank
            parameters = FictitiousModel(**{name: vars(parameters)[name] for name in CONSTANTS})
        thr, z, value = _frontier(parameters, metric)
        epochs = np.arange(1.0, 101.0)
        return (thr, epochs, z), 1.0 / (1.0 + value) if metric == "loss" else value


class NotebookFamily(FictitiousEquations):
    """One fictitious model as a family of one task.

    Args:
        constants: Constants that differ from the notebook's, see `FictitiousModel`.

    Raises:
        ValueError: A constant is unknown, or the model is not admissible.
    """

    name = "notebook"

    def __init__(self, **constants: Any) -> None:
        self.model = FictitiousModel.from_constants(constants)

    def sample(self, split: str, task: Column) -> FictitiousModel:
        """The model: every split has the same one task."""
        return self.model

    def with_model(self, constants: Mapping[str, Any]) -> FictitiousModel:
        """The model of this family with other values for some constants."""
        if not isinstance(constants, Mapping):
            raise ValueError(f"options['model'] must be a dict of constants, not {constants!r}")
        return FictitiousModel.from_constants({**asdict(self.model), **constants})

    def expand(self, parameters: FictitiousModel, rows: int) -> Struct:
        """The constants as columns, each (rows,) float64."""
        return Struct(**asdict(parameters)).expand(rows)

    def describe(self) -> dict[str, Any]:
        """Name, version and the constants that differ from the notebook's."""
        usual = asdict(FictitiousModel())
        changed = {k: v for k, v in asdict(self.model).items() if v != usual[k]}
        return super().describe() | changed


_frontier = lru_cache(maxsize=256)(fictitious_optimum.frontier)
