"""The rough equations once more, as the module's text has them, one configuration at a time."""

from __future__ import annotations

import numpy as np
from binormal_by_scipy import direct as binormal
from scipy.special import expit, logit

from hpo_gym.families import make_family
from hpo_gym.families.rough.equations import FREQUENCIES, SIGNS

FAMILY = make_family("rough")


def waves(c, epochs, z):
    """The five functions of a task at one place."""
    x = np.array([(epochs - 1.0) / 99.0 / c.length_epochs, (z + 4.0) / 4.8 / c.length_lr])
    phases = np.array([getattr(c, f"phase_{k}") for k in range(16)])
    return SIGNS @ np.cos(FREQUENCIES @ x + phases)


def fictitious(c, recall_thr, false_thr, epochs, z):
    """Recall, false positive rate and loss of the notebook's equations."""

    def curve(name, x):
        u = getattr(c, f"{name}_intercept") - getattr(c, f"{name}_slope") * x
        return getattr(c, f"{name}_curvature") * np.log10(u) ** 2

    accuracy = c.k_accuracy * (1 - curve("accuracy_epochs", epochs)) * (1 - curve("accuracy_lr", z))
    loss = c.loss_epochs_floor + c.loss_epochs_amplitude * np.exp(-c.loss_epochs_decay * epochs)

    def recall(thr):
        return accuracy / (1.0 + c.recall_offset * np.exp(c.recall_slope * thr))

    rise = 1.0 + c.precision_offset * np.exp(-c.precision_slope * false_thr)
    gained = accuracy * (c.precision_floor + c.precision_amplitude / rise)
    pi = c.positives / (c.positives + c.negatives)
    worst = pi * recall(false_thr) / (pi * recall(false_thr) + 1.0 - pi)
    precision = worst + (1.0 - worst) * gained
    false = pi * recall(false_thr) * (1.0 - precision) / ((1.0 - pi) * precision)
    return recall(recall_thr), false, loss * (1.0 + curve("loss_lr", z))


def direct(c, thr, epochs, z):
    """Recall, false positive rate and loss of one task, all floats."""
    f = waves(c, epochs, z)
    own = np.sqrt(1.0 - c.common**2)
    of_false = [c.common * f[0] + own * f[1], c.common * f[2] + own * f[3]]
    warped = c.steepness * logit(np.clip(thr, 1e-4, 1.0 - 1e-4)) + c.shift
    recall_thr = expit(warped + c.amplitude_thr * f[2])
    false_thr = expit(warped + c.amplitude_thr * of_false[1])
    epochs = 1.0 + 99.0 * max((epochs - 1.0) / 99.0, 1e-4) ** c.warp_epochs
    z = -4.0 + 4.8 * max((z + 4.0) / 4.8, 1e-4) ** c.warp_lr
    if c.base:
        recall, *_, loss = binormal(c, recall_thr, epochs, 10.0**z)
        false = binormal(c, false_thr, epochs, 10.0**z)[1]
    else:
        recall, false, loss = fictitious(c, recall_thr, false_thr, epochs, z)
    return (
        expit(logit(recall) + c.amplitude * f[0]),
        expit(logit(false) + c.amplitude * of_false[0]),
        loss * np.exp(c.amplitude_loss * f[4]),
    )
