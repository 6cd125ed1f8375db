"""The rough model: a model in closed form, with warped inputs and a smooth residual.

The unit coordinates x of epochs and lr (1 to 100, and log10 lr from -4 to 0.8, as 0 to 1) decide on
five smooth random functions of unit variance,

    f_j(x) = sqrt(2 / 16) sum over k of s_jk cos(w_k x / length + phase_k)        j = 0 .. 4

with 16 frequencies w_k that spread like a normal distribution, and signs s_jk = +-1 of Walsh's
functions, which keep the five apart (random Fourier features: Rahimi and Recht, NeurIPS 2007). With
the task's amplitude a, its `share`s a_thr and a_loss, and its correlation c of both rates, the
residuals are

    g_R = a f_0        g_F = a (c f_0 + sqrt(1 - c^2) f_1)        g_L = a_loss f_4
    h_R = a_thr f_2    h_F = a_thr (c f_2 + sqrt(1 - c^2) f_3)

The base is evaluated at warped inputs: x^warp of epochs and lr, and the threshold whose logit is
steepness logit(thr) + shift + h, with h_R for the recall R and h_F for the false positive rate F;
thr is clipped to [1e-4, 1 - 1e-4]. Then

    logit R = logit R_base + g_R      logit F = logit F_base + g_F      ln loss = ln loss_base + g_L

so both rates fall as thr rises, whatever is drawn: each learning rate and number of epochs is one
classifier, and every threshold and all metrics are those of its one confusion matrix. The accuracy
belongs to thr = 0.5, as in the binormal family.

**Bases.** Either the binormal model, or the fictitious one. That one states a precision p (curve of
thr times accuracy A) and a recall R without saying how many cases are positive, so that some pairs
belong to no confusion matrix: precision cannot fall below pi R / (pi R + 1 - pi), where all
negatives are false alarms. Here its p is what has been gained on the way from there to 1, hence

    F_base = pi R (1 - p) / (pi R + (1 - pi) p)

which lies in [0, 1], and its accuracy is that of the matrix.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from hpo_gym.arrays import Column, Columns, Namespace
from hpo_gym.families.binormal.equations import LEAST_THR, LN10, MOST_THR, Curves, curves
from hpo_gym.families.classifier import EPOCHS, Z
from hpo_gym.families.counts import Rates
from hpo_gym.families.fictitious import equations as fictitious

WAVES = 16
PHASES = tuple(f"phase_{k}" for k in range(WAVES))

LEAST = 1e-4
"""Smallest input of a warp, where powers and logits are too steep."""
MOST_LOGIT = float(np.log(MOST_THR / LEAST_THR))
"""The binormal model clips thresholds to these, on the logit scale."""
_GOLDEN_ANGLE = float(np.pi * (3.0 - 5.0**0.5))


def _frequencies() -> Any:
    """(16, 2) points that spread like a standard normal distribution, on a sunflower's spiral."""
    place = np.arange(WAVES)
    radius = np.sqrt(-2.0 * np.log1p(-(place + 0.5) / WAVES))
    angle = _GOLDEN_ANGLE * place
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def _signs() -> Any:
    """(5, 16) weights of the waves in the five functions, of orthogonal rows."""
    rows, columns = np.arange(5)[:, None], np.arange(WAVES)[None]
    both = rows & columns
    odd = (both ^ both >> 1 ^ both >> 2) & 1
    return (1.0 - 2.0 * odd) * np.sqrt(2.0 / WAVES)


FREQUENCIES, SIGNS = _frequencies(), _signs()


class Place(NamedTuple):
    """What epochs and learning rate decide on, whatever the threshold."""

    scores: Curves | None
    """Of the binormal base; None where no row has it."""
    quality: Column | None
    """Accuracy of the fictitious base; None where no row has it."""
    recall_shift: Column
    """Of the logit of the recall's threshold."""
    false_shift: Column
    recall_odds: Column
    """Factor of the odds of the recall."""
    false_odds: Column
    loss: Column


def rates(c: Any, scaled: Columns, xp: Namespace) -> Rates:
    """The rates at scaled configurations.

    Args:
        c: The constants: an object with the fields of `RoughFamily.parameter_names`.
        scaled: thr, epochs and log10 lr.
        xp: Array namespace.
    """
    thr, epochs, log_lr = scaled
    place = place_of(c, epochs, log_lr, xp)
    thr = xp.minimum(xp.maximum(thr, LEAST), 1.0 - LEAST)
    recall, false = at_threshold(c, place, LN10 * xp.log10(thr / (1.0 - thr)), xp)
    recall_at_half, false_at_half = at_threshold(c, place, 0.0, xp)
    return Rates(recall, false, recall_at_half, false_at_half, place.loss)


