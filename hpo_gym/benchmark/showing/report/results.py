"""What a report is made from."""

from __future__ import annotations

from dataclasses import dataclass

from hpo_gym.benchmark.results.records import Records
from hpo_gym.benchmark.scoring.scores import Summary
from hpo_gym.benchmark.suites.suite import Suite


@dataclass(frozen=True)
class SuiteResults:
    """Runs on a suite and their scores.

    Attributes:
        suite: The suite.
        summary: Its scores.
        records: The runs that were scored, one entry per agent of the summary.
    """

    suite: Suite
    summary: Summary
    records: tuple[Records, ...]

    @property
    def agents(self) -> tuple[str, ...]:
        """Names of the agents that have scores, best first."""
        return tuple(scores.agent for scores in self.summary.agents)

    @property
    def fewer_runs(self) -> str:
        """A sentence on the agents that ran on fewer tasks or seeds than others, "" if none did."""
        sizes = {scores.agent: (scores.tasks, scores.seeds) for scores in self.summary.agents}
        whole = max(sizes.values(), key=lambda size: size[0] * size[1])
        fewer = [f"{a} ({n} x {s})" for a, (n, s) in sizes.items() if (n, s) != whole]
        shown = f"On fewer runs (tasks x seeds) than the {whole[0]} x {whole[1]} of the others"
        return f"{shown}: {', '.join(fewer)}." if fewer else ""

    def runs(self, agent: str) -> Records:
        """The runs of an agent.

        Raises:
            ValueError: There are none.
        """
        for records in self.records:
            if records.agent == agent:
                return records
        raise ValueError(
            f"no runs of {agent!r} on {self.suite.name!r}: give a report the records that its "
            "summary was made from"
        )
