"""Random functions on the unit cube: what a metric of a tuned model can look like, and worse.

A function is a sum of parts, each of which some tasks have and others do not:

- *waves*: a smooth random field of random Fourier features (Rahimi and Recht, "Random features for
  large-scale kernel machines", NeurIPS 2007), with a length for every parameter and, in half of
  the tasks, heavy-tailed frequencies;
- *bowl*: one best region, with weights, exponents and interactions of its own; in half of the
  tasks steeper on one side, as too large a learning rate is worse than too small a one;
- *ripples*: a cosine along every parameter;
- *cliff*: a fall behind a plane.

The sum is scaled so that the best possible is 1 and the median of random configurations 0. What is
missing to 1 is bent (a sharp peak, or a flat top), bounded at the bottom, ends in a plateau (as of
a classifier that predicts one class), and is rounded up to steps. Behind a second plane evaluations
can fail. A parameter can be irrelevant.

Coordinates are in [0, 1]. Numbers with cells are moved to the middle of theirs; of the coordinates
of a choice the largest becomes 1, the others 0. Arrays are of NumPy or of torch, whose gradients
pass straight through cells and steps, and not through choices (see `snapped`).
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hpo_gym import rng
from hpo_gym.arrays import Vectors
from hpo_gym.arrays.library import library_of
from hpo_gym.arrays.namespace import is_tensor

WAVES = 24
"""Number of Fourier features."""

_SMALL = 1e-4
"""What keeps the bowl smooth at its bottom."""


class Layout(NamedTuple):
    """What the D coordinates of n tasks are."""

    cells: Any
    """(n, D) number of equal cells of an integer; 0 for a float and for choices."""
    group: Any
    """(n, D) number of the choice that a coordinate belongs to, from 1; 0 for numbers."""
    used: Any
    """(n, D) 1 where there is a coordinate, 0 for padding."""

    @property
    def groups(self) -> int:
        """The largest number of choices."""
        return int(self.group.max())


class Functions(NamedTuple):
    """Parameters of n functions of D coordinates, see the module."""

    frequency: Any
    """(n, WAVES, D)"""
    phase: Any
    """(n, WAVES)"""
    amplitude: Any
    """(n, WAVES)"""
    centre: Any
    """(n, D)"""
    weight: Any
    """(n, D)"""
    lean: Any
    """(n, D) factor of the weight beyond the centre."""
    exponent: Any
    """(n, D)"""
    mixing: Any
    """(n, D, D) interactions."""
    ripple: Any
    """(n, D)"""
    ripples: Any
    """(n, D) how many."""
    cliff: Any
    """(n, D) normal of the plane."""
    cliff_at: Any
    """(n,)"""
    cliff_steep: Any
    """(n,)"""
    cliff_height: Any
    """(n,)"""
    failing: Any
    """(n, D) normal of the plane behind which evaluations fail."""
    failing_at: Any
    """(n,)"""
    bend: Any
    """(n,) exponent of what is missing to the best."""
    bound: Any
    """(n,) how far values can fall below the median of random configurations."""
    plateau_share: Any
    """(n,) share of random configurations that lie on the plateau."""
    steps: Any
    """(n,) steps between the median and the best; 0 for none."""
    noise: Any
    """(n,) standard deviation of the observations, relative to the scale."""
    best: Any
    """(n,) best possible height."""
    scale: Any
    """(n,) best possible height less the median of random configurations."""
    plateau: Any
    """(n,) what is missing to the best on the plateau; infinite without one."""


class _Draws:
    """Arrays of random numbers of n keys, one stream after the other."""

    def __init__(self, keys: NDArray[np.uint64]) -> None:
        self._keys, self._streams = keys, 0

    def _next(self) -> Any:
        self._streams += 1
        return rng.derive(self._keys, self._streams)

    def uniform(self, low: float, high: float, *shape: int) -> NDArray[np.float64]:
        """(n, *shape) uniforms."""
        columns = rng.uniforms(self._next(), math.prod(shape))
        block = np.stack(columns, axis=1).reshape(-1, *shape)
        return low + (high - low) * block

    def normal(self, *shape: int) -> NDArray[np.float64]:
        """(n, *shape) standard normals."""
        columns = rng.normals(self._next(), math.prod(shape), Vectors())
        return np.stack(columns, axis=1).reshape(-1, *shape)

    def happens(self, probability: float, *shape: int) -> NDArray[np.bool_]:
        """(n, *shape) events."""
        return self.uniform(0.0, 1.0, *shape) < probability


def draw(keys: NDArray[np.uint64], layout: Layout) -> Functions:
    """Functions by their keys, not yet scaled: see `scaling.scaled`.

    Args:
        keys: (n,) uint64.
        layout: Of the n tasks.
    """
    draws, size = _Draws(keys), layout.used.shape[1]
    count = np.maximum(layout.used.sum(axis=1, keepdims=True), 1.0)
    irrelevant = draws.happens(0.2, size) & ~(draws.happens(0.3, 1))
    first = _first_of_choice(layout)  # a choice is relevant or not as a whole
    relevant = layout.used * ~np.take_along_axis(irrelevant, first, axis=1)
    # One parameter at least matters.
    none = relevant.sum(axis=1, keepdims=True) == 0
    relevant = np.where(none, layout.used, relevant)

    length = np.exp(draws.uniform(np.log(0.2), np.log(2.5), size))
    heavy = draws.happens(0.5, 1, 1)
    normal = draws.normal(WAVES, size)
    ratio = normal / np.sqrt(draws.uniform(0.1, 1.0, WAVES, 1))
    frequency = np.where(heavy, ratio, normal) * (relevant / length / count**0.25)[:, None]
    shape = draws.uniform(0.0, 1.0, 1)
    share = draws.uniform(0.0, 0.6, 1)
    waves = np.where(shape < 0.3, 1.0, np.where(shape < 0.6, 0.0, share))
    bowl = np.where(shape < 0.3, 0.0, 1.0)

    weight = bowl * np.exp(0.8 * draws.normal(size)) * relevant
    leaning = draws.happens(0.5, 1)
    lean = np.where(leaning, np.exp(draws.normal(size)), 1.0)
    interacting = draws.happens(0.5, 1, 1)
    mixing = 0.6 * draws.normal(size, size) * interacting
    pairs = relevant[:, :, None] * relevant[:, None]
    mixing = np.eye(size) + mixing * pairs

    rippled = draws.happens(0.15, 1)
    ripple = rippled * relevant * draws.uniform(0.02, 0.3, 1) * np.ones((1, size))
    cliff = _direction(draws, relevant)
    steep = np.exp(draws.uniform(np.log(3.0), np.log(60.0)))
    height = -np.log1p(-draws.uniform(0.0, 1.0)) * draws.happens(0.4)
    failing = _direction(draws, relevant)
    reach = 0.5 * np.abs(failing).sum(axis=1)
    fails = draws.happens(0.15)
    bent, bounded = draws.happens(0.5), draws.happens(0.6)
    stepped, flat = draws.happens(0.25), draws.happens(0.3)
    n = len(keys)
    return Functions(
        frequency=3.0 * frequency,
        phase=draws.uniform(0.0, 2.0 * np.pi, WAVES),
        amplitude=waves * draws.normal(WAVES) * math.sqrt(2.0 / WAVES),
        centre=draws.uniform(0.0, 1.0, size),
        weight=weight,
        lean=lean,
        exponent=draws.uniform(1.0, 2.5, size),
        mixing=mixing,
        ripple=ripple,
        ripples=np.rint(draws.uniform(1.0, 6.0, size)),
        cliff=cliff,
        cliff_at=draws.uniform(-0.4, 0.6) * 0.5 * np.abs(cliff).sum(axis=1),
        cliff_steep=steep,
        cliff_height=2.0 * height,
        failing=failing,
        failing_at=np.where(fails, draws.uniform(0.1, 0.7) * reach, np.inf),
        bend=np.where(bent, np.exp(draws.uniform(np.log(0.5), np.log(2.0))), 1.0),
        bound=np.where(bounded, np.exp(draws.uniform(np.log(0.2), np.log(5.0))), 20.0),
        plateau_share=np.where(flat, draws.uniform(0.1, 0.7), 0.0),
        steps=np.where(stepped, np.rint(np.exp(draws.uniform(np.log(4.0), np.log(60.0)))), 0.0),
        noise=np.where(draws.happens(0.4), 0.0, 10.0 ** draws.uniform(-3.0, -1.0)),
        best=np.zeros(n),
        scale=np.ones(n),
        plateau=np.full(n, np.inf),
    )


def _first_of_choice(layout: Layout) -> NDArray[np.int64]:
    """(n, D) place of the first coordinate of the same choice; of itself for a number."""
    same = (layout.group[:, :, None] == layout.group[:, None]) & (layout.group[:, :, None] > 0)
    same |= np.eye(layout.group.shape[1], dtype=bool)
    return np.asarray(np.argmax(same, axis=2))


def _direction(draws: _Draws, relevant: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, D) normals of planes, of length 1, along some of the relevant coordinates."""
    size = relevant.shape[1]
    normal = draws.normal(size) * draws.happens(0.6, size) * relevant
    length = np.linalg.norm(normal, axis=1, keepdims=True)
    return np.asarray(normal / np.maximum(length, 1e-6))