def place_of(c: Any, epochs: Column, log_lr: Column, xp: Namespace) -> Place:
    """Everything but the threshold's part."""
    first = (epochs - EPOCHS[0]) / (EPOCHS[1] - EPOCHS[0])
    second = (log_lr - Z[0]) / (Z[1] - Z[0])
    f = _waves(c, first, second, xp)
    epochs = EPOCHS[0] + (EPOCHS[1] - EPOCHS[0]) * _power(first, c.warp_epochs, xp)
    log_lr = Z[0] + (Z[1] - Z[0]) * _power(second, c.warp_lr, xp)
    scores = quality = None
    if _any(c.base):
        scores = curves(c, log_lr, log_lr + xp.log10(epochs), xp)
        loss = scores.loss
    if _any(1.0 - c.base):
        of_accuracy, of_loss = fictitious.epoch_terms(c, epochs, xp)
        quality = of_accuracy * fictitious.accuracy_lr(c, log_lr, xp)
        own = of_loss * fictitious.loss_lr(c, log_lr, xp)
        loss = own if scores is None else xp.where(c.base > 0.5, loss, own)
    return Place(
        scores,
        quality,
        c.shift + c.amplitude_thr * f[2],
        c.shift + c.amplitude_thr * (c.common * f[2] + c.own * f[3]),
        xp.exp(c.amplitude * f[0]),
        xp.exp(c.amplitude * (c.common * f[0] + c.own * f[1])),
        loss * xp.exp(c.amplitude_loss * f[4]),
    )


def at_threshold(c: Any, place: Place, logit: Column, xp: Namespace) -> Columns:
    """Recall and false positive rate at a threshold, given its logit."""
    warped = c.steepness * logit
    logits = warped + place.recall_shift, warped + place.false_shift
    if place.quality is None:
        pair = _binormal(place.scores, logits, xp)
    else:
        pair = _fictitious(c, place.quality, logits, xp)
        if place.scores is not None:
            pair = xp.select(c.base > 0.5, _binormal(place.scores, logits, xp), pair)
    return _tilted(pair[0], place.recall_odds), _tilted(pair[1], place.false_odds)


def _any(share: Any) -> bool:
    """Whether a row needs what has this share."""
    return bool(share if isinstance(share, float) else (share > 0.0).any())


def _waves(c: Any, first: Column, second: Column, xp: Namespace) -> Columns:
    """The five functions."""
    angles = xp.combine(FREQUENCIES, (first / c.length_epochs, second / c.length_lr))
    phases = [getattr(c, name) for name in PHASES]
    shifted = [angle + phase for angle, phase in zip(angles, phases, strict=True)]
    return xp.combine(SIGNS, xp.cos(shifted))


def _power(x: Column, exponent: Column, xp: Namespace) -> Column:
    return xp.exp(exponent * (LN10 * xp.log10(xp.maximum(x, LEAST))))


def _tilted(share: Column, odds: Column) -> Column:
    """The share whose odds are a multiple of this one's: its logit is shifted."""
    yes = share * odds
    return yes / (yes + (1.0 - share))


def _binormal(scores: Any, logits: Columns, xp: Namespace) -> Columns:
    """Both rates at the logits of both thresholds."""
    recall, false = [xp.minimum(xp.maximum(logit, -MOST_LOGIT), MOST_LOGIT) for logit in logits]
    return xp.ndtr(
        (scores.positive_mean - recall) / scores.positive_deviation,
        (scores.negative_mean - false) / scores.negative_deviation,
    )


def _fictitious(c: Any, quality: Column, logits: Columns, xp: Namespace) -> Columns:
    """Both rates at the logits of both thresholds."""
    recall_thr, false_thr = [1.0 / (1.0 + xp.exp(-logit)) for logit in logits]
    precision = quality * fictitious.precision_thr(c, false_thr, xp)
    prevalence = c.positives / (c.positives + c.negatives)
    true = prevalence * (quality * fictitious.recall_thr(c, false_thr, xp))
    false = true * (1.0 - precision) / (true + (1.0 - prevalence) * precision)
    return quality * fictitious.recall_thr(c, recall_thr, xp), false
