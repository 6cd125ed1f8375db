"""How much the luck of a training matters: agents that differ in their training seed alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hpo_gym.benchmark.scoring.scores import AgentFacts, AgentScores, Estimates, Spread


def spreads(agents: Sequence[AgentScores], facts: Mapping[str, AgentFacts]) -> tuple[Spread, ...]:
    """One for every tuner of which at least two agents with different training seeds are there."""
    groups: dict[str, list[AgentScores]] = {}
    for scores in agents:
        tuner = facts.get(scores.agent, AgentFacts()).tuner
        if tuner is not None:
            groups.setdefault(tuner, []).append(scores)
    found = []
    for group, members in groups.items():
        names = tuple(sorted(scores.agent for scores in members))
        if len(names) < 2:
            continue
        gaps = [m.adaptivity.optimum_iqm for m in members if m.adaptivity is not None]
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
