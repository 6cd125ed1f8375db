"""What the benchmark shows: the scores of what is stored, as tables, as CSV, as a report."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import hpo_gym
from agents.training.provenance import git_commit
from hpo_gym.benchmark.results.records import Records
from hpo_gym.benchmark.results.store import Store
from hpo_gym.benchmark.running.entrants import Entrant
from hpo_gym.benchmark.running.random_trials import random_trials
from hpo_gym.benchmark.scoring.scores import Summary
from hpo_gym.benchmark.scoring.summarise import summary
from hpo_gym.benchmark.showing.report import SuiteResults, write_report
from hpo_gym.benchmark.showing.scores_csv import csv_text
from hpo_gym.benchmark.showing.table import markdown, terminal
from hpo_gym.benchmark.suites.suite import Suite
from hpo_gym.files import write_atomic


def show_results(
    store: Store, suites: Sequence[Suite], entrants: Sequence[Entrant], folder: Path, command: str
) -> bool:
    """Print the tables of the suites; write them, and all scores.

    Args:
        store: The results.
        suites: The suites; those without results are left out.
        entrants: The tuners to show.
        folder: Where benchmark.csv, benchmark.md and benchmark.html go.
        command: The command line.

    Returns:
        Whether there is something to show, and no tuner failed.
    """
    results, anyone_failed = [], False
    for suite in suites:
        records, failed = results_of(store, suite, entrants)
        anyone_failed |= bool(failed)
        if not records:
            print(f"{suite.name}: nothing to show; failed: {failed}")
            continue
        scores = score(suite, records, failed, entrants)
        print(f"\n{terminal(scores)}")
        scored = tuple(one for one in records if one.agent not in failed)
        results.append(SuiteResults(suite, scores, scored))
    if results:
        facts = {
            "command": command,
            "commit": git_commit() or "unknown",
            "versions": f"hpo_gym {hpo_gym.__version__}, numpy {np.__version__}",
        }
        groups = {entrant.name: entrant.group for entrant in entrants}
        _write(folder, results, groups, facts)
    return bool(results) and not anyone_failed


def _write(
    folder: Path, results: Sequence[SuiteResults], groups: dict[str, str], facts: dict[str, str]
) -> None:
    summaries = [one.summary for one in results]
    parts = [f"# Benchmark\n\n`{facts['command']}`"]
    parts += [f"## {scores.suite}\n\n{markdown(scores)}" for scores in summaries]
    write_atomic(folder / "benchmark.md", "\n\n".join(parts) + "\n")
    write_atomic(folder / "benchmark.csv", csv_text(summaries))
    write_report(folder / "benchmark.html", results, groups=groups, facts=facts)
    print(f"\nwritten: {folder}/benchmark.csv, benchmark.md, benchmark.html")


def results_of(
    store: Store, suite: Suite, entrants: Sequence[Entrant]
) -> tuple[list[Records], list[str]]:
    """What is stored of each tuner within its limits, and the names of those that failed there.

    A tuner failed if it has less than its limits ask for, and a failure is stored.
    """
    complete, failed = [], []
    failures = store.failures(suite)
    for entrant in entrants:
        limit = entrant.limit(suite)
        records = store.records(suite, entrant.name)
        if records is not None:
            records = records.first(*limit)
        if entrant.name in failures and (records is None or records.regret.shape[:2] != limit):
            failed.append(entrant.name)
        elif records is not None:
            complete.append(records)
    return complete, failed


def score(
    suite: Suite, records: Sequence[Records], failed: Sequence[str], entrants: Sequence[Entrant]
) -> Summary:
    """All scores of a suite."""
    return summary(
        suite,
        records,
        failed=failed,
        training_seconds=_training_seconds(entrants, suite.family["name"]),
        random=random_trials(suite),
    )


def _training_seconds(entrants: Sequence[Entrant], family: str) -> dict[str, float]:
    """Seconds that the training of a family's policies took, from their descriptions."""
    seconds = {}
    for entrant in entrants:
        for file in entrant.files:
            description = Path(file).with_suffix(".json")
            if f"-{family}-" in description.name and description.exists():
                facts = json.loads(description.read_text(encoding="utf-8"))
                if "training_seconds" in facts:
                    seconds[entrant.name] = float(facts["training_seconds"])
    return seconds
