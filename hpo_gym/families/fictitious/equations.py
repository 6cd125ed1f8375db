"""The fictitious model: closed-form precision, recall, loss, accuracy and F1 of a tuning run.

Inputs are the decision threshold ``thr``, the number of training ``epochs`` and the learning rate
``lr``; z = log10(lr). One input at a time:

    Precision(thr)   = 0.1 + 0.9 / (1 + 5000 exp(-20 thr))
    Recall(thr)      = 1 / (1 + 1e-5 exp(20 thr))
    Loss(epochs)     = 3 + 7 exp(-0.05 epochs)
    Accuracy(epochs) = 0.95 - 3 log10(3 - 0.025 epochs)^2
    Loss(lr)         = 0.6 + log10(0.9 - z)^2
    Accuracy(lr)     = 0.98 - log10(0.7 - 0.5 z)^2

Together, with a scale factor k for each metric:

    Accuracy  = k_accuracy Accuracy(epochs) Accuracy(lr)
    Precision = k_precision Precision(thr) Accuracy
    Recall    = k_recall Recall(thr) Accuracy
    Loss      = k_loss Loss(epochs) Loss(lr)
    F1        = 2 Precision Recall / (Precision + Recall)

Source: the notebook "Designing a Fictitious Model for Hyperparameter Tuning", whose constants are
the defaults of `hpo_gym.families.fictitious.model.FictitiousModel`.
"""

from __future__ import annotations

from typing import Any

from hpo_gym.arrays import Column, Columns, Namespace


def f1_score(precision: Column, recall: Column) -> Column:
    """Harmonic mean of precision and recall, 0 where both are 0."""
    total = precision + recall
    total += 1e-300  # changes no sum but 0
    f1 = precision * recall
    f1 *= 2.0
    f1 /= total
    return f1


# Here and in `f1_score`, augmented assignments reuse the memory of fresh columns, which is still in
# the processor's cache. They are exact rewritings, and leave alone what torch needs for gradients.
def precision_thr(c: Any, thr: Column, xp: Namespace) -> Column:
    """Precision(thr)."""
    steps = c.precision_offset * xp.exp(-c.precision_slope * thr)
    steps += 1.0
    curve = c.precision_amplitude / steps
    curve += c.precision_floor
    return curve


def recall_thr(c: Any, thr: Column, xp: Namespace, scale: Column = 1.0) -> Column:
    """Recall(thr) times a scale."""
    steps = c.recall_offset * xp.exp(c.recall_slope * thr)
    steps += 1.0
    return scale / steps


def loss_epochs(c: Any, epochs: Column, xp: Namespace) -> Column:
    """Loss(epochs)."""
    return c.loss_epochs_floor + c.loss_epochs_amplitude * xp.exp(-c.loss_epochs_decay * epochs)


def accuracy_epochs(c: Any, epochs: Column, xp: Namespace) -> Column:
    """Accuracy(epochs)."""
    logarithm = xp.log10(c.accuracy_epochs_intercept - c.accuracy_epochs_slope * epochs)
    return c.accuracy_epochs_peak - c.accuracy_epochs_curvature * (logarithm * logarithm)


def loss_lr(c: Any, z: Column, xp: Namespace) -> Column:
    """Loss(lr) at z = log10(lr)."""
    logarithm = xp.log10(c.loss_lr_intercept - c.loss_lr_slope * z)
    curve = logarithm * logarithm
    curve *= c.loss_lr_curvature
    curve += c.loss_lr_floor
    return curve


def accuracy_lr(c: Any, z: Column, xp: Namespace) -> Column:
    """Accuracy(lr) at z = log10(lr)."""
    logarithm = xp.log10(c.accuracy_lr_intercept - c.accuracy_lr_slope * z)
    drop = logarithm * logarithm
    drop *= c.accuracy_lr_curvature
    return c.accuracy_lr_peak - drop


def epoch_terms(c: Any, epochs: Column, xp: Namespace) -> Columns:
    """k_accuracy Accuracy(epochs) and k_loss Loss(epochs)."""
    return c.k_accuracy * accuracy_epochs(c, epochs, xp), c.k_loss * loss_epochs(c, epochs, xp)


def equations(
    c: Any, scaled: Columns, xp: Namespace, known_epoch_terms: Columns | None = None
) -> Columns:
    """The model's equations, on columns: precision, recall, loss, accuracy and F1.

    Args:
        c: The constants: an object with the fields of `FictitiousModel`, as floats or columns.
        scaled: thr, epochs and z = log10(lr).
        xp: Array namespace.
        known_epoch_terms: What `epoch_terms` gives for these epochs, where that is known.
    """
    thr, epochs, z = scaled
    of_accuracy, of_loss = (
        epoch_terms(c, epochs, xp) if known_epoch_terms is None else known_epoch_terms
    )
    accuracy = accuracy_lr(c, z, xp)
    accuracy *= of_accuracy
    precision = precision_thr(c, thr, xp)
    precision *= c.k_precision
    precision *= accuracy
    recall = recall_thr(c, thr, xp, c.k_recall)
    recall *= accuracy
    loss = loss_lr(c, z, xp)
    loss *= of_loss
    return precision, recall, loss, accuracy, f1_score(precision, recall)
