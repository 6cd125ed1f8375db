"""The binormal model under a learning rate that changes.

`hpo_gym.families.binormal.equations` knows constant rates: where a training stands follows from lr
x epochs, which is its progress, and from lr, which decides on the collapse K and on the last term
of the loss. Here l_i is the learning rate of block i and E its epochs. After n blocks

    S   = sum of l_i E                                  takes the place of lr x epochs
    w_i = (1 - exp(-l_i E / 10^z0)) exp(-sum over j > i of l_j E / 10^z0)
    a   = sum of w_i l_i / sum of w_i                   takes the place of lr

and all else is the same. The collapse and the last term of the loss are read as the noise of large
steps. It follows the *recent* rate a, an average in which past blocks fade as training goes on: by
the factor e for every 10^z0 of lr x epochs, as fast as the bias drifts (B = 1 - exp(-S / 10^z0)).

A constant rate l has a = l and S = l x epochs, and so the metrics of the family `binormal`, block
after block. A rate that falls can beat all constant ones: large steps for the progress, then small
ones, which forget the noise. Equal sums of rates in another order have other metrics.

The constants were fitted to trainings at constant rates; what changing rates add is a choice, and
not fitted to anything. It has no damage that stays: real networks may not recover from the largest
rates.
"""

from __future__ import annotations

from typing import Any

from hpo_gym.arrays import Column, Columns, Namespace, Struct
from hpo_gym.families import BinormalFamily
from hpo_gym.families.binormal.equations import LN10, curves, rates_at
from hpo_gym.families.counts import CountedFamily, Rates
from hpo_gym.learning_rate.scheduled import Scheduled

_REMEMBERED = ("steps", "weight", "weighted_rate")
"""S, the sum of the w_i, and that of the w_i l_i."""


class ScheduledBinormal(Scheduled, CountedFamily):
    """Binormal models in training; noise is that of counts and no other."""

    name = "binormal"
    sizes = BinormalFamily.sizes

    def untrained(self, parameters: Any, key: Column) -> Struct:
        """See `Scheduled`."""
        return Struct(**{**vars(parameters), **dict.fromkeys(_REMEMBERED, 0.0)})

    def advanced(self, parameters: Struct, log_lr: Column, xp: Namespace) -> Struct:
        """See `Scheduled`."""
        c = parameters
        lr = xp.exp(LN10 * log_lr)
        steps = self.block_epochs * lr
        kept = xp.exp(-steps * xp.exp(-LN10 * c.z0))
        fresh = 1.0 - kept
        return c.replace(
            steps=c.steps + steps,
            weight=kept * c.weight + fresh,
            weighted_rate=kept * c.weighted_rate + fresh * lr,
        )

    def rates(self, parameters: Any, scaled: Columns, xp: Namespace) -> Rates:
        """The rates after the last block; what its learning rate did is in the parameters."""
        c = parameters
        recent = xp.log10(c.weighted_rate / c.weight)
        return rates_at(self.thr, curves(c, recent, xp.log10(c.steps), xp), xp)
