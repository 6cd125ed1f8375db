"""The fictitious family: tasks drawn around the notebook's model.

Drawn are quantities that a plot shows, and the constants of the notebook's equations are solved
from them. An accuracy or loss curve changes by c log10(u)^2, with u = 1 - q (x - peak) linear in
its input and 1 at the peak. Given the peak and the relative changes at both ends of the range, q is
the one root of

    log10(1 + q (peak - low))^2 / log10(1 - q (high - peak))^2 = change_low / change_high

on (-1 / (peak - low), 1 / (high - peak)), found by bisection; then c follows. U(a, b) is uniform:

- Precision(thr): midpoint m in U(0.05, 0.75), slope 10^U(0.7, 1.5), floor U(0, 0.4), top 1;
  Recall(thr): midpoint m + U(-0.05, 0.4), slope 10^U(0.7, 1.5).
- Accuracy(epochs): peak U(15, 99), relative drop U(0.005, 0.75) at 0, U(0.005, 0.3) at 100 epochs;
  Accuracy(lr): peak of log10 lr U(-3.5, 0.5), drops U(0.02, 0.6) at -4 and at 0.8. The peak of
  their product is U(0.7, 1).
- Loss(epochs) = (1 - w) + w exp(-k epochs), w in U(0.3, 0.95), k = 10^U(-1.6, -0.9);
  Loss(lr) is 1 at its best, log10 lr = peak of the accuracy + 0.5 + 0.4 N(0, 1) clipped to
  [-3.7, 0.6], and rises by U(0.02, 0.5) at both ends. So the loss is 1 before training, at the
  best lr: its scale carries no information.
- Standard deviation of the noise: 0 with probability 0.1, else 10^U(-3, -1.5).

The split "shifted" draws from outside: a third of its tasks each has its epoch peak in U(4, 15),
its lr peak in U(-3.9, -3.5), or both slopes in 10^U(1.5, 1.8).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpo_gym import rng
from hpo_gym.arrays import Column, Columns, Namespace, Struct, Vectors
from hpo_gym.families.bank import HashedBank
from hpo_gym.families.classifier import Z
from hpo_gym.families.fictitious import optimum as fictitious_optimum
from hpo_gym.families.fictitious.notebook import CONSTANTS, FictitiousEquations, NotebookFamily
from hpo_gym.families.optima import FloatArray, Optima

_XP = Vectors()
_EPOCHS = (0.0, 100.0)
_LEAST_DEVIATION = 1e-3


class FictitiousFamily(HashedBank, FictitiousEquations):
    """Fictitious models, drawn as the module's text says; every task has its own noise."""

    name = "fictitious"
    key_name = "fictitious-family"
    noise = None
    sizes = HashedBank.sizes | {"shifted": 4096}
    parameter_names = (*CONSTANTS, "noise")

    def with_model(self, constants: Mapping[str, Any]) -> Struct:
        """The notebook's model with other values for some constants, without noise of its own."""
        model = NotebookFamily().with_model(constants)
        return Struct(**asdict(model), noise=0.0)

    def solve(self, parameters: Any, metric: str) -> Optima:
        """Three one-dimensional problems a task; the error of the score is below 1e-9."""
        scaled = fictitious_optimum.best_of_many(parameters, metric)
        score = self.true_score(parameters, scaled, metric, _XP)
        return Optima(np.stack(scaled), np.array(score))

    def log_likelihood(
        self, parameters: Any, scaled: Columns, observed: Columns, xp: Namespace
    ) -> Column:
        """Of precision, recall, accuracy and loss, taken as normal: clipping is left out.

        The deviation of exact tasks is taken as 0.001.
        """
        exact = self.noiseless(parameters, scaled, xp)
        deviation = xp.maximum(parameters.noise, _LEAST_DEVIATION)
        precision, recall, loss, accuracy, _ = exact
        total = -4.0 * np.log(deviation) - np.log(loss)
        for seen, value, scale in (
            (observed[0], precision, deviation),
            (observed[1], recall, deviation),
            (observed[2], loss, deviation * loss),
            (observed[3], accuracy, deviation),
        ):
            error = (seen - value) / scale
            total = total - 0.5 * (error * error)
        return total

    def draw(self, split: str, keys: NDArray[np.uint64]) -> dict[str, FloatArray]:
        """Constants and noise of the tasks with these keys."""
        draws = iter(rng.uniforms(keys, 20))

        def uniform(low: Any, high: Any) -> FloatArray:
            return np.asarray(low + (high - low) * next(draws))

        kind = np.floor(3.0 * next(draws)) if split == "shifted" else np.full(len(keys), -1.0)
        steep = kind == 2.0
        slopes = np.where(steep, 1.5, 0.7), np.where(steep, 1.8, 1.5)
        middle = uniform(0.05, 0.75)
        precision_slope, floor = 10.0 ** uniform(*slopes), uniform(0.0, 0.4)
        recall_middle, recall_slope = middle + uniform(-0.05, 0.4), 10.0 ** uniform(*slopes)
        early, left = kind == 0.0, kind == 1.0
        epochs_peak = uniform(np.where(early, 4.0, 15.0), np.where(early, 15.0, 99.0))
        epochs_curve = _curve(epochs_peak, _EPOCHS, uniform(0.005, 0.75), uniform(0.005, 0.3))
        lr_peak = uniform(np.where(left, -3.9, -3.5), np.where(left, -3.5, 0.5))
        lr_curve = _curve(lr_peak, Z, uniform(0.02, 0.6), uniform(0.02, 0.6))
        accuracy, weight = uniform(0.7, 1.0), uniform(0.3, 0.95)
        decay = 10.0 ** uniform(-1.6, -0.9)
        (normal,) = rng.normals(rng.derive(keys, rng.TASK), 1, _XP)
        loss_peak = np.clip(lr_peak + 0.5 + 0.4 * normal, -3.7, 0.6)
        loss_curve = _curve(loss_peak, Z, uniform(0.02, 0.5), uniform(0.02, 0.5))
        exact, noise = next(draws) < 0.1, 10.0 ** uniform(-3.0, -1.5)
        one = np.ones(len(keys))
        return {
            **{"k_accuracy": accuracy, "k_precision": one, "k_recall": one, "k_loss": one},
            "precision_floor": floor,
            "precision_amplitude": 1.0 - floor,
            "precision_offset": np.exp(precision_slope * middle),
            "precision_slope": precision_slope,
            "recall_offset": np.exp(-recall_slope * recall_middle),
            "recall_slope": recall_slope,
            "loss_epochs_floor": 1.0 - weight,
            "loss_epochs_amplitude": weight,
            "loss_epochs_decay": decay,
            "accuracy_epochs_peak": one,
            **_named("accuracy_epochs", epochs_curve),
            "loss_lr_floor": one,
            **_named("loss_lr", loss_curve),
            "accuracy_lr_peak": one,
            **_named("accuracy_lr", lr_curve),
            "noise": np.where(exact, 0.0, noise),
        }