def snapped(layout: Layout, points: Any) -> Any:
    """Points (n, m, D) of [0, 1] as they are evaluated.

    Gradients of torch tensors pass as if numbers had not been moved, and not through choices: the
    slope beside a corner of the cube says nothing of the other corners.
    """
    lib = library_of(points)
    where = lib.asarray(layout.cells)[:, None]
    cells = lib.clip(where, 1.0, None)
    middle = (lib.clip(lib.floor(points * cells), lib.zeros_like(cells), cells - 1.0) + 0.5) / cells
    moved = lib.where(where > 0.0, middle, points)
    group = lib.asarray(layout.group)[:, None]
    for number in range(1, layout.groups + 1):
        member = group == number
        value = lib.where(member, points, -1.0)
        size = points.shape[-1]
        largest = value.argmax(-1)[..., None] == lib.arange(size)
        moved = lib.where(member, lib.where(largest, 1.0, 0.0), moved)
    if is_tensor(points) and points.requires_grad:
        return lib.where(group > 0, moved.detach(), points + (moved - points).detach())
    return moved


def values(functions: Functions, points: Any) -> Any:
    """Noise-free values (n, m) of snapped points (n, m, D), 1 for the best possible."""
    f, lib = functions, library_of(points)
    missing = lib.clip(missing_of(f, heights(f, points)), 0.0, None)
    steps = f.steps[:, None]
    grid = lib.clip(steps, 1.0, None)
    whole = lib.ceil(missing * grid - 1e-3) / grid
    if is_tensor(missing):
        whole = missing + (whole - missing).detach()
    return 1.0 - lib.where(steps > 0.0, whole, missing)


