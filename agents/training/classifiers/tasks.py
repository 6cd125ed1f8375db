"""Classifiers on which the tuner is trained: tasks of the rough family, and recorded tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from agents.training.anyspace.unroll import Evaluated
from agents.training.unroll import Bank
from hpo_gym.arrays.tensors import Tensors
from hpo_gym.classifier_space import SPACE
from hpo_gym.families.classifier import EPOCHS
from hpo_gym.policies.anyspace import features
from hpo_gym.policies.anyspace.policy import coordinates_of

_XP = Tensors()
_EPOCHS = SPACE.names.index("epochs")
_STEPS = EPOCHS[1] - EPOCHS[0]


@dataclass(frozen=True)
class FamilyTasks:
    """Tasks of a family of classifiers that torch can differentiate.

    Attributes:
        family: The family.
        bank: Tasks of one of its splits.
        index: (n,) places in the split.
    """

    family: Any
    bank: Bank
    index: NDArray[np.int64]

    def evaluator(self, noise: NDArray[np.float64]) -> Callable[[Tensor, int], Evaluated]:
        """See `agents.training.anyspace.unroll.Tasks`; the noise is uniforms."""
        family = self.family
        parameters, best = self.bank.tasks(torch.from_numpy(self.index))
        draws = torch.from_numpy(noise)

        def evaluate(point: Tensor, step: int) -> Evaluated:
            columns = (2.0 * point - 1.0).double().unbind(dim=1)
            scaled = SPACE.scaled(columns, _XP, relaxed=True)
            uniforms = draws[:, step, : family.draws].unbind(dim=1)
            exact, seen = family.evaluate(parameters, scaled, family.noise, uniforms, _XP)
            return Evaluated(point, seen.f1.float(), (exact.f1 / best).float())

        return evaluate


@dataclass(frozen=True)
class Classifiers:
    """n classifiers of several kinds, with whole numbers of epochs.

    Attributes:
        parts: Tasks of each kind, one kind after the other.
        sizes: How many of each kind.
    """

    parts: Sequence[Any]
    sizes: Sequence[int]

    @cached_property
    def kinds(self) -> features.Coordinates:
        """What their coordinates are."""
        one = coordinates_of(SPACE)
        return features.Coordinates(*[np.repeat(each, sum(self.sizes), axis=0) for each in one])

    def evaluator(self, noise: NDArray[np.float64]) -> Callable[[Tensor, int], Evaluated]:
        """See `agents.training.anyspace.unroll.Tasks`."""
        ends = np.cumsum(self.sizes)[:-1]
        evaluators = [
            part.evaluator(own) for part, own in zip(self.parts, np.split(noise, ends), strict=True)
        ]

        def evaluate(point: Tensor, step: int) -> Evaluated:
            whole = _with_whole_epochs(point)
            found = [
                evaluator(own, step)
                for evaluator, own in zip(
                    evaluators, torch.split(whole, list(self.sizes)), strict=True
                )
            ]
            return Evaluated(*[torch.cat(column) for column in zip(*found, strict=True)])

        return evaluate


def _with_whole_epochs(points: Tensor) -> Tensor:
    """Points (n, 3) with the nearest whole number of epochs; gradients pass."""
    epochs = points[:, _EPOCHS]
    nearest = epochs + (torch.round(epochs * _STEPS) / _STEPS - epochs).detach()
    columns = list(points.unbind(dim=1))
    columns[_EPOCHS] = nearest
    return torch.stack(columns, dim=1)
