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


# The curves take their exponential or logarithm, because `equations` computes all of these at once.
# Here and in `f1_score`, augmented assignments reuse the memory of fresh columns, which is still in
# the processor's cache. They are exact rewritings, and leave alone what torch needs for gradients.
def precision_thr(c: Any, exponential: Column) -> Column:
    """Precision(thr), given exp(-slope thr)."""
    steps = c.precision_offset * exponential
    steps += 1.0
    curve = c.precision_amplitude / steps
    curve += c.precision_floor
    return curve


def recall_thr(c: Any, exponential: Column, scale: Column = 1.0) -> Column:
    """Recall(thr) times a scale, given exp(slope thr)."""
    steps = c.recall_offset * exponential
    steps += 1.0
    return scale / steps


def loss_epochs(c: Any, exponential: Column) -> Column:
    """Loss(epochs), given exp(-decay epochs)."""
    return c.loss_epochs_floor + c.loss_epochs_amplitude * exponential


def accuracy_epochs(c: Any, logarithm: Column) -> Column:
    """Accuracy(epochs), given log10(intercept - slope epochs)."""
    return c.accuracy_epochs_peak - c.accuracy_epochs_curvature * (logarithm * logarithm)


def loss_lr(c: Any, logarithm: Column) -> Column:
    """Loss(lr), given log10(intercept - slope z)."""
    curve = c.loss_lr_curvature * (logarithm * logarithm)
    curve += c.loss_lr_floor
    return curve


def accuracy_lr(c: Any, logarithm: Column) -> Column:
    """Accuracy(lr), given log10(intercept - slope z)."""
    return c.accuracy_lr_peak - c.accuracy_lr_curvature * (logarithm * logarithm)


def equations(
    c: Any, scaled: Columns, xp: Namespace, epoch_terms: Columns | None = None
) -> Columns:
    """The model's equations, on columns: precision, recall, loss, accuracy and F1.

    Args:
        c: The constants: an object with the fields of `FictitiousModel`, as floats or columns.
        scaled: thr, epochs and z = log10(lr).
        xp: Array namespace.
        epoch_terms: What `scaled_epoch_terms` gave for these epochs, where that is known.
    """
    thr, epochs, z = scaled
    products = [(-c.precision_slope, thr), (c.recall_slope, thr)]
    lines = [
        (c.accuracy_lr_intercept, c.accuracy_lr_slope, z),
        (c.loss_lr_intercept, c.loss_lr_slope, z),
    ]
    if epoch_terms is None:
        products.append((-c.loss_epochs_decay, epochs))
        lines.append((c.accuracy_epochs_intercept, c.accuracy_epochs_slope, epochs))
    exponentials = xp.exp(*products)
    logarithms = xp.log10(*lines)
    if epoch_terms is None:
        epoch_terms = scaled_epoch_terms(
            c, accuracy_epochs(c, logarithms[2]), loss_epochs(c, exponentials[2])
        )
    accuracy = accuracy_lr(c, logarithms[0])
    accuracy *= epoch_terms[0]
    precision = precision_thr(c, exponentials[0])
    precision *= c.k_precision
    precision *= accuracy
    recall = recall_thr(c, exponentials[1], c.k_recall)
    recall *= accuracy
    loss = loss_lr(c, logarithms[1])
    loss *= epoch_terms[1]
    return precision, recall, loss, accuracy, f1_score(precision, recall)


def scaled_epoch_terms(c: Any, accuracy: Column, loss: Column) -> Columns:
    """k_accuracy Accuracy(epochs) and k_loss Loss(epochs)."""
    return c.k_accuracy * accuracy, c.k_loss * loss
