"""Classifiers whose metrics come from one confusion matrix, observed as counts.

A family says which shares R of the positives (the recall) and FPR of the negatives (the false
positive rate) are predicted positive. With P positives and N negatives in the validation set, and
pi = P / (P + N):

    Precision = pi R / (pi R + (1 - pi) FPR)
    F1        = 2 pi R / (pi R + (1 - pi) FPR + pi)
    Accuracy  = pi R + (1 - pi) (1 - FPR), both at thr = 0.5

Precision is 0 where nothing is predicted positive: where its denominator is below 1e-30 it is
divided by 1e-30 instead.

Counts are observed, in which a standard normal xi stands for the binomial distribution: true
positives TP = rint(P R + sqrt(P R (1 - R)) xi) and false positives FP likewise from N and FPR,
clipped to what is there; independently of these, another two at thr = 0.5 for the accuracy. The
loss is observed as it is. On torch tensors, the gradient passes through rounding and clipping as if
they were not there.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, NamedTuple

import numpy as np

from hpo_gym import rng
from hpo_gym.arrays import Column, Columns, Namespace
from hpo_gym.families.classifier import ClassifierFamily, Metrics

_LEAST_PREDICTED = 1e-30
_LEAST_VARIANCE = 1e-12
"""Of a count: far too small to change it, but the square root keeps a finite gradient."""
_TOLERANCE = 0.01
"""Standard deviation that the likelihood adds: how near a finite sample of tasks can come."""


class Rates(NamedTuple):
    """Shares of the positives and of the negatives that are predicted positive, and the loss."""

    recall: Column
    false_positive: Column
    recall_at_half: Column
    false_positive_at_half: Column
    loss: Column


class CountedFamily(ClassifierFamily):
    """A family of such classifiers; noise is that of counts and no other.

    The parameters of a task name its numbers of `positives` and `negatives`.
    """

    noise = None
    draws = 4

    @abstractmethod
    def rates(self, parameters: Any, scaled: Columns, xp: Namespace) -> Rates:
        """The rates at scaled configurations: thr, epochs and log10 lr."""

    def check_noise(self, noise: float) -> None:
        """Raise ValueError: the numbers of cases decide on the noise."""
        raise ValueError(
            f"noise = {noise!r}: family {self.name!r} has the noise of its counts and no other; "
            "leave noise at None"
        )

    def noiseless(self, parameters: Any, scaled: Columns, xp: Namespace) -> Metrics:
        """The metrics of the rates."""
        return noiseless(parameters, self.rates(parameters, scaled, xp), xp)

    def evaluate(
        self, parameters: Any, scaled: Columns, noise: float | None, draws: Columns, xp: Namespace
    ) -> tuple[Metrics, Metrics]:
        """Noise-free metrics and those of counts."""
        rates = self.rates(parameters, scaled, xp)
        exact = noiseless(parameters, rates, xp)
        return exact, observed(parameters, rates, rng.normals_from(draws, xp), xp)

    def log_likelihood(
        self, parameters: Any, scaled: Columns, observed: Columns, xp: Namespace
    ) -> Column:
        """Of recall, false positives per positive, accuracy and the loss's score, as normal.

        Approximate: the binomial variances get that of rounding a count, 1 / 12, and the tolerance
        0.01^2, which is all that the exact loss has. False positives per positive are recall
        (1 - precision) / precision; where the precision is 0 they are unknown, and left out.
        """
        c, rates = parameters, self.rates(parameters, scaled, xp)
        precision, recall, loss, accuracy, _ = observed
        odds, cases = c.negatives / c.positives, c.positives + c.negatives
        known = precision > 0.0
        false = recall * (1.0 - precision) / np.where(known, precision, 1.0)
        halves = _count_variance(rates.recall_at_half, c.positives) + _count_variance(
            rates.false_positive_at_half, c.negatives
        )
        exact = noiseless(c, rates, xp).accuracy
        total = _log_normal(
            recall - rates.recall,
            _count_variance(rates.recall, c.positives) / (c.positives * c.positives),
        )
        total = total + _log_normal(accuracy - exact, halves / (cases * cases))
        total = total + _log_normal(1.0 / (1.0 + loss) - 1.0 / (1.0 + rates.loss), 0.0)
        variance = _count_variance(rates.false_positive, c.negatives)
        error = false - odds * rates.false_positive
        return total + known * _log_normal(error, variance / (c.positives * c.positives))


def noiseless(c: Any, rates: Rates, xp: Namespace) -> Metrics:
    """Noise-free metrics.

    Args:
        c: An object with `positives` and `negatives`.
        rates: The rates.
        xp: Array namespace.
    """
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
        c: An object with `positives` and `negatives`.
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
    return counted(c, true, false, true_at_half, false_at_half, rates.loss, xp)


def counted(
    c: Any,
    true: Column,
    false: Column,
    true_at_half: Column,
    false_at_half: Column,
    loss: Column,
    xp: Namespace,
) -> Metrics:
    """Metrics of true and false positives, at the threshold and at 0.5; other arguments above."""
    return Metrics(
        precision=true / xp.maximum(true + false, 1.0),
        recall=true / c.positives,
        loss=loss,
        accuracy=(true_at_half + c.negatives - false_at_half) / (c.positives + c.negatives),
        f1=2.0 * true / (true + false + c.positives),
    )


def _count_variance(share: Column, size: Column) -> Column:
    """Variance of a rounded binomial count."""
    return size * share * (1.0 - share) + 1.0 / 12.0


def _log_normal(error: Column, variance: Column) -> Column:
    """Logarithm of the normal density of an error, up to a constant."""
    variance = variance + _TOLERANCE * _TOLERANCE
    return -0.5 * (error * error / variance + np.log(variance))
