"""All scores of suites as CSV: one line per score, with its interval."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import Any

from hpo_gym.benchmark.scoring.scores import Adaptivity, AgentScores, PairedComparison, Summary
from hpo_gym.benchmark.scoring.statistics import Estimate

COLUMNS = (
    "suite",
    "agent",
    "score",
    "at",
    "reference",
    "value",
    "low",
    "high",
    "tasks",
    "seeds",
)
"""Columns of the CSV."""

Line = tuple[str, float | str, Estimate | float | None]
"""Name of a score, what it is taken at, the score."""


def csv_text(summaries: Sequence[Summary]) -> str:
    """All scores with their intervals as CSV, one line per score (see `COLUMNS`).

    ``at`` is what the score is taken at: a number of evaluations, seconds per unit of the
    resource, a bound, a tau; of random trials the most that were tried, which stands for as many
    or more. What has no interval has empty ``low`` and ``high``; what is unknown
    has an empty value.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for summary in summaries:
        for scores in summary.agents:
            for score, at, value in _scores(summary, scores):
                place = (summary.suite, scores.agent, score, at, "")
                writer.writerow([*place, *_numbers(value), scores.tasks, scores.seeds])
        for comparison in summary.comparisons:
            names = (summary.suite, comparison.agent)
            for score, at, value in _compared(summary, comparison):
                place = (*names, score, at, comparison.reference)
                writer.writerow([*place, *_numbers(value), comparison.tasks, comparison.seeds])
        for name in summary.failed:
            writer.writerow([summary.suite, name, "failed", *[""] * (len(COLUMNS) - 3)])
    return text.getvalue()


def _numbers(value: Estimate | float | None) -> tuple[Any, ...]:
    if isinstance(value, Estimate):
        return tuple("" if number is None else number for number in value)
    return ("" if value is None else value, "", "")


def _scores(summary: Summary, scores: AgentScores) -> Iterator[Line]:
    """Name, place and value of each score of an agent."""
    for name in ("regret_iqm", "regret_mean"):
        for count, estimate in enumerate(getattr(scores, name), 1):
            yield name, count, estimate
    for name in ("return_iqm", "return_mean", "area_evaluations", "area_cost"):
        yield name, "", getattr(scores, name)
    for seconds, estimate in zip(
        summary.settings.seconds_per_resource, scores.area_time, strict=True
    ):
        yield "area_time", seconds, estimate
    for reached in scores.reached:
        yield "reached_fraction", reached.bound, reached.fraction
        yield "reached_median", reached.bound, reached.median
    for tau, estimate in zip(summary.taus, scores.profile, strict=True):
        yield "profile", tau, estimate
    yield "random_trials", summary.most_random_trials or "", scores.random_trials
    yield "rank", "", scores.rank
    if scores.adaptivity is not None:
        for field in fields(Adaptivity):
            yield f"adaptivity_{field.name}", "", getattr(scores.adaptivity, field.name)
    yield "microseconds", "", scores.microseconds
    yield "training_seconds", "", scores.training_seconds


def _compared(summary: Summary, comparison: PairedComparison) -> Iterator[Line]:
    """Name, place and value of each score of a comparison."""
    for name in ("agent_iqm", "reference_iqm", "agent_mean", "reference_mean"):
        for count, value in zip(summary.evaluations, getattr(comparison, name), strict=True):
            yield f"common_{name}", count, value
    for name in ("iqm_difference", "mean_difference"):
        for count, estimate in zip(summary.evaluations, getattr(comparison, name), strict=True):
            yield name, count, estimate
    yield "return_difference", summary.budget, comparison.return_difference
    yield "improvement", summary.budget, comparison.improvement
