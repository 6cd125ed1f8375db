"""The binormal equations once more, as published and with SciPy's functions."""

from __future__ import annotations

import numpy as np
from scipy.special import expit, logit, ndtr

from hpo_gym.arrays import Vectors
from hpo_gym.families import make_family

FAMILY = make_family("binormal")
METRICS = ("f1", "accuracy", "loss")


def configurations(count, seed=0):
    unit = np.random.default_rng(seed).uniform(-1.0, 1.0, size=(3, count))
    return FAMILY.space.scaled(unit, Vectors())


def direct(c, thr, epochs, lr):
    """The published equations with SciPy's functions: R, FPR and both at 0.5, and the loss."""
    exponent = np.log10(lr) + np.log10(epochs)
    progress = 10.0 ** (exponent - c.z0)
    g, b = np.log1p(progress), -np.expm1(-progress)
    k = 1.0 - c.D * expit(10.0**1.2 * (np.log10(lr) - c.ld))
    m1, m0 = c.beta * b + c.d1 * g * k, c.beta * b - c.d0 * g * k
    w1, w0 = c.si + c.s1 * g + 0.01, c.si + c.s0 * g + 0.01
    u = logit(np.clip(thr, 0.002, 0.998))
    rise = 10.0 ** np.minimum(c.h * (np.log10(lr) - c.lh), 1.5)
    loss = c.Linf + (c.L0 - c.Linf) / (1.0 + 10.0 ** (c.k * (exponent - c.zl))) + rise
    return ndtr((m1 - u) / w1), ndtr((m0 - u) / w0), ndtr(m1 / w1), ndtr(m0 / w0), loss


def direct_metrics(c, thr, epochs, lr):
    recall, false, recall_at_half, false_at_half, loss = direct(c, thr, epochs, lr)
    pi = c.positives / (c.positives + c.negatives)
    with np.errstate(invalid="ignore"):
        precision = pi * recall / (pi * recall + (1.0 - pi) * false)
    f1 = 2.0 * pi * recall / (pi * recall + (1.0 - pi) * false + pi)
    accuracy = pi * recall_at_half + (1.0 - pi) * (1.0 - false_at_half)
    return precision, recall, loss, accuracy, f1
