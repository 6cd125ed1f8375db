"""Compare tuners on an environment: a table, a plot, a results file.

    python -m scripts.compare

trains PPO and runs it and the hand-written agents on the same seeded episodes. The scale of the
column "way" is 0 % for random proposals and 100 % for the best possible return.
"""

from __future__ import annotations

import csv
import io
import shlex
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import tyro

import hpo_gym
from agents import AGENTS, make_agent
from agents.dqn import train_dqn
from agents.ppo import train_ppo
from hpo_gym.benchmark.plots import anytime_figure
from hpo_gym.benchmark.rollouts import Episodes, decision_seconds, run_episodes
from hpo_gym.benchmark.statistics import bootstrap, first_at_most, iqm
from hpo_gym.files import write_atomic
from hpo_gym.policy import Policy
from hpo_gym.reference import optimal_return

EVALUATIONS = (1, 5, 10, 20)
LEARNED = {"ppo": train_ppo, "dqn": train_dqn}
_TEST_SEED = 1_000_000


@dataclass(frozen=True)
class Arguments:
    """Command line."""

    env: str = "FictitiousHPO-v0"
    """Registered id of the environment."""
    agents: tuple[str, ...] = (*AGENTS, "ppo")
    """Agents to compare, also "dqn"; those that make no sense are left out by default."""
    episodes: int = 1000
    """Number of seeded episodes, the same for all agents."""
    seed: int = 0
    """Seed of the training and of the agents; episodes have seeds that training never uses."""
    from_policy: Path | None = None
    """A trained policy (policy.npz) to be used as "ppo" instead of training one."""
    out: Path = field(default=Path("results"))
    """Folder of compare.csv, compare.png and compare.md."""


def main() -> None:
    """Run the comparison."""
    arguments = tyro.cli(Arguments, description=__doc__)
    if arguments.episodes < 1:
        raise SystemExit(f"--episodes {arguments.episodes} must be at least 1")
    agents, training = _build(arguments)
    results, rows = {}, []
    for name, agent in agents.items():
        before = time.perf_counter()
        results[name] = _run(agent, arguments)
        print(f"{name}: {arguments.episodes} episodes in {time.perf_counter() - before:.1f} s")
    lowest, highest = _scale(arguments, results)
    for name, agent in agents.items():
        row = _score(results[name], lowest, highest)
        seconds = decision_seconds(agent, arguments.env, seed=_TEST_SEED)
        row["us/decision"] = f"{1e6 * seconds:.0f}"
        row["training s"] = f"{training[name]:.0f}" if name in training else "-"
        rows.append({"agent": name, **row})
    _write(arguments, rows, results)


def _build(arguments: Arguments) -> tuple[dict[str, Any], dict[str, float]]:
    """The agents by name, and the seconds that training took."""
    env = gym.make(arguments.env)
    agents: dict[str, Any] = {}
    training: dict[str, float] = {}
    for name in arguments.agents:
        if name == "ppo" and arguments.from_policy is not None:
            agents[name] = _load(arguments.from_policy, env)
            continue
        try:
            if name in LEARNED:
                print(f"training {name.upper()} on {arguments.env}, seed {arguments.seed}")
                agents[name], training[name] = LEARNED[name](arguments.env, seed=arguments.seed)
            else:
                agents[name] = make_agent(name, env, seed=arguments.seed)
        except ValueError as error:
            if arguments.agents != Arguments.agents:
                raise SystemExit(str(error)) from error
            print(f"left out: {error}")
    return agents, training


def _load(path: Path, env: gym.Env[Any, Any]) -> Policy:
    try:
        policy = Policy.load(path)
        policy.check_env(env)
    except (OSError, ValueError) as error:
        raise SystemExit(str(error)) from error
    return policy


def _run(agent: Any, arguments: Arguments) -> Episodes:
    return run_episodes(agent, arguments.env, episodes=arguments.episodes, seed=_TEST_SEED)


def _scale(arguments: Arguments, results: dict[str, Episodes]) -> tuple[float, float]:
    """Mean returns of random proposals and of the best possible tuner on these episodes."""
    env = gym.make(arguments.env)
    random = results.get("random") or _run(make_agent("random", env), arguments)
    try:
        best = optimal_return(env, random.start_scores)
    except ValueError:  # no closed form: the planner that knows the model
        oracle = results.get("oracle") or _run(make_agent("oracle", env), arguments)
        best = oracle.returns
    return float(random.returns.mean()), float(np.mean(best))


def _score(episodes: Episodes, lowest: float, highest: float) -> dict[str, str]:
    """The agent's row of the table."""
    average = bootstrap(episodes.returns)
    middle = bootstrap(episodes.returns, iqm)
    row = {
        "return": f"{average.value:.4f} [{average.low:.4f}, {average.high:.4f}]",
        "IQM": f"{middle.value:.4f} [{middle.low:.4f}, {middle.high:.4f}]",
        "way": f"{100 * (average.value - lowest) / (highest - lowest):.2f} %",
    }
    for count in EVALUATIONS:
        if count < episodes.regret.shape[1]:
            row[f"regret@{count}"] = f"{float(iqm(episodes.regret[:, count])):.2g}"
    reached = first_at_most(episodes.regret, 0.01)
    row["within 1 %"] = f"{100 * np.isfinite(reached).mean():.1f} %"
    row["evaluations to it"] = f"{np.median(reached):g}"
    return row


def _write(arguments: Arguments, rows: list[dict[str, str]], results: dict[str, Episodes]) -> None:
    """Print the table; write it, the plot and the summary."""
    command = shlex.join(["python", "-m", "scripts.compare", *sys.argv[1:]])
    table = _markdown(rows)
    notes = (
        f"{arguments.episodes} seeded episodes of `{arguments.env}`. Return: mean and\n"
        "interquartile mean (IQM) with 95 % bootstrap intervals over episodes. Way: from random\n"
        "proposals (0 %) to the best possible return (100 %), of the means. Regret: IQM after so\n"
        "many evaluations. Evaluations to 1 %: median, inf = never. Decision: median time for one\n"
        "environment."
    )
    print(f"\n{table}\n\n{notes}")
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    picture = io.BytesIO()
    anytime_figure(results, f"{arguments.env}, {arguments.episodes} episodes").savefig(
        picture, format="png", dpi=110
    )
    arguments.out.mkdir(parents=True, exist_ok=True)
    write_atomic(arguments.out / "compare.csv", text.getvalue())
    write_atomic(arguments.out / "compare.png", picture.getvalue())
    title = f"# {arguments.env}\n\n`{command}` (hpo_gym {hpo_gym.__version__})"
    summary = f"{title}\n\n{table}\n\n{notes}\n\n![Anytime curves](compare.png)\n"
    write_atomic(arguments.out / "compare.md", summary)
    print(f"\nwritten: {arguments.out}/compare.csv, compare.png, compare.md")


def _markdown(rows: list[dict[str, str]]) -> str:
    """A Markdown table with aligned columns."""
    header = list(rows[0])
    lines = [header, *([row[name] for name in header] for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(header))]
    text = [
        "| " + " | ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)) + " |"
        for line in lines
    ]
    text.insert(1, "|" + "|".join("-" * (w + 2) for w in widths) + "|")
    return "\n".join(text)


if __name__ == "__main__":
    main()
