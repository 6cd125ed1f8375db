"""Random functions of any space as tasks of the training."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hpo_gym import rng
from hpo_gym.families.anyspace.functions import Functions, Layout, draw, failed, snapped, values
from hpo_gym.families.anyspace.layouts import draw_layout
from hpo_gym.families.anyspace.scaling import rows_of, scaled
from hpo_gym.policies.anyspace import features

from .unroll import Evaluated, tensors


class Bank(NamedTuple):
    """Tasks of one number of coordinates."""

    functions: Functions
    layout: Layout
    kinds: features.Coordinates

    def take(self, rows: NDArray[np.int64]) -> Bank:
        """Some of the tasks."""
        return Bank(*[rows_of(part, rows) for part in self])

    def evaluator(self, noise: NDArray[np.float64]) -> Callable[[Tensor, int], Evaluated]:
        """See `unroll.Tasks`; the noise is standard normals (n, budget)."""
        functions, layout, normals = tensors(self.functions), tensors(self.layout), tensors(noise)

        def evaluate(point: Tensor, step: int) -> Evaluated:
            moved = snapped(layout, point[:, None])
            true = values(functions, moved)[:, 0]
            score = true + functions.noise * normals[:, step]
            score = torch.where(failed(functions, moved.detach())[:, 0], -torch.inf, score)
            return Evaluated(moved[:, 0], score, true)

        return evaluate


def bank(split: str, count: int, size: int) -> Bank:
    """Tasks of `size` coordinates, all used, by the keys of a split."""
    index = np.arange(count, dtype=np.uint64)
    keys = rng.derive(rng.text_key(f"anyspace-unrolled/{split}/{size}"), index)
    layout = draw_layout(rng.derive(keys, 1), np.full(count, size), size)
    functions, _ = scaled(draw(rng.derive(keys, 2), layout), layout)
    return Bank(functions, layout, features.coordinates(layout.cells, layout.group))