def _named(curve: str, constants: tuple[FloatArray, ...]) -> dict[str, FloatArray]:
    names = (f"{curve}_{name}" for name in ("curvature", "intercept", "slope"))
    return dict(zip(names, constants, strict=True))


def _curve(
    peak: FloatArray, ends: tuple[float, float], low_change: FloatArray, high_change: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Curvature, intercept and slope of the curve with these changes at both ends.

    Args:
        peak: Where the curve has its best value, (n,), between the ends.
        ends: The range.
        low_change: Relative change at the lower end, (n,).
        high_change: Relative change at the upper end, (n,).
    """
    below, above = peak - ends[0], ends[1] - peak
    ratio = np.sqrt(low_change / high_change)
    # With |q| > 0 the curve is steeper on the side where u falls: the lower one if q < 0.
    lower = ratio > below / above
    near, far = np.where(lower, below, above), np.where(lower, above, below)
    steepness = np.where(lower, ratio, 1.0 / ratio)
    # Bisection on the logarithm of u at the near end: -log u = steepness log(1 + |q| far).
    low, high = np.full_like(peak, -60.0), np.zeros_like(peak)
    for _ in range(70):
        log_u = 0.5 * (low + high)
        size = -np.expm1(log_u) / near
        beyond = -log_u > steepness * np.log1p(size * far)
        low, high = np.where(beyond, log_u, low), np.where(beyond, high, log_u)
    slope = np.where(lower, -size, size)
    logarithm = np.log10(1.0 + slope * below)
    return low_change / (logarithm * logarithm), 1.0 + slope * peak, slope
