"""A trained policy as a scheduler."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from hpo_gym.policies.policy import Policy
from hpo_gym.scheduling.choices import ChoiceFormat
from hpo_gym.scheduling.observations import SchedulingEncoder
from hpo_gym.scheduling.rungs import RungEncoder
from hpo_gym.scheduling.table import Decision, Runs


class PolicyScheduler:
    """Schedules as a policy chooses that was trained with ``action="choose"``.

    Args:
        policy: Trained with ``observation="rungs"`` in a scheduling environment.
        budget: Worker-epochs of the tuning, of which the policy sees the share that is left.

    Raises:
        ValueError: The policy was trained for something else.
    """

    def __init__(self, policy: Policy, *, budget: int) -> None:
        interface = policy.description["interface"]
        for name, wanted in (("action", "choose"), ("observation", "rungs")):
            if interface.get(name) != wanted:
                raise ValueError(
                    f"the policy was trained with {name} = {interface.get(name)!r}: train one with "
                    f"{name}={wanted!r}, in an environment such as RecordedHPOSchedule-v0"
                )
        self.policy, self.budget = policy, budget
        self._reports = tuple(interface["reports"])

    def decide(self, runs: Runs) -> Decision:
        """What the worker that asks is to do.

        Raises:
            ValueError: Runs report at other epochs than in the policy's training.
        """
        if tuple(runs.reports) != self._reports:
            raise ValueError(
                f"the policy knows runs that report after {self._reports} epochs, not after "
                f"{tuple(runs.reports)}: take reports={self._reports}"
            )
        dimension = len(runs.points[0]) if runs.points else 0
        encoder, rungs, choices = _formats(dimension, self._reports, runs.most_runs, self.budget)
        table = encoder.encode(runs)[..., None]
        left = np.array([float(runs.epochs_left)])
        last = np.zeros((runs.most_runs, 1), dtype=np.float32)
        last[: len(runs.curves), 0] = [curve[-1] if curve else 0.0 for curve in runs.curves]
        observation = rungs.columns(table, left).T
        choice, _ = self.policy.predict(observation, deterministic=True)
        (run,), (is_new,) = choices.targets(table, last, left, choice)
        if is_new:
            return Decision("pause", "start")
        if run < 0:
            return Decision("pause", "wait")
        return Decision("continue") if run == runs.reported else Decision("pause", "resume", run)


@lru_cache(maxsize=16)
def _formats(
    dimension: int, reports: tuple[int, ...], max_runs: int, budget: int
) -> tuple[SchedulingEncoder, RungEncoder, ChoiceFormat]:
    encoder = SchedulingEncoder(dimension, reports, max_runs, budget)
    return encoder, RungEncoder(encoder), ChoiceFormat(encoder, "random")
