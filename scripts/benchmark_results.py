"""What the benchmark shows: the scores of what is stored, as tables, as CSV, as a report."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from textwrap import fill

import numpy as np

import hpo_gym
from agents.training.provenance import git_commit
from hpo_gym.benchmark.results.kept import kept
from hpo_gym.benchmark.results.records import Records
from hpo_gym.benchmark.results.store import Store
from hpo_gym.benchmark.running.profile import Profile
from hpo_gym.benchmark.running.random_trials import counts_of, random_trials
from hpo_gym.benchmark.scoring.as_json import from_json, to_json
from hpo_gym.benchmark.scoring.scores import AgentFacts, Summary
from hpo_gym.benchmark.scoring.summarise import summarise
from hpo_gym.benchmark.scoring.worth import RUNS, RandomTrials
from hpo_gym.benchmark.showing.report import SuiteResults, write_report
from hpo_gym.benchmark.showing.report.trust import TRUST
from hpo_gym.benchmark.showing.scores_csv import csv_text
from hpo_gym.benchmark.showing.tables import regret_table
from hpo_gym.benchmark.showing.texts import markdown, terminal, verdict_text
from hpo_gym.benchmark.suites.suite import Suite
from hpo_gym.families import make_family
from hpo_gym.files import write_atomic
from hpo_gym.tuners.entry import AgentEntry
from scripts.benchmark_agents import SETTINGS, training_seconds


def show_results(
    store: Store,
    suites: Sequence[Suite],
    agents: Mapping[str, Sequence[AgentEntry]],
    profile: Profile,
    folder: Path,
    command: str,
) -> bool:
    """Print the ranking of each suite and the user's own verdicts; write all tables and scores.

    Args:
        store: The results.
        suites: The suites; those without results are left out.
        agents: The agents to show, by the names of the suites.
        profile: How much of the suites to show of each.
        folder: Where benchmark.csv, benchmark.md and benchmark.html go.
        command: The command line.

    Returns:
        Whether there is something to show, and no agent failed.
    """
    results, anyone_failed = [], False
    for suite in suites:
        records, failed = results_of(store, suite, agents[suite.name], profile)
        anyone_failed |= bool(failed)
        if not records:
            print(f"{suite.name}: nothing to show; failed: {failed}")
            continue
        scores = score(suite, records, failed, agents[suite.name])
        print(f"\n{terminal(scores)}")
        scored = tuple(one for one in records if one.agent not in failed)
        results.append(SuiteResults(suite, scores, scored))
    if results:
        summaries = [one.summary for one in results]
        print(f"\n{fill(regret_table(summaries[-1]).explanation, 118)}")
        verdicts = [verdict_text(scores) for scores in summaries if scores.verdicts]
        if verdicts:
            print("\n" + "\n".join(verdicts))
        facts = {
            "command": command,
            "commit": git_commit() or "unknown",
            "versions": f"hpo_gym {hpo_gym.__version__}, numpy {np.__version__}",
        }
        everyone = {agent.name: agent for suite in suites for agent in agents[suite.name]}
        _write(folder, results, list(everyone.values()), facts)
    return bool(results) and not anyone_failed


def _write(
    folder: Path,
    results: Sequence[SuiteResults],
    agents: Sequence[AgentEntry],
    facts: dict[str, str],
) -> None:
    summaries = [one.summary for one in results]
    parts = [f"# Benchmark\n\n`{facts['command']}`", " ".join(TRUST)]
    parts += [f"## {scores.suite}\n\n{markdown(scores)}" for scores in summaries]
    write_atomic(folder / "benchmark.md", "\n\n".join(parts) + "\n")
    write_atomic(folder / "benchmark.csv", csv_text(summaries))
    write_report(folder / "benchmark.html", results, agents=_facts(agents, ""), facts=facts)
    print(f"\nwritten: {folder}/benchmark.csv, benchmark.md, benchmark.html")


def results_of(
    store: Store, suite: Suite, agents: Sequence[AgentEntry], profile: Profile
) -> tuple[list[Records], list[str]]:
    """What is stored of each agent within the profile, and the names of those that failed there.

    An agent failed if it has less than the profile asks for, and a failure is stored.
    """
    complete, failed = [], []
    failures = store.failures(suite)
    for agent in agents:
        size = profile.size(agent, suite)
        records = store.records(suite, agent.name)
        if records is not None:
            records = records.first(*size)
        if agent.name in failures and (records is None or records.regret.shape[:2] != size):
            failed.append(agent.name)
        elif records is not None:
            complete.append(records)
    return complete, failed


def score(
    suite: Suite, records: Sequence[Records], failed: Sequence[str], agents: Sequence[AgentEntry]
) -> Summary:
    """All scores of a suite."""
    random = _random_trials(suite)
    known = _facts(agents, str(suite.family["name"]))
    facts = {
        "suite": suite.text,
        "records": [one.digest for one in records],
        "failed": list(failed),
        "agents": {name: asdict(one) for name, one in known.items()},
        "random": None if random is None else hashlib.sha256(random.regret.tobytes()).hexdigest(),
        "settings": asdict(SETTINGS),
    }

    def compute() -> bytes:
        return to_json(
            summarise(suite, records, failed=failed, facts=known, random=random, settings=SETTINGS)
        )

    return from_json(Summary, kept(f"scores of {suite.name}", facts, compute))


def _random_trials(suite: Suite) -> RandomTrials | None:
    """Those of a suite; None where the family is impure: they may cost real trainings."""
    family = make_family(suite.family)
    if not family.pure:
        return None
    if not type(family).__module__.startswith("hpo_gym."):  # its code may change, unseen
        return random_trials(suite)
    name = f"random trials on {suite.name}"
    regret = kept(name, suite.text, lambda: random_trials(suite).regret.tobytes())
    shape = (len(suite.tasks), RUNS, -1)
    return RandomTrials(suite.tasks, counts_of(suite), np.frombuffer(regret).reshape(shape))


def _facts(agents: Sequence[AgentEntry], family: str) -> dict[str, AgentFacts]:
    """What scores and figures have to know of the agents, on a family."""
    return {
        agent.name: AgentFacts(
            group=agent.group,
            tuner=agent.tuner,
            training_seed=agent.training_seed,
            oracle=agent.needs == "process",
            training_seconds=training_seconds(agent, family),
        )
        for agent in agents
    }
