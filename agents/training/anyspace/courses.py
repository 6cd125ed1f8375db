"""How the training's tuning runs go: tasks, budgets, workers, starts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hpo_gym import rng
from hpo_gym.families.anyspace.functions import failed, snapped, values
from hpo_gym.sobol import sobol

from .bank import Bank
from .unroll import Course

SIZES = {1: 0.10, 2: 0.17, 3: 0.17, 4: 0.17, 5: 0.12, 6: 0.12, 8: 0.10, 12: 0.05}
"""Numbers of coordinates, and how often each is trained."""
BUDGETS = {4: 0.10, 8: 0.30, 16: 0.45, 24: 0.10, 32: 0.05}
WORKERS = {1: 0.75, 2: 0.10, 4: 0.10, 8: 0.05}
"""From 8 evaluations on; at most half of the budget."""
_STARTS, _START_OF = 0.2, 3
"""How often a start is given, and of how many random points it is the best."""


def choice(random: np.random.Generator, shares: dict[int, float]) -> int:
    """One of the keys, as often as their shares say."""
    return int(random.choice(list(shares), p=list(shares.values())))


def rows(budget: int, size: int, work: int) -> int:
    """Runs of a batch: those with many evaluations or coordinates are fewer."""
    return int(np.clip(work / (budget * (size + 2)), 64, 512))


def draw_course(
    tasks: Bank, budget: int, workers: int, hand_over: int, random: np.random.Generator
) -> Course:
    """A course for n tasks, with a start or without."""
    start = _start(tasks, random) if random.random() < _STARTS else None
    return course(tasks, budget, workers, start, hand_over, random)


def course(
    tasks: Bank,
    budget: int,
    workers: int,
    start: NDArray[np.float64] | None,
    hand_over: int,
    random: np.random.Generator,
) -> Course:
    """A course for n tasks; see `Course`."""
    n, size = tasks.layout.used.shape
    keys = random.integers(2**64, size=n, dtype=np.uint64)
    # Choices fill gaps as they are evaluated, numbers without their cells.
    uncut = tasks.layout._replace(cells=np.zeros_like(tasks.layout.cells))
    fillers = snapped(uncut, sobol(rng.derive(keys, 1), 0, budget, size))
    noise = random.standard_normal((n, budget))
    return Course(budget, workers, start, fillers, noise, hand_over)


def _start(tasks: Bank, random: np.random.Generator) -> NDArray[np.float64]:
    """Points (n, D) better than most, as the defaults of a library are."""
    n, size = tasks.layout.used.shape
    points = random.random((n, _START_OF, size))
    moved = snapped(tasks.layout, points)
    height = np.where(failed(tasks.functions, moved), -np.inf, values(tasks.functions, moved))
    return np.asarray(points[np.arange(n), height.argmax(axis=1)])
