"""Named rewards: functions of what one evaluation changed.

f1_gain      noise-free score of the new incumbent - that of the old one - cost. Summed over an
             episode: what the tuner found, minus what it paid.
f1_delta     noise-free score now - noise-free score before - cost.
log_regret   f1_gain - 0.3 log10(clip(noise-free regret of this evaluation, 1e-3, 1)). It uses the
             optimum: for training only, where the optimum is known.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from hpo_gym.columns import Column, ColumnMath


class Change(NamedTuple):
    """What an evaluation changed; all scores are noise-free, each (N,) float64."""

    score: Column
    previous_score: Column
    best_score: Column
    previous_best_score: Column
    best_possible: Column
    cost: Column


Reward: TypeAlias = Callable[[Change, ColumnMath], Column]


def f1_gain(change: Change, math: ColumnMath) -> Column:
    """Gain of the incumbent minus the cost."""
    gain = change.best_score - change.previous_best_score
    gain -= change.cost
    return gain


def f1_delta(change: Change, math: ColumnMath) -> Column:
    """Change of the score from one evaluation to the next minus the cost."""
    return change.score - change.previous_score - change.cost


def log_regret(change: Change, math: ColumnMath) -> Column:
    """`f1_gain` and a dense bonus of 0.3 for every factor of ten of regret, up to three."""
    regret = (change.best_possible - change.score) / change.best_possible
    clipped = math.minimum(math.maximum(regret, 1e-3), 1.0)
    return f1_gain(change, math) - 0.3 * math.log10((0.0, -1.0, clipped))[0]


REWARDS: dict[str, Reward] = {
    "f1_gain": f1_gain,
    "f1_delta": f1_delta,
    "log_regret": log_regret,
}


def register_reward(name: str, reward: Reward) -> None:
    """Add a reward under a new name, to be used as the option ``reward``.

    Raises:
        ValueError: The name is taken.
    """
    if REWARDS.setdefault(name, reward) is not reward:
        raise ValueError(f"reward {name!r} exists already; choose another name")
