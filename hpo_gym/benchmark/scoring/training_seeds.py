"""How much the luck of a training matters: agents that differ in their training seed alone."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hpo_gym.benchmark.scoring.scores import AgentScores, Estimates, Spread


def group_of(agent: str) -> str | None:
    """Name of an agent without its training seed, None if it has none: "ppo" for "ppo-0"."""
    match = re.fullmatch(r"(.+)-\d+", agent)
    return match[1] if match else None


def spreads(agents: Sequence[AgentScores]) -> tuple[Spread, ...]:
    """One for every group of at least two agents "name-0", "name-1", ...

    Args:
        agents: Scores of all agents; "gp-4" is no training seed, as there is no "gp-0".
    """
    groups: dict[str, list[AgentScores]] = {}
    for scores in agents:
        group = group_of(scores.agent)
        if group is not None:
            groups.setdefault(group, []).append(scores)
    found = []
    for group, members in groups.items():
        names = tuple(sorted(scores.agent for scores in members))
        if len(names) < 2 or f"{group}-0" not in names:
            continue
        gaps = [m.adaptivity.oracle_iqm for m in members if m.adaptivity is not None]
        shares = [gap.value for gap in gaps if gap is not None]
        found.append(
            Spread(
                group=group,
                agents=names,
                regret_iqm=_ranges([m.regret_iqm for m in members]),
                regret_mean=_ranges([m.regret_mean for m in members]),
                returns=_ranges([(m.return_iqm,) for m in members])[0],
                adaptivity=(min(shares), max(shares)) if shares else None,
            )
        )
    return tuple(found)


def _ranges(members: Sequence[Estimates]) -> tuple[tuple[float, float], ...]:
    """Least and largest value of each estimate over the members."""
    values = [[estimate.value for estimate in estimates] for estimates in members]
    return tuple((min(column), max(column)) for column in zip(*values, strict=True))
