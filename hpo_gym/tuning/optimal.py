"""Exact references: what the best tuner earns when the model is known.

Scores of agents are fractions of the way from random proposals to these values.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hpo_gym.arrays import Floats
from hpo_gym.families import require_optimum
from hpo_gym.tuning.find import only_task, process_of
from hpo_gym.tuning.process import TuningProcess

PLANNABLE_REWARDS = ("f1_gain", "f1_delta")
"""Rewards whose sum over an episode telescopes, so that the best return can be planned."""


class TradeOff(NamedTuple):
    """The two configurations that matter to a tuner who knows the model."""

    best: tuple[float, ...]
    """Unit configuration with the largest noise-free score minus cost."""
    value: float
    """That score minus its cost."""
    cheapest: tuple[float, ...]
    """Unit configuration of the lowest cost: where a tuner waits."""
    cost: float
    """That lowest cost."""


def trade_off(env: Any, split: str | None = None) -> TradeOff:
    """The configuration with the best score minus cost, and the cheapest one.

    Args:
        env: Whatever `process_of` takes.
        split: Another split than the environment's.

    Raises:
        ValueError: The environment draws its tasks from several, or does not know their optima.

    Example:
        >>> import gymnasium as gym
        >>> round(trade_off(gym.make("hpo_gym:FictitiousHPO-v0")).value, 9)
        0.751655543
    """
    process = process_of(env)
    family = require_optimum(process.family, "the best trade-off of score and cost")
    scaled, scores = family.frontier(only_task(process, split), process.options.metric)
    cost = np.broadcast_to(process.evaluator.cost(scaled), np.shape(scores))
    values = scores - cost

    def unit(level: int) -> tuple[float, ...]:
        point = tuple(float(column[level]) for column in scaled)
        return process.space.unit(process.space.natural(point, Floats()))

    best, cheapest = int(values.argmax()), int(cost.argmin())
    return TradeOff(unit(best), float(values[best]), unit(cheapest), float(cost[cheapest]))


def optimal_return(env: Any, start_score: Any = None) -> NDArray[np.float64]:
    """The best return of an episode in "propose" mode, on a model that is known.

    With s the score of the start (0 for start="none"), T evaluations, v the largest score minus
    cost of a configuration and c the lowest cost:

    f1_gain. The gains telescope: the return is the last incumbent's score - s - all costs. One
    evaluation at most is worth more than c, since a second improvement could have been the first
    one; the other T - 1 are as cheap as can be. That one earns v - s, or -c if nothing is worth
    its cost: max(v - s, -c) - (T - 1) c.

    f1_delta. The differences telescope: the return is the last evaluation's score - s - all
    costs. So the T - 1 evaluations before it are as cheap as can be, and the last one, which must
    be made, earns v - s: v - s - (T - 1) c.

    With ``stop`` nothing needs to be paid but the one evaluation, if it is worth it:
    max(v - s, 0) for both.

    Args:
        env: Whatever `process_of` takes.
        start_score: Noise-free scores of the starts, a number or an array. Without a start
            (start="none") leave it out.

    Returns:
        Best returns, an array of the shape of the start scores.

    Raises:
        ValueError: The mode is not "propose", the reward is neither f1_gain nor f1_delta, scores
            are noisy, the tasks are several, or the start scores do not fit the option start.

    Example:
        >>> import gymnasium as gym
        >>> optimal_return(gym.make("hpo_gym:FictitiousHPO-v0"), [0.0, 0.75]).round(6).tolist()
        [0.709856, -0.040144]
    """
    process = process_of(env)
    options = process.options
    if options.action != "propose":
        raise ValueError(
            f"optimal_return knows action='propose' only, not {options.action!r}; the oracle "
            "agent of the checkout plans the other modes"
        )
    if options.reward not in PLANNABLE_REWARDS:
        raise ValueError(
            f"optimal_return knows the rewards {list(PLANNABLE_REWARDS)}, not {options.reward!r}"
        )
    if process.problem.noise != 0.0:
        raise ValueError(
            f"optimal_return needs exact scores, not noise = {process.problem.noise}; pass noise=0"
        )
    s = _start_scores(process, start_score)
    trade = trade_off(process)
    if options.stop:
        return np.maximum(trade.value - s, 0.0)
    worth = trade.value - s
    if options.reward == "f1_gain":
        worth = np.maximum(worth, -trade.cost)
    return np.asarray(worth - (options.max_evaluations - 1) * trade.cost)


def _start_scores(process: TuningProcess, start_score: Any) -> NDArray[np.float64]:
    if process.encoder.start_evaluated == (start_score is None):
        wanted = "the scores of the starts" if start_score is None else "no start_score"
        raise ValueError(
            f"start_score = {start_score!r} does not fit the option "
            f"start = {process.options.start!r}: give {wanted}"
        )
    scores = np.asarray(0.0 if start_score is None else start_score, dtype=np.float64)
    if not np.all((scores >= 0.0) & (scores <= 1.0)):
        raise ValueError(f"start_score = {start_score!r} must lie in [0, 1], as all scores do")
    return scores
