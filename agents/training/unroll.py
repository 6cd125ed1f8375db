"""Episodes on torch tensors, differentiable from the network's weights to the regrets.

The network reads what the environment's "history" observation holds, and proposes the next unit
configuration; the family evaluates it, with epochs that are not rounded. Configurations are clipped
into the unit cube; the gradient passes as if they were not, and `Unrolled.excess` says how far
outside they were.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from hpo_gym.arrays import Columns, Struct
from hpo_gym.arrays.tensors import Tensors
from hpo_gym.families import HashedBank
from hpo_gym.tuning.process import TuningProcess

from .gradients import clip_through


class Network(nn.Module):
    """A multilayer perceptron with ReLU.

    Args:
        sizes: From the observation to the configuration.
    """

    def __init__(self, sizes: list[int]) -> None:
        super().__init__()
        self.layers = [nn.Linear(*ends) for ends in pairwise(sizes)]
        for i, layer in enumerate(self.layers):
            self.add_module(f"layer_{i}", layer)
            nn.init.zeros_(layer.bias)
        with torch.no_grad():  # begin near the middle of the cube, away from its walls
            self.layers[-1].weight *= 0.1

    def forward(self, observations: Tensor) -> Tensor:
        """Unit configurations, (N, d), not clipped, of observations (N, size)."""
        first: Tensor = self.layers[0](observations)
        return self.after_first(first)

    def after_first(self, values: Tensor) -> Tensor:
        """What `forward` returns, given what the first layer returns, (N, hidden)."""
        for layer in self.layers[1:]:
            values = layer(torch.relu(values))
        return values


class Bank:
    """All tasks of a split as tensors.

    Args:
        family: The family.
        split: The split.
        metric: The primary metric.
    """

    def __init__(self, family: HashedBank, split: str, metric: str) -> None:
        columns = vars(family.bank(split))
        self._names = tuple(columns)
        self.size = family.sizes[split]
        _, best = family.best(split, np.arange(self.size), metric)
        # Side by side, so that one gather reads a task.
        self._block = torch.from_numpy(np.stack([*columns.values(), best], axis=1))

    def tasks(self, index: Tensor) -> tuple[Struct, Tensor]:
        """Parameters and best possible scores, columns (N,) float64, of tasks (N,) int64."""
        *columns, best = self._block[index].T.contiguous().unbind()
        return Struct(**dict(zip(self._names, columns, strict=True))), best


class Unrolled(NamedTuple):
    """What episodes of T evaluations gave."""

    regret: Tensor
    """(T, N) float64, noise-free normalised regret of each evaluation."""
    best_regret: Tensor
    """(T, N) float64, that of the incumbent."""
    excess: Tensor
    """() mean squared distance of the proposals to the unit cube."""
    units: Tensor
    """(T, N, d) the proposals, clipped into the cube."""


class _Incumbents(NamedTuple):
    """What is best by observed score so far; columns (N,), the unit configurations (N, d)."""

    unit: Tensor
    score: Tensor
    regret: Tensor

    def or_better(self, others: _Incumbents) -> _Incumbents:
        """The others where they are better; where they are not, these."""
        better = others.score > self.score
        return _Incumbents(
            torch.where(better[:, None], others.unit, self.unit),
            torch.where(better, others.score, self.score),
            torch.where(better, others.regret, self.regret),
        )


def unroll(
    network: Network,
    process: TuningProcess,
    tasks: tuple[Struct, Tensor],
    draws: Tensor,
    *,
    gradient_limit: float = float("inf"),
    whole: bool = False,
) -> Unrolled:
    """Run N episodes.

    Args:
        network: Proposes the configurations.
        process: Of an environment with action="propose", start="none", observation="history".
        tasks: Parameters and best possible scores as `Bank.tasks` returns them.
        draws: Uniforms of the observations' noise, (T, family.draws, N) float64.
        gradient_limit: Bound on each component of the loss's gradient to a configuration.
        whole: Round integer parameters, as the environment does.
    """
    encoder, first, xp = process.encoder, network.layers[0], Tensors()
    # The history's share of the first layer grows by one row a step: summed up, not recomputed.
    sizes = [encoder.summary_size, *[encoder.row_size] * encoder.rows]
    of_summary, *of_rows = torch.split(first.weight, sizes, dim=1)
    history_share: Tensor = first.bias
    like = first.weight.new_empty(draws.shape[-1])
    context = process.family.context_of(tasks[0], xp)
    summary = _joined(encoder.summary_of_nothing(xp, context), like)
    incumbents: _Incumbents | None = None
    regrets, best_regrets, units, excesses = [], [], [], []
    for step, of_row in enumerate(of_rows):
        raw = network.after_first(torch.addmm(history_share, summary, of_summary.T))
        excesses.append((raw - raw.detach().clamp(-1.0, 1.0)).square().sum(dim=1).mean())
        unit = clip_through(raw, -1.0, gradient_limit)
        features, score, regret = _evaluate(process, tasks, unit, draws[step], whole)
        others = _Incumbents(unit, score, regret)
        incumbents = others if incumbents is None else incumbents.or_better(others)
        unit_of, score_of = incumbents.unit, incumbents.score
        seen = encoder.summary(unit, features, unit_of, score_of, step + 1, xp, context)
        summary = _joined(seen, like)
        row = _joined(encoder.row(unit, features), like)
        history_share = history_share + row @ of_row.T
        units.append(unit)
        regrets.append(regret)
        best_regrets.append(incumbents.regret)
    excess = torch.stack(excesses).mean()
    return Unrolled(torch.stack(regrets), torch.stack(best_regrets), excess, torch.stack(units))


def _joined(groups: Iterable[Columns], like: Tensor) -> Tensor:
    """Groups of columns side by side, (N, size): blocks (N, k), or k columns.

    Args:
        groups: What the encoder gave.
        like: (N,) gives number of rows and dtype.
    """
    return torch.cat(
        [
            group.to(like.dtype)
            if isinstance(group, Tensor)
            else torch.stack([torch.as_tensor(c).to(like).expand_as(like) for c in group], dim=1)
            for group in groups
            if len(group)
        ],
        dim=1,
    )


def _evaluate(
    process: TuningProcess,
    tasks: tuple[Struct, Tensor],
    unit: Tensor,
    draws: Tensor,
    whole: bool,
) -> tuple[Tensor, Tensor, Tensor]:
    """Features (N, M) and observed score of unit configurations (N, d), and their regret."""
    family, metric = process.family, process.options.metric
    parameters, best_possible = tasks
    xp = Tensors()
    columns = unit.double().unbind(dim=1)
    scaled = process.space.scaled(columns, xp, relaxed=not whole)
    exact, seen = family.evaluate(parameters, scaled, process.problem.noise, draws.unbind(), xp)
    regret: Tensor = 1.0 - family.score(exact, metric, xp) / best_possible
    features = torch.stack(tuple(family.features(seen, xp)), dim=1)
    return features, family.score(seen, metric, xp), regret
