"""The fictitious model as an object: its constants, curves, domain and optimum.

The equations and their source are in `hpo_gym.families.fictitious.equations`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from hpo_gym.arrays import Column, Namespace, Vectors, is_tensor, namespace_of
from hpo_gym.families.classifier import Metrics
from hpo_gym.families.fictitious import equations as curves
from hpo_gym.families.fictitious import optimum as fictitious_optimum
from hpo_gym.families.fictitious.equations import equations
from hpo_gym.parameters import finite_number


class Optimum(NamedTuple):
    """The best configuration of the search space and what it reaches."""

    thr: float
    epochs: int
    lr: float
    value: float
    metrics: Metrics


@dataclass(frozen=True)
class FictitiousModel:
    """One task: every constant of the notebook's equations, with the notebook's values.

    A model is admissible if its equations exist over the whole search space (thr in [0, 1],
    epochs 1..100, lr in [1e-4, 10^0.8]) and its precision, recall and accuracy stay in [0, 1] and
    its loss in [0, 1e100] there. So that no result overflows or vanishes, accuracy and the best F1
    must reach 1e-12, scale factors lie in [1e-12, 1e12], offsets are positive with
    |ln offset| + |slope| <= 600, and the other constants lie in [-1e12, 1e12]. Slopes may have
    either sign or be 0.

    Attributes:
        k_accuracy: Scale factor of the accuracy.
        k_precision: Scale factor of the precision.
        k_recall: Scale factor of the recall.
        k_loss: Scale factor of the loss.
        precision_floor: Lower asymptote of Precision(thr), >= 0.
        precision_amplitude: Upper minus lower asymptote of Precision(thr), >= 0.
        precision_offset: Factor of the exponential in Precision(thr).
        precision_slope: Slope of Precision(thr), per unit of threshold; it rises if > 0.
        recall_offset: Factor of the exponential in Recall(thr).
        recall_slope: Slope of Recall(thr), per unit of threshold; it falls if > 0.
        loss_epochs_floor: Loss(epochs) after infinitely many epochs.
        loss_epochs_amplitude: Loss(epochs) at 0 epochs, above the floor.
        loss_epochs_decay: Decay of Loss(epochs), per epoch, > -6.
        accuracy_epochs_peak: Accuracy(epochs) at its peak.
        accuracy_epochs_curvature: Drop per squared decade of the logarithm's argument.
        accuracy_epochs_intercept: The logarithm's argument at 0 epochs.
        accuracy_epochs_slope: Decrease of the logarithm's argument, per epoch.
        loss_lr_floor: Loss(lr) at its best.
        loss_lr_curvature: Rise per squared decade of the logarithm's argument.
        loss_lr_intercept: The logarithm's argument at lr = 1.
        loss_lr_slope: Decrease of the logarithm's argument, per decade of lr.
        accuracy_lr_peak: Accuracy(lr) at its peak.
        accuracy_lr_curvature: Drop per squared decade of the logarithm's argument.
        accuracy_lr_intercept: The logarithm's argument at lr = 1.
        accuracy_lr_slope: Decrease of the logarithm's argument, per decade of lr.

    Raises:
        ValueError: The constants are not admissible; the message names the reason.
    """

    k_accuracy: float = 1.0
    k_precision: float = 1.0
    k_recall: float = 1.0
    k_loss: float = 1.0
    precision_floor: float = 0.1
    precision_amplitude: float = 0.9
    precision_offset: float = 5000.0
    precision_slope: float = 20.0
    recall_offset: float = 1e-5
    recall_slope: float = 20.0
    loss_epochs_floor: float = 3.0
    loss_epochs_amplitude: float = 7.0
    loss_epochs_decay: float = 0.05
    accuracy_epochs_peak: float = 0.95
    accuracy_epochs_curvature: float = 3.0
    accuracy_epochs_intercept: float = 3.0
    accuracy_epochs_slope: float = 0.025
    loss_lr_floor: float = 0.6
    loss_lr_curvature: float = 1.0
    loss_lr_intercept: float = 0.9
    loss_lr_slope: float = 1.0
    accuracy_lr_peak: float = 0.98
    accuracy_lr_curvature: float = 1.0
    accuracy_lr_intercept: float = 0.7
    accuracy_lr_slope: float = 0.5

    def __post_init__(self) -> None:
        """Refuse constants that leave the model undefined or its metrics out of range."""
        for field in fields(self):  # NumPy's numbers would reach infos and descriptions
            number = finite_number(field.name, getattr(self, field.name))
            object.__setattr__(self, field.name, number)
        fictitious_optimum.check_admissible(self)

    @classmethod
    def from_constants(cls, constants: Mapping[str, Any]) -> FictitiousModel:
        """A model from a mapping of constants; the others keep the notebook's values.

        Raises:
            ValueError: A key is not a constant of the model, or the model is not admissible.
        """
        known = [field.name for field in fields(cls)]
        unknown = sorted(set(map(str, constants)) - set(known))
        if unknown:
            raise ValueError(f"unknown constants {unknown} of the fictitious model; known: {known}")
        return cls(**constants)

    def evaluate(self, thr: Any, epochs: Any, lr: Any) -> Metrics:
        """Metrics of configurations; inputs broadcast against each other.

        Python numbers give floats; arrays and lists give float64 arrays. Where a torch tensor is
        among the inputs, all fields are tensors of the inputs' broadcast shape and of the tensors'
        dtype and device, through which gradients flow. Epochs may be fractional.

        Args:
            thr: Decision threshold in [0, 1].
            epochs: Epochs, from 0 to below 120 (with the notebook's constants).
            lr: Learning rate, above 0 and below 10^0.9 (with the notebook's constants).

        Raises:
            ValueError: An input is not a number, is NaN or lies outside the equations' domain.

        Example:
            >>> metrics = FictitiousModel().evaluate(0.5, 50, 0.01)
            >>> round(metrics.f1, 9)
            0.591976904
        """
        xp, (thr, epochs, lr) = _inputs(thr=thr, epochs=epochs, lr=lr)
        _check_thr(thr)
        self._check_epochs(epochs)
        return Metrics(*equations(self, (thr, epochs, self._checked_log10(lr, xp)), xp))

    def precision_curve(self, thr: Any) -> Column:
        """Precision(thr), before scale factor and accuracy; inputs as in `evaluate`."""
        xp, (thr,) = _inputs(thr=thr)
        _check_thr(thr)
        return curves.precision_thr(self, thr, xp)

    def recall_curve(self, thr: Any) -> Column:
        """Recall(thr), before scale factor and accuracy."""
        xp, (thr,) = _inputs(thr=thr)
        _check_thr(thr)
        return curves.recall_thr(self, thr, xp)

    def loss_epochs_curve(self, epochs: Any) -> Column:
        """Loss(epochs), before scale factor and Loss(lr)."""
        xp, (epochs,) = _inputs(epochs=epochs)
        self._check_epochs(epochs)
        return curves.loss_epochs(self, epochs, xp)

    def accuracy_epochs_curve(self, epochs: Any) -> Column:
        """Accuracy(epochs), before scale factor and Accuracy(lr)."""
        xp, (epochs,) = _inputs(epochs=epochs)
        self._check_epochs(epochs)
        return curves.accuracy_epochs(self, epochs, xp)

    def loss_lr_curve(self, lr: Any) -> Column:
        """Loss(lr), before scale factor and Loss(epochs)."""
        xp, (lr,) = _inputs(lr=lr)
        return curves.loss_lr(self, self._checked_log10(lr, xp), xp)

    def accuracy_lr_curve(self, lr: Any) -> Column:
        """Accuracy(lr), before scale factor and Accuracy(epochs)."""
        xp, (lr,) = _inputs(lr=lr)
        return curves.accuracy_lr(self, self._checked_log10(lr, xp), xp)

    def _check_epochs(self, epochs: Column) -> None:
        low, high = self.epochs_domain
        # 0 epochs belong to the domain, unless the logarithm's argument only begins there.
        closed = self.accuracy_epochs_intercept > 0.0
        inside = ((epochs >= low) if closed else (epochs > low)) & (epochs < high)
        bounds = f"{'[' if closed else '('}{low:g}, {high:g})"
        _check("epochs", epochs, inside, f"outside {bounds}")
        argument = self.accuracy_epochs_intercept - self.accuracy_epochs_slope * epochs
        _check("epochs", epochs, argument > 0.0, f"too near an end of {bounds}")

    def _checked_log10(self, lr: Column, xp: Namespace) -> Column:
        """log10(lr), after checks of lr."""
        low, high = self.lr_domain
        bounds = f"({low:g}, {high:g})"
        _check("lr", lr, (lr > low) & (lr < high), f"outside {bounds}")
        z = xp.log10(lr)
        inside = (self.loss_lr_intercept - self.loss_lr_slope * z > 0.0) & (
            self.accuracy_lr_intercept - self.accuracy_lr_slope * z > 0.0
        )
        _check("lr", lr, inside, f"too near an end of {bounds}")
        return z

    @property
    def epochs_domain(self) -> tuple[float, float]:
        """Epochs from 0 on for which the equations exist and stay finite."""
        low, high = _positive_range(self.accuracy_epochs_intercept, self.accuracy_epochs_slope)
        if self.loss_epochs_decay < 0.0:
            high = min(high, fictitious_optimum.LARGEST_EXPONENT / -self.loss_epochs_decay)
        return max(0.0, low), min(high, 1e100)

    @property
    def lr_domain(self) -> tuple[float, float]:
        """Open interval of learning rates on which the equations exist."""
        first = _positive_range(self.loss_lr_intercept, self.loss_lr_slope)
        second = _positive_range(self.accuracy_lr_intercept, self.accuracy_lr_slope)
        low, high = max(first[0], second[0]), min(first[1], second[1])
        return float(10.0 ** max(low, -400.0)), float(10.0 ** min(high, 300.0))

    @cached_property
    def epoch_table(self) -> Any:
        """What the epochs contribute to accuracy and loss at 0..100 epochs, (101, 2) float64.

        Environments evaluate whole epochs only, so that these two need no exp or log per step.
        """
        epochs = np.arange(101.0)
        epochs[0] = 1.0  # never used: the search space starts at 1
        return np.stack(curves.epoch_terms(self, epochs, Vectors()), axis=1)

    def optimum(self, metric: str = "f1") -> Optimum:
        """The best configuration of the search space, by three one-dimensional problems.

        Epochs are whole. The error of the value is below 1e-9 for every admissible model.

        Args:
            metric: "f1" or "accuracy" (maximised), or "loss" (minimised).

        Raises:
            ValueError: The metric has no optimum here.
        """
        thrs, zs, values = fictitious_optimum.frontier(self, metric)
        row = int(values.argmin() if metric == "loss" else values.argmax())
        thr, epochs, z = float(thrs[row]), row + 1.0, float(zs[row])
        metrics = Metrics(*equations(self, (thr, epochs, z), namespace_of(thr)))
        return Optimum(thr, int(epochs), 10.0**z, getattr(metrics, metric), metrics)


def _positive_range(intercept: float, slope: float) -> tuple[float, float]:
    """Open interval of x on which intercept - slope x > 0."""
    if slope == 0.0:
        return -np.inf, np.inf
    root = intercept / slope
    return (-np.inf, root) if slope > 0.0 else (root, np.inf)


def _inputs(**values: Any) -> tuple[Namespace, Any]:
    """The namespace that serves the named inputs, and these as columns of one kind and shape."""
    xp = namespace_of(*values.values())
    return xp, xp.alike(*[_numbers(name, value) for name, value in values.items()])


def _numbers(name: str, value: Any) -> Any:
    """The value as an array, or as the tensor it is.

    Raises:
        ValueError: It does not consist of real numbers.
    """
    try:
        array = value if is_tensor(value) else np.asarray(value)
    except ValueError as error:  # nested lists of unequal lengths
        raise ValueError(f"{name} = {value!r} is not an array of numbers: {error}") from None
    kind = str(array.dtype).removeprefix("torch.")
    if not kind.startswith(("float", "bfloat", "int", "uint")):
        raise ValueError(
            f"{name} = {value!r} has the type {kind}; give a number, or an array, list or tensor "
            "of numbers"
        )
    return array


def _check_thr(thr: Column) -> None:
    _check("thr", thr, (thr >= 0.0) & (thr <= 1.0), "outside [0, 1]")


def _check(name: str, value: Column, inside: Any, fault: str) -> None:
    """Raise with the first value that is not inside the equations' domain."""
    if bool(inside if isinstance(inside, bool) else inside.all()):
        return
    worst = value if isinstance(inside, bool) else value[~inside].reshape(-1)[0].item()
    raise ValueError(
        f"{name} = {worst!r} is {fault}, where the model's equations exist; "
        f"choose {name} inside these bounds"
    )
