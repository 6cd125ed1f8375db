"""What the families of classifiers share: search space, metrics, scores, resource."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, NamedTuple

from hpo_gym.arrays import Column
from hpo_gym.classifier_space import SPACE
from hpo_gym.families.base import Family

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

    Metrics come in the order of `Metrics`.
    """

    space = SPACE
    metrics = Metrics._fields
    goals: ClassVar[Mapping[str, str]] = {
        "f1": "maximise",
        "accuracy": "maximise",
        "loss": "minimise",
    }
    resource_parameter: ClassVar[str | None] = "epochs"
    may_fail = False
