"""Named rewards: functions of what one evaluation changed.

f1_gain      noise-free score of the new incumbent - that of the old one - cost. Summed over an
             episode: what the tuner found, minus what it paid.
f1_delta     noise-free score now - noise-free score before - cost.
log_regret   f1_gain - 0.3 log10(clip(noise-free regret of this evaluation, 1e-3, 1)). It uses the
             optimum: for training only, where the optimum is known.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from hpo_gym.arrays import Column, Namespace
from hpo_gym.references import load
from hpo_gym.tuning.state import State

Reward: TypeAlias = Callable[[State, State, Namespace], Column]
"""From the states before and after an evaluation to the reward, a number or (N,)."""


def f1_gain(before: State, after: State, xp: Namespace) -> Column:
    """Gain of the incumbent minus the cost."""
    gain = after.best_true_score - before.best_true_score
    gain -= after.cost
    return gain


def f1_delta(before: State, after: State, xp: Namespace) -> Column:
    """Change of the score from one evaluation to the next minus the cost."""
    return after.true_score - before.true_score - after.cost


def log_regret(before: State, after: State, xp: Namespace) -> Column:
    """`f1_gain` and a dense bonus of 0.3 for every factor of ten of regret, up to three."""
    best_possible = after.tasks.best_possible
    regret = (best_possible - after.true_score) / best_possible
    clipped = xp.minimum(xp.maximum(regret, 1e-3), 1.0)
    return f1_gain(before, after, xp) - 0.3 * xp.log10(clipped)


REWARDS: dict[str, Reward] = {
    "f1_gain": f1_gain,
    "f1_delta": f1_delta,
    "log_regret": log_regret,
}


def register_reward(name: str, reward: Reward | str) -> None:
    """Add a reward under a new name, to be used as the option ``reward``.

    Args:
        name: The name.
        reward: The function, or where it is: "module:function" or "path/to/file.py:function".

    Raises:
        ValueError: The name is taken or not a string, or the reward is not callable. The same
            function may be registered again, also if its module was imported a second time.
    """
    if isinstance(reward, str):
        reward = load(reward)
    if not isinstance(name, str) or not callable(reward):
        raise ValueError(f"register_reward needs a name and a function, not {name!r}, {reward!r}")
    known = REWARDS.setdefault(name, reward)
    if known is not reward and getattr(known, "__code__", 0) != getattr(reward, "__code__", 1):
        raise ValueError(f"reward {name!r} exists already; choose another name")
