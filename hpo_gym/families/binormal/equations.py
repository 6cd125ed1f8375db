"""The binormal model: scores of both classes are normal on the logit scale and part in training.

With l = log10 lr, z = l + log10 epochs, and thr clipped to [0.002, 0.998]:

    G = ln(1 + 10^(z - z0))              training progress: linear in lr x epochs, later logarithmic
    B = 1 - exp(-10^(z - z0))            drift of the bias
    K = 1 - D sigmoid(10^1.2 (l - ld))   collapse at high learning rates
    m1 = beta B + d1 G K     s1' = si + s1 G + 0.01     positives
    m0 = beta B - d0 G K     s0' = si + s0 G + 0.01     negatives
    R   = Phi((m1 - logit thr) / s1')    recall
    FPR = Phi((m0 - logit thr) / s0')    false positive rate
    Loss = Linf + (L0 - Linf) / (1 + 10^(k (z - zl))) + 10^min(h (l - lh), 1.5)

Metrics and counts follow from the rates, see `hpo_gym.families.counts`.

Source: fitted to recorded training runs of small classifiers, see
`hpo_gym.families.binormal.family`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from hpo_gym.arrays import Column, Columns, Namespace
from hpo_gym.families.counts import Rates

LN10 = float(np.log(10.0))
LEAST_THR, MOST_THR = 0.002, 0.998
_STEEPNESS = float(10.0**1.2)


class Curves(NamedTuple):
    """The scores' distributions on the logit scale, and the loss."""

    positive_mean: Column
    negative_mean: Column
    positive_deviation: Column
    negative_deviation: Column
    loss: Column


def curves(c: Any, log_lr: Column, z: Column, xp: Namespace) -> Curves:
    """What does not depend on the threshold.

    Args:
        c: The constants: an object with the fields of `BinormalFamily.parameter_names`.
        log_lr: log10 of the learning rate.
        z: log10 of learning rate times epochs.
        xp: Array namespace.
    """
    progress = xp.exp(LN10 * (z - c.z0))
    reserve = xp.exp(_STEEPNESS * (c.ld - log_lr))
    fall = xp.exp(LN10 * c.k * (z - c.zl))
    rise = xp.exp(LN10 * xp.minimum(c.h * (log_lr - c.lh), 1.5))
    growth = LN10 * xp.log10(1.0 + progress)
    drift = c.beta * (1.0 - xp.exp(-progress))
    parting = growth * (1.0 - c.D / (1.0 + reserve))
    width = c.si + 0.01
    return Curves(
        drift + c.d1 * parting,
        drift - c.d0 * parting,
        width + c.s1 * growth,
        width + c.s0 * growth,
        c.Linf + (c.L0 - c.Linf) / (1.0 + fall) + rise,
    )


def rates(c: Any, scaled: Columns, xp: Namespace) -> Rates:
    """The rates at scaled configurations: thr, epochs and log10 lr."""
    thr, epochs, log_lr = scaled
    return rates_at(thr, curves(c, log_lr, log_lr + xp.log10(epochs), xp), xp)


def rates_at(thr: Column, at: Curves, xp: Namespace) -> Rates:
    """The rates at thresholds, given what does not depend on them."""
    above, below, wide, narrow, loss = at
    thr = xp.minimum(xp.maximum(thr, LEAST_THR), MOST_THR)
    logit = LN10 * xp.log10(thr / (1.0 - thr))
    recall, false, recall_at_half, false_at_half = xp.ndtr(
        (above - logit) / wide, (below - logit) / narrow, above / wide, below / narrow
    )
    return Rates(recall, false, recall_at_half, false_at_half, loss)
