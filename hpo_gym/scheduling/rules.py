"""Stopping rules: whether a run ends early, as a function of the learning curves so far.

A rule judges a run that has just reported its n-th interval, and compares all runs that have
reported n or more by their first n: a run that has trained longer gains nothing by it, and a run
that was stopped or has failed before is left out. A value that is not a number is the worst there
is. The three rules of HyperDrive follow Azure's pages "Tune hyperparameters for your model" and
the SDK's reference; where these are silent (ties, the slack of a metric that is minimised or
negative), the rule here never cancels the best run.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from math import inf, isnan
from numbers import Integral
from statistics import median
from typing import Any, Literal, TypeAlias

from hpo_gym.parameters import finite_number

Curve: TypeAlias = Sequence[float]
"""Values of a run's primary metric after its first, second, ... interval."""
Goal: TypeAlias = Literal["maximize", "minimize"]


def whole_number(name: str, value: Any, low: int, high: float = inf) -> int:
    """The value as an int.

    Raises:
        ValueError: It is not a whole number in [low, high].
    """
    whole = isinstance(value, Integral) and not isinstance(value, bool)
    if not (whole and low <= value <= high):
        raise ValueError(f"{name} = {value!r} must be a whole number{_bounds(low, high)}")
    return int(value)


def real_number(name: str, value: Any, low: float, high: float = inf) -> float:
    """The value as a float.

    Raises:
        ValueError: It is not a finite number in [low, high].
    """
    number = finite_number(name, value, where := _bounds(low, high))
    if not low <= number <= high:
        raise ValueError(f"{name} = {value!r} must be a number{where}")
    return number


def _bounds(low: float, high: float) -> str:
    return f" of at least {low}" if high == inf else f" in [{low}, {high}]"


class Rule(ABC):
    """Whether runs end early.

    Args:
        goal: "maximize" or "minimize" the primary metric.
        evaluation_interval: The rule is applied at multiples of so many intervals.
        delay_evaluation: It is not applied before this interval: with a delay of 200 and an
            evaluation interval of 100 it is first applied at 200.

    Raises:
        ValueError: An argument is out of its range.
    """

    def __init__(
        self, *, goal: Goal = "maximize", evaluation_interval: int = 1, delay_evaluation: int = 0
    ) -> None:
        if goal not in ("maximize", "minimize"):
            raise ValueError(f"goal = {goal!r} must be 'maximize' or 'minimize'")
        self.goal = goal
        self.evaluation_interval = whole_number("evaluation_interval", evaluation_interval, 1)
        self.delay_evaluation = whole_number("delay_evaluation", delay_evaluation, 0)

    def applies(self, interval: int) -> bool:
        """Whether runs are judged when they report this interval, counted from 1."""
        return interval >= self.delay_evaluation and interval % self.evaluation_interval == 0

    def stops(
        self, run: int, curves: Sequence[Curve], completed: Collection[int] | None = None
    ) -> bool:
        """Whether a run ends, having just reported the last value of its curve.

        Args:
            run: Its index.
            curves: One for every run that was started; those of ended runs stay as they ended.
            completed: Indices of the runs that were trained to the end; `OptunaMedian` alone
                asks for them.
        """
        interval = len(curves[run])
        if not (interval and self.applies(interval)):
            return False
        peers = [self.scores(curve[:interval]) for curve in curves if len(curve) >= interval]
        return self._cancels(self.scores(curves[run]), peers)

    def scores(self, curve: Curve) -> list[float]:
        """A curve with its sign turned so that higher is better; -inf for what is not a number."""
        sign = 1.0 if self.goal == "maximize" else -1.0
        return [-inf if isnan(value) else sign * value for value in curve]

    @abstractmethod
    def _cancels(self, own: list[float], peers: list[list[float]]) -> bool:
        """Whether the run with the scores ``own`` ends; it is one of its peers, all as long."""


class NoTermination(Rule):
    """Every run is trained to its end."""

    def _cancels(self, own: list[float], peers: list[list[float]]) -> bool:
        return False


class Bandit(Rule):
    """HyperDrive's: ends a run whose best is worse than the best run's by more than a slack.

    With a factor s of 0.2 and a best run at 0.8, runs below 0.8 / 1.2 end; with a metric that is
    minimised and a best run at 0.8, runs above 0.8 x 1.2. In both, and for negative metrics, the
    slack is s times the size of the lower value.

    Args:
        slack_factor: The slack as a fraction, at least 0.
        slack_amount: The slack itself, at least 0; exactly one of the two is given.
        intervals: goal, evaluation_interval and delay_evaluation, see `Rule`.
    """

    def __init__(
        self,
        *,
        slack_factor: float | None = None,
        slack_amount: float | None = None,
        **intervals: Any,
    ) -> None:
        super().__init__(**intervals)
        if (slack_factor is None) == (slack_amount is None):
            raise ValueError(
                f"slack_factor = {slack_factor!r} and slack_amount = {slack_amount!r}: "
                "give exactly one of them"
            )
        self.slack_factor = real_number("slack_factor", slack_factor or 0, 0)
        self.slack_amount = real_number("slack_amount", slack_amount or 0, 0)

    def _cancels(self, own: list[float], peers: list[list[float]]) -> bool:
        reached, best = max(own), max(map(max, peers))
        if reached == -inf:
            return best > reached
        lower = reached if self.goal == "maximize" else best
        return reached + self.slack_amount + self.slack_factor * abs(lower) < best


