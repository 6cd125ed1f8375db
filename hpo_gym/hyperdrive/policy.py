"""HyperDrive's early termination policies: which children end before they are done."""

from __future__ import annotations

from abc import ABC, abstractmethod
from math import isfinite
from typing import Any, ClassVar

from hpo_gym.hyperdrive.exceptions import HyperDriveConfigException
from hpo_gym.parameters import plain
from hpo_gym.scheduling.rules import (
    Bandit,
    Goal,
    MedianStopping,
    NoTermination,
    Rule,
    TruncationSelection,
)


def _whole(name: str, value: Any) -> int:
    whole = plain(value)
    if not isinstance(whole, int):
        raise HyperDriveConfigException(f"{name} = {value!r} must be a whole number", "SDK")
    return whole


class EarlyTerminationPolicy(ABC):
    """When children are compared, and by which rule.

    An interval is a report of the primary metric.

    Args:
        evaluation_interval: Children are compared at multiples of so many intervals.
        delay_evaluation: None ends before it has reported so many intervals.

    Raises:
        HyperDriveConfigException: An argument is out of its bounds.
    """

    POLICY_NAME: ClassVar[str]

    def __init__(self, evaluation_interval: int = 1, delay_evaluation: int = 0) -> None:
        self.evaluation_interval = _whole("evaluation_interval", evaluation_interval)
        if self.evaluation_interval < 1:
            raise HyperDriveConfigException(
                f"evaluation_interval = {evaluation_interval!r} must be at least 1, for every "
                "interval",
                "service",
            )
        self.delay_evaluation = _whole("delay_evaluation", delay_evaluation)
        if self.delay_evaluation < 0:
            raise HyperDriveConfigException(
                f"delay_evaluation = {delay_evaluation!r} must be at least 0, for no delay",
                "service",
            )

    def intervals(self) -> dict[str, int]:
        """The two arguments that all policies share."""
        return {
            "evaluation_interval": self.evaluation_interval,
            "delay_evaluation": self.delay_evaluation,
        }

    def __repr__(self) -> str:
        given = [f"{name}={value!r}" for name, value in vars(self).items() if value is not None]
        return f"{type(self).__name__}({', '.join(given)})"

    def to_json(self) -> dict[str, Any]:
        """What HyperDrive sends to its service."""
        return {"name": self.POLICY_NAME, "properties": self.intervals()}

    @abstractmethod
    def rule(self, goal: Goal) -> Rule:
        """The rule that judges the children, for "maximize" or "minimize"."""


class NoTerminationPolicy(EarlyTerminationPolicy):
    """Every child is trained to its end."""

    POLICY_NAME = "Default"

    def __init__(self) -> None:
        super().__init__()

    def __repr__(self) -> str:
        return "NoTerminationPolicy()"

    def to_json(self) -> dict[str, Any]:
        """What HyperDrive sends to its service."""
        return {"name": self.POLICY_NAME}

    def rule(self, goal: Goal) -> Rule:
        """See `EarlyTerminationPolicy.rule`."""
        return NoTermination(goal=goal)


class BanditPolicy(EarlyTerminationPolicy):
    """Ends children that are worse than the best by more than a slack, see `Bandit`.

    Args:
        evaluation_interval: See `EarlyTerminationPolicy`.
        slack_factor: The slack as a fraction, at least 0.
        slack_amount: The slack itself, at least 0; exactly one of the two is given.
        delay_evaluation: See `EarlyTerminationPolicy`.
    """

    POLICY_NAME = "Bandit"

    def __init__(
        self,
        evaluation_interval: int = 1,
        slack_factor: float | None = None,
        slack_amount: float | None = None,
        delay_evaluation: int = 0,
    ) -> None:
        super().__init__(evaluation_interval, delay_evaluation)
        if (slack_factor is None) == (slack_amount is None):
            raise HyperDriveConfigException(
                f"slack_factor = {slack_factor!r} and slack_amount = {slack_amount!r}: give "
                "exactly one of them",
                "SDK",
            )
        self.slack_factor, self.slack_amount = plain(slack_factor), plain(slack_amount)
        for name, slack in self._slack().items():
            if not (isinstance(slack, (int, float)) and isfinite(slack) and slack >= 0):
                raise HyperDriveConfigException(
                    f"{name} = {slack!r} must be a number of at least 0", "service"
                )

    def _slack(self) -> dict[str, Any]:
        if self.slack_factor is None:
            return {"slack_amount": self.slack_amount}
        return {"slack_factor": self.slack_factor}

    def to_json(self) -> dict[str, Any]:
        """What HyperDrive sends to its service."""
        return {"name": self.POLICY_NAME, "properties": self.intervals() | self._slack()}

    def rule(self, goal: Goal) -> Rule:
        """See `EarlyTerminationPolicy.rule`."""
        return Bandit(goal=goal, **self._slack(), **self.intervals())


class MedianStoppingPolicy(EarlyTerminationPolicy):
    """Ends children whose best is worse than the median of all averages, see `MedianStopping`."""

    POLICY_NAME = "MedianStopping"

    def rule(self, goal: Goal) -> Rule:
        """See `EarlyTerminationPolicy.rule`."""
        return MedianStopping(goal=goal, **self.intervals())


class TruncationSelectionPolicy(EarlyTerminationPolicy):
    """Ends the lowest children, see `TruncationSelection`.

    Args:
        truncation_percentage: Of the children that are compared, 1 to 99.
        evaluation_interval: See `EarlyTerminationPolicy`.
        delay_evaluation: See `EarlyTerminationPolicy`.
    """

    POLICY_NAME = "TruncationSelection"

    def __init__(
        self, truncation_percentage: int, evaluation_interval: int = 1, delay_evaluation: int = 0
    ) -> None:
        super().__init__(evaluation_interval, delay_evaluation)
        self.truncation_percentage = _whole("truncation_percentage", truncation_percentage)
        if not 1 <= self.truncation_percentage <= 99:
            raise HyperDriveConfigException(
                f"truncation_percentage = {truncation_percentage!r} must lie in [1, 99]; to end "
                "none use NoTerminationPolicy",
                "SDK",
            )

    def to_json(self) -> dict[str, Any]:
        """What HyperDrive sends to its service, a constant that it cannot change included."""
        chosen = {
            "truncation_percentage": self.truncation_percentage,
            "exclude_finished_jobs": False,
        }
        return {"name": self.POLICY_NAME, "properties": self.intervals() | chosen}

    def rule(self, goal: Goal) -> Rule:
        """See `EarlyTerminationPolicy.rule`."""
        return TruncationSelection(self.truncation_percentage, goal=goal, **self.intervals())
