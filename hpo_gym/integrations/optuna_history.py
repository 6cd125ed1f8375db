"""What the trials of an Optuna study say about some of its parameters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf, isfinite, nan
from typing import Any

import numpy as np
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from hpo_gym.integrations.optuna_axis import Axis
from hpo_gym.space import MOST_PARAMETERS, SearchSpace
from hpo_gym.tuners.proposer import Proposer


def score_of(trial: FrozenTrial, direction: StudyDirection) -> float:
    """Score of a finished trial, higher is better, -inf if it failed.

    Of a pruned trial the last intermediate value counts. Trials that broke a constraint, and values
    that are not finite, count as failed.
    """
    value = trial.values[0] if trial.values else None
    if trial.state is TrialState.PRUNED and trial.last_step is not None:
        value = trial.intermediate_values[trial.last_step]
    broken = any(constraint > 0.0 for constraint in trial.constraints.values())
    if value is None or trial.state is TrialState.FAIL or broken or not isfinite(value):
        return -inf
    value = float(value)
    return -value if direction is StudyDirection.MINIMIZE else value


def _alike(one: BaseDistribution, other: BaseDistribution) -> bool:
    """Whether values of one distribution say something about the other; bounds may differ."""
    if isinstance(one, CategoricalDistribution):
        return one == other
    return type(one) is type(other)


def company_of(
    name: str, distribution: BaseDistribution, trials: Iterable[FrozenTrial]
) -> dict[str, BaseDistribution]:
    """The parameters that come with a parameter, itself included: those to be proposed together.

    They are those of every complete trial that has it. Before there is one, they are those of the
    trial that has it and most others. So each branch of a conditional space is a group of its own,
    together with what all branches share.

    Args:
        name: The parameter.
        distribution: What it is asked for with.
        trials: The trials of the study.

    Returns:
        Distributions by name, in the order of the names; no single values.
    """
    with_it = [
        trial
        for trial in trials
        if name in trial.distributions and _alike(distribution, trial.distributions[name])
    ]
    complete = [trial for trial in with_it if trial.state is TrialState.COMPLETE]
    found: dict[str, BaseDistribution] = {}
    if complete:
        shared = set.intersection(*[set(trial.distributions) for trial in complete])
        latest = complete[-1].distributions
        found = {other: latest[other] for other in shared}
    elif with_it:
        found = max(with_it, key=lambda trial: len(trial.distributions)).distributions
    found = {other: each for other, each in found.items() if not each.single()}
    return dict(sorted({**found, name: distribution}.items()))


@dataclass(frozen=True)
class Group:
    """Parameters that are proposed together.

    Attributes:
        distributions: Their distributions by name, at most 20.
    """

    distributions: dict[str, BaseDistribution]

    @classmethod
    def of(cls, name: str, company: dict[str, BaseDistribution], decided: set[str]) -> Group:
        """A parameter with its company; only what is not decided yet if they are too many."""
        if len(company) <= MOST_PARAMETERS:
            return cls(company)
        open_ones = [other for other in company if other not in decided and other != name]
        return cls({other: company[other] for other in [name, *open_ones[: MOST_PARAMETERS - 1]]})

    @cached_property
    def axes(self) -> dict[str, Axis]:
        """Their axes."""
        return {name: Axis(each) for name, each in self.distributions.items()}

    @cached_property
    def space(self) -> SearchSpace:
        """Their search space."""
        return SearchSpace({name: axis.parameter for name, axis in self.axes.items()})

    def unit(self, trial: FrozenTrial, drafted: dict[str, Any]) -> tuple[float, ...] | None:
        """Unit configuration of a trial, None if it lacks a parameter.

        Args:
            trial: The trial.
            drafted: Values of parameters that were proposed for it and not asked for yet.
        """
        values = []
        for name, axis in self.axes.items():
            if name in trial.distributions:
                if not _alike(axis.distribution, trial.distributions[name]):
                    return None
                values.append(axis.to_parameter(trial.params[name]))
            elif name in drafted:
                values.append(axis.to_parameter(drafted[name]))
            else:
                return None
        return self.space.unit(values)


class History:
    """The trials of a study as a proposer sees them.

    Args:
        group: The parameters.
        proposer: Proposes them.
        direction: Of the study.
        trials: All trials but the one that is to be proposed.
        drafts: By the number of a running trial: what was proposed for it, by name.
    """

    def __init__(
        self,
        group: Group,
        proposer: Proposer,
        direction: StudyDirection,
        trials: Sequence[FrozenTrial],
        drafts: Mapping[int, dict[str, Any]],
    ) -> None:
        self._group, self._proposer = group, proposer
        self._units: list[tuple[float, ...]] = []
        self._scores: list[float] = []
        # By the time of their end: what was known in the course of the study.
        finished = [trial for trial in trials if trial.datetime_complete is not None]
        for trial in sorted(finished, key=lambda t: (t.datetime_complete, t.number)):
            self._add(group.unit(trial, {}), score_of(trial, direction))
        self._running = [trial for trial in trials if trial.state is TrialState.RUNNING]
        self._drafts = drafts

    def _add(self, unit: tuple[float, ...] | None, score: float) -> None:
        if unit is not None:
            self._units.append(unit)
            self._scores.append(score)

    def propose(self, number: int) -> dict[str, Any]:
        """Values by name for the trial of this number.

        Other processes may have begun trials whose parameters they have not asked for yet: what
        they will get is proposed again here, for a proposal is a function of what all can see.
        """
        for trial in sorted(self._running, key=lambda t: t.number):
            unit = self._group.unit(trial, self._drafts.get(trial.number, {}))
            begins = trial.number < number and trial.distributions.keys() <= self._group.axes.keys()
            if unit is None and begins:
                unit = self._group.unit(trial, self._proposed(trial.number))
            self._add(unit, nan)
        return self._proposed(number)

    def _proposed(self, number: int) -> dict[str, Any]:
        unit = np.array(self._units).reshape(-1, self._group.space.dimension)
        configuration = self._proposer.propose(unit, np.array(self._scores), number)
        return {
            name: self._group.axes[name].to_trial(value) for name, value in configuration.items()
        }
