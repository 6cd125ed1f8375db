"""What the families of classifiers share: search space, metrics, scores, resource."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, NamedTuple

from hpo_gym.arrays import Column, Columns, Namespace
from hpo_gym.families.base import Family
from hpo_gym.parameters import Float, Integer
from hpo_gym.space import SearchSpace

SPACE = SearchSpace(
    {
        "thr": Float(0.0, 1.0),
        "epochs": Integer(1, 100, nearest=True),
        "lr": Float(1e-4, 10**0.8, log=True),
    }
)
THR, EPOCHS, Z = [parameter.scaled_bounds for parameter in SPACE.parameters.values()]
"""Scaled bounds; z is log10 of the learning rate, from -4 to 0.8."""


class Metrics(NamedTuple):
    """Metrics of an evaluation, each with the broadcast shape of the inputs."""

    precision: Column
    recall: Column
    loss: Column
    accuracy: Column
    f1: Column


class ClassifierFamily(Family):
    """Tuning of a binary classifier: threshold, epochs and learning rate; five metrics.

    Metrics come in the order of `Metrics`. F1 and accuracy are scores as they are; the score of a
    loss is 1 / (1 + loss).
    """

    space = SPACE
    metrics = Metrics._fields
    resource_parameter = "epochs"
    goals: ClassVar[Mapping[str, str]] = {
        "f1": "maximise",
        "accuracy": "maximise",
        "loss": "minimise",
    }

    def score(self, metrics: Columns, metric: str, xp: Namespace) -> Column:
        """F1 or accuracy as they are; 1 / (1 + loss)."""
        if metric == "f1":
            return metrics[4]
        return metrics[3] if metric == "accuracy" else 1.0 / (1.0 + metrics[2])

    def features(self, metrics: Columns, xp: Namespace) -> Columns:
        """The metrics, with loss / (1 + loss) for the loss."""
        precision, recall, loss, accuracy, f1 = metrics
        return precision, recall, loss / (1.0 + loss), accuracy, f1

    def resource(self, scaled: Columns) -> Column:
        """Epochs."""
        return scaled[1]
