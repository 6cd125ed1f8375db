"""The options of the tuning process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hpo_gym.families import Family, require_optimum
from hpo_gym.tasks.options import TaskOptions, is_count, is_one_of, naming
from hpo_gym.tuning.observations import OBSERVATIONS
from hpo_gym.tuning.rewards import REWARDS

ACTIONS = ("propose", "adjust", "nudge")

MOST_EVALUATIONS = 1_000_000


@dataclass(frozen=True)
class Options(TaskOptions):
    """Everything that defines a tuning environment; see `hpo_gym.tasks.options.TaskOptions` too.

    Attributes:
        action: "propose", "adjust" or "nudge".
        adjust_step: Largest move of "adjust", as a fraction of the range, in [1e-6, 1].
        stop: Adds an action that ends the episode.
        reward: "f1_gain", "f1_delta" or "log_regret" (see `hpo_gym.tuning.rewards`).
        evaluation_cost: Cost of an evaluation, in units of the score, >= 0.
        max_evaluations: The budget, from 1 to 1,000,000.
        start: "random", "none", or a configuration.
        observation: "summary" or "history".

    Raises:
        ValueError: An option has a value that does not exist or does not fit the others.
    """

    action: str = "propose"
    adjust_step: float = 0.2
    stop: bool = False
    reward: str = "f1_gain"
    evaluation_cost: float = 0.002
    max_evaluations: int = 20
    start: str | Mapping[str, float] | Sequence[float] = "random"
    observation: str = "summary"

    def __post_init__(self) -> None:
        """Check every option, and those that must fit each other."""
        super().__post_init__()
        self._require_one_of("action", ACTIONS)
        self._require_one_of("observation", OBSERVATIONS)
        self._require_one_of("reward", REWARDS)
        self._require("stop", isinstance(self.stop, bool), "True or False")
        self._require_number("adjust_step", 1e-6, 1.0)
        self._require_number("evaluation_cost", 0.0, 1e6)
        possible = is_count(self.max_evaluations, 1, MOST_EVALUATIONS)
        self._require("max_evaluations", possible, f"a whole number in [1, {MOST_EVALUATIONS}]")
        if self.reward == "log_regret":
            require_optimum(self.made_family, "option reward = 'log_regret'")
        self._check_start(self.made_family)

    def _check_start(self, family: Family) -> None:
        if isinstance(self.start, (Mapping, list, tuple)):
            with naming("option start", self.start):
                family.space.unit(self.start)
        else:
            words = ["random", "none"] if self.action == "propose" else ["random"]
            wanted = f"one of {words} or a configuration (with action={self.action!r})"
            self._require("start", is_one_of(self.start, words), wanted)
