"""Who counts as a rival, and where an agent stands among its rivals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from hpo_gym.benchmark.scoring.comparisons import Comparisons
from hpo_gym.benchmark.scoring.scores import AgentFacts, Verdict
from hpo_gym.benchmark.scoring.statistics import Estimate

Rivals = Mapping[str, Sequence[str]]
"""Names of agents that are one tuner, by the tuner's name."""


def rivals(agents: Sequence[str], facts: Mapping[str, AgentFacts]) -> dict[str, list[str]]:
    """The tuners that ranks count: training seeds of one together, and no oracles.

    Args:
        agents: Names of the agents.
        facts: What is known of them, by their names.
    """
    found: dict[str, list[str]] = {}
    for agent in agents:
        known = facts.get(agent, AgentFacts())
        if not known.oracle:
            found.setdefault(known.tuner or agent, []).append(agent)
    return found


def verdict(agent: str, others: Rivals, pairs: Comparisons) -> Verdict:
    """Where an agent stands.

    Args:
        agent: Name of the agent.
        others: The rivals; the agent's own tuner, if it is there, is left out.
        pairs: Comparisons of all of them.
    """
    ahead = {
        name: pairs.lead(agent, members) for name, members in others.items() if agent not in members
    }
    closest = sorted(ahead, key=lambda name: abs(ahead[name].value))
    sides = {name: _side(lead) for name, lead in ahead.items()}
    return Verdict(
        agent=agent,
        place=1 + sum(estimate.value < 0.0 for estimate in ahead.values()),
        tuners=1 + len(ahead),
        better_than=tuple(name for name in closest if sides[name] == 1),
        not_told_apart_from=tuple(name for name in closest if sides[name] == 0),
        worse_than=tuple(name for name in closest if sides[name] == -1),
        too_few_runs_with=tuple(name for name in closest if sides[name] is None),
    )


def _side(lead: Estimate) -> int | None:
    """1 or -1 where the whole interval is on one side of 0, None where there is no interval."""
    if lead.low is None or lead.high is None:
        return None
    return int(np.sign(lead.low)) if lead.low > 0.0 or lead.high < 0.0 else 0
