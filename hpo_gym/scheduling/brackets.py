"""Schedulers: those that promote the best of a rung, and those that follow a stopping rule.

A rung is a number of epochs at which runs are compared. The best 1 / eta of them go on to the next
rung, the last of which is the whole run. All of them decide by the table of runs alone, and spend
what is left of the budget: when no run can be started, the best paused one goes on.

Sources: Li et al., "Hyperband: A Novel Bandit-Based Approach to Hyperparameter Optimization" (JMLR
2018), for successive halving and Hyperband; Li et al., "A System for Massively Parallel
Hyperparameter Tuning" (MLSys 2020), for ASHA.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import cycle
from math import log
from typing import NamedTuple

from hpo_gym.scheduling.rules import Rule
from hpo_gym.scheduling.table import Decision, Runs, Status

_WAIT = Decision("pause", "wait")


class RuleScheduler:
    """Stops runs where a rule says so, and never pauses one that can go on.

    Args:
        rule: Looks at the curves, whose intervals are the reports.
    """

    def __init__(self, rule: Rule) -> None:
        self.rule = rule

    def decide(self, runs: Runs) -> Decision:
        """Stop the run that has reported, or continue it; else start one."""
        run = runs.reported
        if run is None:
            return Decision("pause", "start")
        completed = [one for one, status in enumerate(runs.status) if status is Status.COMPLETED]
        if self.rule.stops(run, runs.curves, completed):
            return Decision("stop", "start")
        return Decision("continue" if runs.can_grant(run) else "pause", "start")


@lru_cache(maxsize=256)
def rung_places(reports: tuple[int, ...], eta: int, least: int) -> tuple[int, ...]:
    """How many reports a run has made at each rung.

    The rungs are R, R / eta, R / eta^2, ... epochs, where R is the whole run, as long as they are
    at least ``least``; each is at the report that is nearest to it on a logarithmic axis.

    Example:
        >>> rung_places((1, 2, 4, 8, 16, 32, 64, 100), eta=4, least=2)  # 8, 32 and 100 epochs
        (4, 6, 8)
    """
    whole, places, level = reports[-1], {len(reports)}, 1
    while whole >= least * eta**level:
        goal = log(whole / eta**level)
        nearest = min(range(len(reports)), key=lambda i: abs(log(reports[i]) - goal))
        places.add(nearest + 1)
        level += 1
    return tuple(sorted(places))


class _Rungs:
    """Where the rungs are.

    Args:
        eta: One in so many runs is promoted, >= 2.
        least: Epochs that every run gets before it is compared, >= 1.

    Raises:
        ValueError: A number is out of bounds.
    """

    def __init__(self, *, eta: int = 4, least: int = 1) -> None:
        for name, value, low in (("eta", eta, 2), ("least", least, 1)):
            if isinstance(value, bool) or not isinstance(value, int) or value < low:
                raise ValueError(f"{name} = {value!r} must be a whole number >= {low}")
        self.eta, self.least = eta, least

    def places(self, runs: Runs) -> tuple[int, ...]:
        """How many reports a run has made at each rung."""
        return rung_places(tuple(runs.reports), self.eta, self.least)


class ASHA(_Rungs):
    """Asynchronous successive halving: a worker that is free promotes a run, or starts one.

    It promotes the best run that is among the best 1 / eta of those that have reached its rung, and
    was not promoted yet: from the highest rung on which there is one. Rungs do not wait to be full.

    Args:
        eta: One in so many runs is promoted, >= 2.
        least: Epochs that every run gets before it is compared, >= 1.

    Raises:
        ValueError: A number is out of bounds.
    """

    def decide(self, runs: Runs) -> Decision:
        """Promote, or start."""
        return _go_on(runs, self._promotable(runs)) or _start(runs)

    def _promotable(self, runs: Runs) -> Iterator[int]:
        """Runs that may go on now, in the order of preference."""
        idle, places = _idle(runs), self.places(runs)
        yield from (run for run in idle if len(runs.curves[run]) not in places)
        for place in reversed(places[:-1]):
            ranked = _best(runs, range(len(runs.curves)), place)
            for run in ranked[: len(ranked) // self.eta]:
                if run in idle and len(runs.curves[run]) == place:
                    yield run


class Bracket(NamedTuple):
    """One successive halving."""

    runs: int
    """So many are started."""
    places: tuple[int, ...]
    """How many reports a run has made at each rung of the bracket."""


class _Synchronous(_Rungs, ABC):
    """Brackets one after the other, of which each waits until a rung is full.

    Args and errors are those of `_Rungs`.
    """

    @abstractmethod
    def brackets(self, places: tuple[int, ...]) -> list[Bracket]:
        """The brackets, which are repeated.

        Args:
            places: How many reports a run has made at each of all rungs.
        """

    def decide(self, runs: Runs) -> Decision:
        """What the first bracket that is not finished needs."""
        first, brackets = 0, cycle(self.brackets(self.places(runs)))
        while True:
            bracket = next(brackets)
            members = range(first, min(first + bracket.runs, runs.most_runs))
            if not members:
                return _start(runs)
            late = self._late(runs, members, bracket.places)
            if late:
                return _catch_up(runs, late)
            first += bracket.runs

    def _late(self, runs: Runs, members: Iterable[int], places: tuple[int, ...]) -> list[int]:
        """The members that are missing on the first rung that is not full."""
        members, started = list(members), len(runs.status)
        for place in places:
            late = [run for run in members if run >= started or _is_late(runs, run, place)]
            if late:
                return late
            members = _best(runs, members, place)[: max(len(members) // self.eta, 1)]
        return []


class SuccessiveHalving(_Synchronous):
    """Synchronous successive halving: a rung is full before the best of it are promoted.

    With s rungs below the whole run a bracket has eta^s runs, of which one becomes a whole run.

    Args:
        eta: One in so many runs is promoted, >= 2.
        least: Epochs that every run gets before it is compared, >= 1.

    Raises:
        ValueError: A number is out of bounds.
    """

    def brackets(self, places: tuple[int, ...]) -> list[Bracket]:
        """The one bracket."""
        return [Bracket(self.eta ** (len(places) - 1), places)]


class Hyperband(_Synchronous):
    """Hyperband: brackets of successive halving, from many short runs to few whole ones.

    Args:
        eta: One in so many runs is promoted, >= 2.
        least: Epochs that every run of the first bracket gets before it is compared, >= 1.

    Raises:
        ValueError: A number is out of bounds.
    """

    def brackets(self, places: tuple[int, ...]) -> list[Bracket]:
        """One beginning at each rung, of the sizes of table 1 of Li et al. (2018)."""
        most = len(places)
        return [
            Bracket(most // (most - i) * self.eta ** (most - i - 1), places[i:])
            for i in range(most)
        ]


def _idle(runs: Runs) -> list[int]:
    """The runs that may be granted epochs now, the best last score first, of equals the earlier."""
    waiting = (Status.PAUSED, Status.REPORTED)
    idle = [run for run, status in enumerate(runs.status) if status in waiting]
    return sorted(idle, key=lambda run: -runs.curves[run][-1])


def _go_on(runs: Runs, preferred: Iterable[int]) -> Decision | None:
    """Grant the first of these idle runs that the budget can pay; None if there is none."""
    for run in preferred:
        if runs.can_grant(run):
            return (
                Decision("continue") if run == runs.reported else Decision("pause", "resume", run)
            )
    return None


def _start(runs: Runs) -> Decision:
    """Start a run, or where that cannot be let the best idle one go on."""
    if runs.can_grant(None):
        return Decision("pause", "start")
    return _go_on(runs, _idle(runs)) or _WAIT


def _catch_up(runs: Runs, late: Sequence[int]) -> Decision:
    """Let one of the runs go on that are missing on a rung, or start one, or wait for them."""
    started = [run for run in late if run < len(runs.status)]
    idle = [run for run in started if runs.status[run] is not Status.RUNNING]
    if decision := _go_on(runs, sorted(idle, key=lambda run: run != runs.reported)):
        return decision
    return _WAIT if len(idle) < len(started) == len(late) else _start(runs)


def _is_late(runs: Runs, run: int, place: int) -> bool:
    return len(runs.curves[run]) < place and runs.status[run] is not Status.STOPPED


def _best(runs: Runs, members: Iterable[int], place: int) -> list[int]:
    """Those that have reached a rung by their score there, the best first, of equals the earlier.

    The others were stopped before.
    """
    curves = runs.curves
    reached = [run for run in members if len(curves[run]) >= place]
    return sorted(reached, key=lambda run: -curves[run][place - 1])
