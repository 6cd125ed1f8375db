"""Whole tuning runs, differentiable from the weights to the regrets.

What the network is shown of a history is computed in NumPy, by the code that the tuner itself runs;
gradients pass through the scores and the points that stand in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from agents.training.gradients import clip_through
from hpo_gym.policies.anyspace import features, network, surrogate
from hpo_gym.policies.anyspace.policy import Extend
from hpo_gym.policies.anyspace.scores import standardised

LOST = 1.5
"""Regret before any evaluation has succeeded; that of the median is 1."""


class Evaluated(NamedTuple):
    """What evaluations gave."""

    points: Tensor
    """(n, D) in [0, 1], as they were evaluated."""
    score: Tensor
    """(n,) as observed; -inf if it failed."""
    true: Tensor
    """(n,) 1 less the noise-free regret."""


class Tasks(Protocol):
    """n tasks on which runs are unrolled."""

    @property
    def kinds(self) -> features.Coordinates:
        """What their coordinates are."""

    def evaluator(self, noise: NDArray[np.float64]) -> Callable[[Tensor, int], Evaluated]:
        """A function of points (n, D) and of the number of the evaluation, differentiable.

        Args:
            noise: That of the course.
        """


class Course(NamedTuple):
    """How the runs of a batch go."""

    budget: int
    workers: int
    """An evaluation's score is known when `workers` - 1 later ones have begun."""
    start: NDArray[np.float64] | None
    """(n, D) a first configuration that is given, or None."""
    fillers: NDArray[np.float64]
    """(n, budget, D) points that fill gaps."""
    noise: NDArray[np.float64]
    """(n, budget) or (n, budget, k) numbers, of which the tasks make the noise."""
    hand_over: int
    """Evaluations after which the surrogate takes over."""


class Unrolled(NamedTuple):
    """What runs gave."""

    regret: Tensor
    """(budget, n) that of the incumbent."""
    excess: Tensor
    """() mean squared distance of the proposals to the cube."""


def tensors(record: Any) -> Any:
    """A record of arrays as one of tensors."""
    if isinstance(record, tuple):
        return type(record)(*[tensors(part) for part in record])
    tensor = torch.from_numpy(np.ascontiguousarray(record))
    return tensor.float() if tensor.dtype == torch.float64 else tensor


def unroll(
    weights: Mapping[str, Tensor],
    tasks: Tasks,
    course: Course,
    gradient_limit: float,
    extend: Extend | None = None,
) -> Unrolled:
    """Run n tuning runs.

    Args:
        weights: Of the network.
        tasks: n tasks.
        course: How the runs go.
        gradient_limit: Bound on each component of the loss's gradient to a configuration.
        extend: Adds to what the network reads.
    """
    n, budget, size = course.fillers.shape
    evaluate = tasks.evaluator(course.noise)
    model = surrogate.prior(n, size)
    points, scores = torch.zeros(n, 0, size), torch.zeros(n, 0)
    best_true, best_seen = torch.full((n,), 1.0 - LOST), torch.full((n,), -torch.inf)
    regrets, excesses, fitted_to = [], [], 0
    for step in range(budget):
        known = max(step - course.workers + 1, 0)
        seen_scores = scores.detach().double().numpy().copy()
        seen_scores[:, known:] = np.nan
        places = points.detach().double().numpy()
        for last in range(fitted_to + 1, known + 1):
            told = standardised(seen_scores[:, :last])[0]
            model = surrogate.fitted(model, places[:, :last], told)
        fitted_to = known
        if step == 0 and course.start is not None:
            point = tensors(course.start)
        elif step >= course.hand_over:
            seen = features.gathered(
                model,
                places,
                seen_scores,
                standardised(seen_scores),
                course.fillers[:, step],
                tasks.kinds,
            )
            point = tensors(seen.guesses.points[:, 0])
        else:
            history = _History(points, scores, places, seen_scores, model)
            raw = _proposal(weights, history, course, step, tasks.kinds, extend)
            inside = raw.detach().clamp(0.0, 1.0)
            excesses.append((raw - inside).square().mean())
            point = clip_through(raw, 0.0, gradient_limit)
        moved, score, true = evaluate(point, step)
        better = score.detach() > best_seen
        best_true = torch.where(better, true, best_true)
        best_seen = torch.where(better, score.detach(), best_seen)
        points = torch.cat([points, moved[:, None]], dim=1)
        scores = torch.cat([scores, score[:, None]], dim=1)
        regrets.append(1.0 - best_true)
    return Unrolled(torch.stack(regrets), torch.stack(excesses).mean())


class _History(NamedTuple):
    """What is known in the middle of n runs."""

    points: Tensor
    """(n, t, D)"""
    scores: Tensor
    """(n, t)"""
    places: NDArray[np.float64]
    """The points, in NumPy."""
    seen_scores: NDArray[np.float64]
    """The scores, in NumPy, NaN where they are not known yet."""
    model: surrogate.Model


def _proposal(
    weights: Mapping[str, Tensor],
    history: _History,
    course: Course,
    step: int,
    coordinates: features.Coordinates,
    extend: Extend | None = None,
) -> Tensor:
    """The network's next points (n, D), not clipped."""
    points, scores, places, seen_scores, model = history
    kinds, filler = tensors(coordinates), tensors(course.fillers[:, step])
    if step == 0:
        query = features.queries(points, None, filler, kinds, course.budget, torch)
        start: Tensor = network.proposal(weights, None, query, kinds.together, torch)
        return start
    standard = standardised(seen_scores)
    gathered = features.gathered(
        model, places, seen_scores, standard, course.fillers[:, step], coordinates
    )
    seen = tensors(gathered)
    told = torch.where(seen.told, scores, scores.new_zeros(()))
    # The standardised scores, with the gradient of the scores themselves.
    values = seen.values + (told - told.detach()) / seen.deviation
    tokens = features.tokens(points, values, seen, filler, kinds, torch)
    query = features.queries(points, seen, filler, kinds, course.budget, torch)
    if extend is not None:
        tokens, query = extend(tokens, query, told, seen)
    answer: Tensor = network.proposal(weights, tokens, query, kinds.together, torch)
    return answer
