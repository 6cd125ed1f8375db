"""Recorded tables as tasks of the training, between whose points the metrics are interpolated.

Tables are few, so no run sees one as it is: the learning rate and the number of epochs are moved
along their logarithmic axes, the threshold is shifted and stretched on the logit scale, by random
amounts. Evaluations show one of the training seeds, drawn; regrets count the mean of all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from agents.training.anyspace.unroll import Evaluated
from hpo_gym.families.classifier import EPOCHS
from hpo_gym.families.recorded import grid
from hpo_gym.families.recorded.family import RecordedFamily
from hpo_gym.families.recorded.tables import SEEDS, cells, tables

_MOVE_LR, _MOVE_EPOCHS, _SHIFT_THR, _STRETCH_THR = 0.05, 0.3, 0.25, 0.15
"""Standard deviations: share of the axis, ln of epochs, logit, ln of a factor."""
_LEAST_THR = 1e-3
_LRS, _COUNTS, _THRS = grid.SHAPE


class Recorded(NamedTuple):
    """The tables of a split."""

    f1: Tensor
    """(tables * points of the grid, SEEDS)"""
    best: Tensor
    """(tables,) the best mean F1."""
    origin: NDArray[np.int64]
    """(tables,) number of the origin of their data."""


@cache
def recorded(split: str) -> Recorded:
    """The tables of a split of the recorded family."""
    family = RecordedFamily()
    tasks = np.arange(family.sizes[split])
    facts = family.sample(split, tasks)
    counts = [tables().counts[cells(int(table))].astype(np.float32) for table in facts.table]
    f1 = [
        2.0 * each[:, :SEEDS] / (each[:, :SEEDS] + each[:, SEEDS:] + np.float32(positives))
        for each, positives in zip(counts, facts.positives, strict=True)
    ]
    best = np.array([each.mean(axis=1).max() for each in f1])
    origins = [family.card(split, int(task))["origin"] for task in tasks]
    _, origin = np.unique(origins, return_inverse=True)
    return Recorded(torch.from_numpy(np.concatenate(f1)), torch.from_numpy(best), origin)


@dataclass(frozen=True)
class Moves:
    """How n tables are moved; (n,) each."""

    lr: Tensor
    epochs: Tensor
    shift: Tensor
    stretch: Tensor

    @classmethod
    def draw(cls, n: int, random: np.random.Generator) -> Moves:
        """Moves at random."""
        normals = torch.from_numpy(random.standard_normal((4, n)).astype(np.float32))
        lr, epochs, shift, stretch = normals
        return cls(
            _MOVE_LR * lr,
            _MOVE_EPOCHS * epochs,
            _SHIFT_THR * shift,
            torch.exp(_STRETCH_THR * stretch),
        )


@dataclass(frozen=True)
class TableTasks:
    """Tables of a split, moved, or as they are: then looked up at the nearest point.

    Attributes:
        split: The split.
        tables: (n,) places in the split.
        moves: How they are moved; None if they are not.
    """

    split: str
    tables: NDArray[np.int64]
    moves: Moves | None = None

    def evaluator(self, noise: NDArray[np.float64]) -> Callable[[Tensor, int], Evaluated]:
        """See `agents.training.anyspace.unroll.Tasks`; the first of the noise is a uniform."""
        data = recorded(self.split)
        table = torch.from_numpy(self.tables)
        best, rows = data.best[table], torch.arange(len(table))
        seeds = torch.from_numpy((noise[:, :, 0] * SEEDS).astype(np.int64))

        def evaluate(point: Tensor, step: int) -> Evaluated:
            place = _place(point) if self.moves is None else _moved(point, self.moves)
            f1 = _interpolated(data.f1, table, place)
            return Evaluated(point, f1[rows, seeds[:, step]], f1.mean(dim=1) / best)

        return evaluate


_LOG_EPOCHS = torch.log(torch.from_numpy(grid.EPOCHS.astype(np.float32)))
_NEAREST = torch.from_numpy(grid.NEAREST_EPOCHS.astype(np.float32))


def _epochs(points: Tensor) -> Tensor:
    return EPOCHS[0] + (EPOCHS[1] - EPOCHS[0]) * points[:, 1]


def _place(points: Tensor) -> Tensor:
    """Nearest places (n, 3) in the grid, along lr, epochs and threshold, of points (n, 3)."""
    thr, _, lr = points.unbind(dim=1)
    epoch = _NEAREST[torch.round(_epochs(points)).long()]
    return torch.stack([torch.round(lr * (_LRS - 1)), epoch, torch.round(thr * (_THRS - 1))], dim=1)


def _moved(points: Tensor, moves: Moves) -> Tensor:
    """Places (n, 3) in the grid, not rounded, in moved tables."""
    thr, _, lr = points.unbind(dim=1)
    inner = thr.clamp(_LEAST_THR, 1.0 - _LEAST_THR)
    logit = torch.log(inner / (1.0 - inner))
    bent = torch.sigmoid(moves.stretch * logit + moves.shift)
    thr = torch.where((thr > _LEAST_THR) & (thr < 1.0 - _LEAST_THR), bent, thr)
    log = torch.log(_epochs(points)) + moves.epochs
    log = log.clamp(float(_LOG_EPOCHS[0]), float(_LOG_EPOCHS[-1]))
    low = (torch.searchsorted(_LOG_EPOCHS, log.detach(), right=True) - 1).clamp(0, _COUNTS - 2)
    epoch = low + (log - _LOG_EPOCHS[low]) / (_LOG_EPOCHS[low + 1] - _LOG_EPOCHS[low])
    lr = (lr + moves.lr).clamp(0.0, 1.0)
    return torch.stack([lr * (_LRS - 1), epoch, thr * (_THRS - 1)], dim=1)


def _interpolated(f1: Tensor, table: Tensor, place: Tensor) -> Tensor:
    """F1 (n, SEEDS) at places (n, 3) of tables (n,), linear between the points of the grid."""
    most = torch.tensor([_LRS - 2, _COUNTS - 2, _THRS - 2])
    low = torch.minimum(place.detach().floor().long(), most)
    part = place - low
    total = torch.zeros(len(table), f1.shape[1])
    for corner in product((0, 1), repeat=3):
        up = torch.tensor(corner)
        lr, epoch, thr = (low + up).unbind(dim=1)
        row = ((table * _LRS + lr) * _COUNTS + epoch) * _THRS + thr
        weight = torch.where(up > 0, part, 1.0 - part).prod(dim=1)
        total = total + weight[:, None] * f1[row]
    return total