def missing_of(f: Functions, height: Any) -> Any:
    """What heights (n, m) are missing to the best possible: monotone, 0 at the best."""
    lib = library_of(height)
    missing = lib.clip((f.best[:, None] - height) / f.scale[:, None], 0.0, None)
    bent = lib.clip(missing, 1e-12, None) ** f.bend[:, None]
    bound = f.bound[:, None]
    below = 1.0 + bound * lib.tanh((lib.clip(bent, 1.0, None) - 1.0) / bound)
    bent = lib.where(bent > 1.0, below, bent)
    plateau = f.plateau[:, None]
    # With more than half of the cube on the plateau, the plateau is the median.
    return lib.minimum(bent, plateau) / lib.clip(plateau, None, 1.0)


def failed(functions: Functions, points: Any) -> Any:
    """(n, m) whether evaluations of snapped points fail."""
    side = ((points - 0.5) * functions.failing[:, None]).sum(-1)
    return side > functions.failing_at[:, None]


def heights(f: Functions, points: Any) -> Any:
    """Unscaled sums (n, m) of the parts at snapped points (n, m, D)."""
    lib = library_of(points)
    angle = points @ lib.swapaxes(f.frequency, 1, 2) + f.phase[:, None]
    value = (lib.cos(angle) * f.amplitude[:, None]).sum(-1)
    away = (points - f.centre[:, None]) @ lib.swapaxes(f.mixing, 1, 2)
    side = lib.where(away > 0.0, f.lean[:, None], 1.0)
    depth = (away * away + _SMALL) ** (0.5 * f.exponent[:, None])
    value = value - 2.0 * (f.weight[:, None] * side * depth).sum(-1)
    turns = 2.0 * math.pi * f.ripples[:, None] * (points - f.centre[:, None])
    value = value + (f.ripple[:, None] * lib.cos(turns)).sum(-1)
    beyond = ((points - 0.5) * f.cliff[:, None]).sum(-1) - f.cliff_at[:, None]
    steepness = lib.clip(f.cliff_steep[:, None] * beyond, -40.0, 40.0)
    return value - f.cliff_height[:, None] / (1.0 + lib.exp(-steepness))
