"""The family of the fictitious model: one exact task, the notebook's or one with other constants.

The equations and their source stand in `hpo_gym.families.fictitious_equations`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from functools import lru_cache
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np

from hpo_gym.columns import Column, ColumnMath, Columns
from hpo_gym.families import fictitious_optimum
from hpo_gym.families.base import Family
from hpo_gym.families.fictitious_equations import Metrics, equations, f1_score
from hpo_gym.families.fictitious_model import FictitiousModel
from hpo_gym.rng import normals
from hpo_gym.space import Parameter, SearchSpace


class FictitiousFamily(Family):
    """One fictitious model as a family of one task.

    Noise adds N(0, sigma) to precision, recall and accuracy, clipped to [0, 1]; F1 comes from the
    noisy pair; the loss is multiplied by max(0, 1 + sigma xi), with xi standard normal.

    Args:
        constants: Constants that differ from the notebook's, see `FictitiousModel`.

    Raises:
        ValueError: A constant is unknown, or the model is not admissible.
    """

    name = "fictitious"
    space = SearchSpace(
        (
            Parameter("thr", *fictitious_optimum.THR),
            Parameter("epochs", *fictitious_optimum.EPOCHS, integer=True),
            Parameter("lr", *fictitious_optimum.Z, log=True),
        )
    )
    metrics = Metrics._fields
    goals: ClassVar[Mapping[str, str]] = {
        "f1": "maximise",
        "accuracy": "maximise",
        "loss": "minimise",
    }

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

    def expand(self, parameters: Any, rows: int) -> SimpleNamespace:
        """The constants as columns, each (rows,) float64."""
        return SimpleNamespace(
            **{
                field.name: np.full(rows, getattr(parameters, field.name), dtype=np.float64)
                for field in fields(FictitiousModel)
            }
        )

    def noiseless(self, parameters: Any, scaled: Columns, math: ColumnMath) -> Columns:
        """The equations; whole epochs of a shared model are looked up in its table."""
        if not isinstance(parameters, FictitiousModel):
            return equations(parameters, scaled, math)
        return equations(parameters, scaled, math, math.take(parameters.epoch_table, scaled[1]))

    def observe(self, metrics: Columns, noise: float, key: Column, math: ColumnMath) -> Columns:
        """Noisy metrics; the class's text gives the distribution."""
        precision, recall, loss, accuracy, _ = metrics
        xi = normals(key, 4, math)

        def noisy(value: Column, normal: Column) -> Column:
            return math.minimum(math.maximum(value + noise * normal, 0.0), 1.0)

        precision, recall = noisy(precision, xi[0]), noisy(recall, xi[1])
        loss = loss * math.maximum(1.0 + noise * xi[2], 0.0)
        return Metrics(precision, recall, loss, noisy(accuracy, xi[3]), f1_score(precision, recall))

    def score(self, metrics: Columns, metric: str, math: ColumnMath) -> Column:
        """F1 or accuracy as they are; 1 / (1 + loss)."""
        if metric == "f1":
            return metrics[4]
        return metrics[3] if metric == "accuracy" else 1.0 / (1.0 + metrics[2])

    def features(self, metrics: Columns, math: ColumnMath) -> Columns:
        """The metrics, with loss / (1 + loss) for the loss."""
        precision, recall, loss, accuracy, f1 = metrics
        return precision, recall, loss / (1.0 + loss), accuracy, f1

    def resource(self, scaled: Columns) -> Column:
        """Epochs."""
        return scaled[1]

    def frontier(self, parameters: Any, metric: str) -> tuple[Columns, Any]:
        """The best score at each whole number of epochs; see `Family.frontier`."""
        if not isinstance(parameters, FictitiousModel):  # one row of what `expand` gives
            parameters = FictitiousModel(**vars(parameters))
        thr, z, value = _frontier(parameters, metric)
        epochs = np.arange(1.0, 101.0)
        return (thr, epochs, z), 1.0 / (1.0 + value) if metric == "loss" else value

    def describe(self) -> dict[str, Any]:
        """Name, version and the constants that differ from the notebook's."""
        default = FictitiousModel()
        changed = {
            key: value
            for key, value in asdict(self.model).items()
            if value != getattr(default, key)
        }
        return super().describe() | changed


_frontier = lru_cache(maxsize=256)(fictitious_optimum.frontier)
