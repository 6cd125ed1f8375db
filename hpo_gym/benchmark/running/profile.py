"""How thorough a benchmark is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hpo_gym.benchmark.suites.suite import Suite
from hpo_gym.tuners.entry import AgentEntry

_OTHERS = "*"

Limits = Mapping[str, tuple[int, int]]
"""Numbers of first tasks and of first seeds by the name of a suite; "*" for all other suites."""


@dataclass(frozen=True)
class Profile:
    """Which suites are run by default, and how much of them agents run on.

    Attributes:
        suites: Names of suites.
        limits: By the speed of the agent; without a limit it runs on the whole suite.
    """

    suites: tuple[str, ...] = ()
    limits: Mapping[str, Limits] = field(default_factory=dict)

    def size(self, agent: AgentEntry, suite: Suite) -> tuple[int, int]:
        """Numbers of tasks and of seeds of a suite that an agent runs on, 0 if it cannot."""
        if agent.families and suite.family["name"] not in agent.families:
            return 0, 0
        whole = (len(suite.tasks), len(suite.seeds))
        limits = self.limits.get(agent.speed, {})
        tasks, seeds = limits.get(suite.name, limits.get(_OTHERS, whole))
        return min(tasks, whole[0]), min(seeds, whole[1])
