"""The scores of a suite for a terminal, in Markdown, and in a sentence."""

from __future__ import annotations

from collections.abc import Sequence

from hpo_gym.benchmark.scoring.decisions import FEWEST
from hpo_gym.benchmark.scoring.scores import Summary, Verdict
from hpo_gym.benchmark.showing.tables import regret_table, tables

_NAMED = 4
"""Rivals that a verdict names on each side, the closest ones."""


def terminal(summary: Summary) -> str:
    """The ranking of a suite as text of at most 120 columns; files have the other tables.

    Args:
        summary: The suite's scores.
    """
    table = regret_table(summary)
    return f"{table.title}\n{table.cells()}"


def verdict_text(summary: Summary) -> str:
    """Where the user's own tuners stand, a line for each; "" if there are none.

    Args:
        summary: The suite's scores.
    """
    return "\n".join(_verdict(summary, verdict) for verdict in summary.verdicts)


def markdown(summary: Summary) -> str:
    """All tables in Markdown, with their notes.

    Args:
        summary: The suite's scores.
    """
    parts = [f"**{t.title}**\n\n{t.markdown()}\n\n{t.explanation}" for t in tables(summary)]
    return "\n\n".join(part for part in (verdict_text(summary), *parts) if part)


def _verdict(summary: Summary, verdict: Verdict) -> str:
    sides = (
        ("better than", verdict.better_than),
        ("not told apart from", verdict.not_told_apart_from),
        ("worse than", verdict.worse_than),
        (f"too few tasks (fewer than {FEWEST}) to tell it from", verdict.too_few_runs_with),
    )
    words = [f"{side} {_some(names)}" for side, names in sides if names]
    place = f"{verdict.agent}: rank {verdict.place} of {verdict.tuners} on {summary.suite}"
    return ", ".join([place, *words])


def _some(names: Sequence[str]) -> str:
    """The first names, and how many others there are."""
    shown, more = list(names[:_NAMED]), len(names) - _NAMED
    if more > 0:
        shown = [*shown[:-1], f"{more + 1} others"]
    return " and ".join(filter(None, [", ".join(shown[:-1]), shown[-1]]))
