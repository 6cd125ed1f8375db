"""The binormal model: scores of both classes are normal on the logit scale and part in training.

With l = log10 lr, z = l + log10 epochs, and thr clipped to [0.002, 0.998]:

    G = ln(1 + 10^(z - z0))              training progress: linear in lr x epochs, later logarithmic
    B = 1 - exp(-10^(z - z0))            drift of the bias
    K = 1 - D sigmoid(10^1.2 (l - ld))   collapse at high learning rates
    m1 = beta B + d1 G K     s1' = si + s1 G + 0.01     positives
    m0 = beta B - d0 G K     s0' = si + s0 G + 0.01     negatives
    R   = Phi((m1 - logit thr) / s1')    recall
    FPR = Phi((m0 - logit thr) / s0')    false positive rate

With positives and negatives P and N in the validation set, and pi = P / (P + N):

    Precision = pi R / (pi R + (1 - pi) FPR)
    F1        = 2 pi R / (pi R + (1 - pi) FPR + pi)
    Accuracy  = pi R + (1 - pi) (1 - FPR), both at thr = 0.5
    Loss      = Linf + (L0 - Linf) / (1 + 10^(k (z - zl))) + 10^min(h (l - lh), 1.5)

Precision is 0 where nothing is predicted positive: where its denominator is below 1e-30 it is
divided by 1e-30 instead.

Counts are observed, in which a standard normal xi stands for the binomial distribution: true
positives TP = rint(P R + sqrt(P R (1 - R)) xi) and false positives FP likewise from N and FPR,
clipped to what is there; independently of these, another two at thr = 0.5 for the accuracy. The
loss is observed as it is. On torch tensors, the gradient passes through rounding and clipping as if
they were not there.

Source: fitted to recorded training runs of small classifiers, see
`hpo_gym.families.binormal.family`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from hpo_gym.arrays import Column, Columns, Namespace
from hpo_gym.families.classifier import Metrics

LN10 = float(np.log(10.0))
LEAST_THR, MOST_THR = 0.002, 0.998
_STEEPNESS = float(10.0**1.2)
_LEAST_PREDICTED = 1e-30
_LEAST_VARIANCE = 1e-12
"""Of a count: far too small to change it, but the square root keeps a finite gradient."""


class Curves(NamedTuple):
    """The scores' distributions on the logit scale, and the loss."""

    positive_mean: Column
    negative_mean: Column
    positive_deviation: Column
    negative_deviation: Column
    loss: Column


class Rates(NamedTuple):
    """Shares of the positives and of the negatives that are predicted positive, and the loss."""

    recall: Column
    false_positive: Column
    recall_at_half: Column
    false_positive_at_half: Column
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
    thr = xp.minimum(xp.maximum(thr, LEAST_THR), MOST_THR)
    above, below, wide, narrow, loss = curves(c, log_lr, log_lr + xp.log10(epochs), xp)
    logit = LN10 * xp.log10(thr / (1.0 - thr))
    recall, false, recall_at_half, false_at_half = xp.ndtr(
        (above - logit) / wide, (below - logit) / narrow, above / wide, below / narrow
    )
    return Rates(recall, false, recall_at_half, false_at_half, loss)


def noiseless(c: Any, rates: Rates, xp: Namespace) -> Metrics:
    """Noise-free metrics."""
    prevalence = c.positives / (c.positives + c.negatives)
    rest = 1.0 - prevalence
    true = prevalence * rates.recall
    predicted = true + rest * rates.false_positive
    return Metrics(
        precision=true / xp.maximum(predicted, _LEAST_PREDICTED),
        recall=rates.recall,
        loss=rates.loss,
        accuracy=prevalence * rates.recall_at_half + rest * (1.0 - rates.false_positive_at_half),
        f1=2.0 * true / (predicted + prevalence),
    )


def observed(c: Any, rates: Rates, xi: Columns, xp: Namespace) -> Metrics:
    """Metrics of counts.

    Args:
        c: The constants.
        rates: The rates.
        xi: Four columns of standard normals: for the true and false positives at the threshold and
            at 0.5.
        xp: Array namespace.
    """

    def count(share: Column, size: Column, normal: Column) -> Column:
        expected = size * share
        variance = xp.maximum(expected * (1.0 - share), _LEAST_VARIANCE)
        return xp.counts(expected + xp.sqrt(variance) * normal, size)

    true = count(rates.recall, c.positives, xi[0])
    false = count(rates.false_positive, c.negatives, xi[1])
    true_at_half = count(rates.recall_at_half, c.positives, xi[2])
    false_at_half = count(rates.false_positive_at_half, c.negatives, xi[3])
    return Metrics(
        precision=true / xp.maximum(true + false, 1.0),
        recall=true / c.positives,
        loss=rates.loss,
        accuracy=(true_at_half + c.negatives - false_at_half) / (c.positives + c.negatives),
        f1=2.0 * true / (true + false + c.positives),
    )