class MedianStopping(Rule):
    """HyperDrive's: ends a run whose best is worse than the median of the runs' averages.

    The average of a run is that of its values over intervals 1 to n; the run's own counts, too.
    """

    def _cancels(self, own: list[float], peers: list[list[float]]) -> bool:
        return max(own) < median(map(_average, peers))


class TruncationSelection(Rule):
    """HyperDrive's: ends the lowest runs, ranked by their best.

    A run ends if it and all that are not better make up at most the given percentage: equal runs
    end or stay together.

    Args:
        truncation_percentage: Of the runs that are compared, 1 to 99.
        intervals: goal, evaluation_interval and delay_evaluation, see `Rule`.
    """

    def __init__(self, truncation_percentage: int, **intervals: Any) -> None:
        super().__init__(**intervals)
        self.truncation_percentage = whole_number(
            "truncation_percentage", truncation_percentage, 1, 99
        )

    def _cancels(self, own: list[float], peers: list[list[float]]) -> bool:
        reached = max(own)
        lowest = sum(max(peer) <= reached for peer in peers)
        return 100 * lowest <= self.truncation_percentage * len(peers)


class OptunaMedian(Rule):
    """Optuna's MedianPruner: compares a run's best with completed runs at the same step.

    Steps are counted from 0, as in Optuna's examples: interval n is step n - 1. A run whose
    values are all not a number ends; of completed runs such values are left out.

    Args:
        goal: "maximize" or "minimize".
        n_startup_trials: No run ends before so many have completed.
        n_warmup_steps: None ends before this step.
        interval_steps: Runs are judged at every so many steps from there.
        n_min_trials: So many completed runs must have reported the step.

    Raises:
        ValueError: An argument is out of its range; in `stops`: the completed runs are missing.
    """

    def __init__(
        self,
        *,
        goal: Goal = "maximize",
        n_startup_trials: int = 5,
        n_warmup_steps: int = 0,
        interval_steps: int = 1,
        n_min_trials: int = 1,
    ) -> None:
        super().__init__(goal=goal)
        self.n_startup_trials = whole_number("n_startup_trials", n_startup_trials, 0)
        self.n_warmup_steps = whole_number("n_warmup_steps", n_warmup_steps, 0)
        self.interval_steps = whole_number("interval_steps", interval_steps, 1)
        self.n_min_trials = whole_number("n_min_trials", n_min_trials, 1)

    def applies(self, interval: int) -> bool:
        """Whether runs are judged at this interval, counted from 1."""
        late = interval - 1 - self.n_warmup_steps
        return late >= 0 and late % self.interval_steps == 0

    def stops(
        self, run: int, curves: Sequence[Curve], completed: Collection[int] | None = None
    ) -> bool:
        """See `Rule.stops`."""
        if completed is None:
            raise ValueError(
                "completed = None: Optuna's rule compares with completed runs alone; pass their "
                "indices, stops(run, curves, completed)"
            )
        interval = len(curves[run])
        if not (interval and self.applies(interval) and completed):
            return False
        if len(completed) < self.n_startup_trials:
            return False
        if all(map(isnan, curves[run])):
            return True
        ends = [curves[other][:interval] for other in completed if len(curves[other]) >= interval]
        if len(ends) < self.n_min_trials:
            return False
        peers = [self.scores(end) for end in ends if not isnan(end[-1])]
        return self._cancels(self.scores(curves[run]), peers)

    def _cancels(self, own: list[float], peers: list[list[float]]) -> bool:
        return bool(peers) and max(own) < median(peer[-1] for peer in peers)


class SyneTuneMedian(Rule):
    """Syne Tune's MedianStoppingRule with running averages.

    A run ends if the runs whose average over intervals 1 to n is better make up more than a
    fraction of all that have reported n, itself included.

    Args:
        goal: "maximize" or "minimize".
        grace_time: No run ends before this interval.
        grace_population: None ends while fewer runs have reported the interval.
        rank_cutoff: The fraction, in [0, 1]: 0.5 for the median.

    Raises:
        ValueError: An argument is out of its range.
    """

    def __init__(
        self,
        *,
        goal: Goal = "maximize",
        grace_time: int = 1,
        grace_population: int = 5,
        rank_cutoff: float = 0.5,
    ) -> None:
        super().__init__(goal=goal, delay_evaluation=grace_time)
        self.grace_population = whole_number("grace_population", grace_population, 1)
        self.rank_cutoff = real_number("rank_cutoff", rank_cutoff, 0, 1)

    def _cancels(self, own: list[float], peers: list[list[float]]) -> bool:
        if len(peers) < self.grace_population:
            return False
        average = _average(own)
        better = sum(_average(peer) > average for peer in peers)
        return better / len(peers) > self.rank_cutoff


def _average(scores: list[float]) -> float:
    if -inf in scores:
        return -inf
    # Rounded, the average of equal values may lie above them: then the best run would end.
    return min(sum(scores) / len(scores), max(scores))
