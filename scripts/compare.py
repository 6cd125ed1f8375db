"""Compare tuners on an environment: a table, a plot, results files, the trained policies.

    python -m scripts.compare

trains PPO and runs it and the hand-written agents on the same seeded episodes. The scale of the
column "way" is 0 % for random proposals and 100 % for the best possible return.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import tyro

from agents import make_agent
from hpo_gym.benchmark.running.rollouts import Episodes, decision_seconds, run_episodes
from hpo_gym.policies.policy import Policy
from hpo_gym.tuners.registry import registered_agents
from hpo_gym.tuning.optimal import optimal_return
from scripts.command_line import (
    MAX_SEED,
    command_of,
    make_env,
    plain_errors,
    read_options,
    require_count,
)
from scripts.compare_report import Result, write_report

LEARNED = ("ppo", "dqn")
_USUAL = ("random", "constant", "grid", "coordinate", "oracle")
_MAX_EPISODES = 100_000
"""The bootstrap holds 2,000 resamples in memory."""
_TEST_SEED = 1_000_000


@dataclass(frozen=True)
class Arguments:
    """Command line."""

    env: str = "FictitiousHPO-v0"
    """Registered id of the environment."""
    options: str = "{}"
    """Options of the environment, also in training, as JSON: '{"stop": true}'."""
    agents: tuple[str, ...] = (*_USUAL, "ppo")
    """Agents to compare, also "dqn"; those that make no sense are left out by default."""
    episodes: int = 1000
    """Number of seeded episodes, the same for all agents."""
    seed: int = 0
    """Seed of the training and of the agents; episodes have seeds that training never uses."""
    from_policy: Path | None = None
    """A trained policy (policy.npz), compared under its algorithm's name instead of training."""
    out: Path = field(default=Path("results"))
    """Folder of compare.csv, compare.png, compare.md and of policies that are trained."""


def main() -> None:
    """Run the comparison."""
    arguments = tyro.cli(Arguments, description=__doc__)
    with plain_errors():
        Comparison(arguments).run()


class Comparison:
    """A comparison, checked as far as can be before any training.

    Args:
        arguments: The command line.

    Raises:
        ValueError: An argument is not valid.
        OSError: The policy cannot be read.
    """

    def __init__(self, arguments: Arguments) -> None:
        self._arguments = arguments
        require_count("--episodes", arguments.episodes, 1, _MAX_EPISODES)
        require_count("--seed", arguments.seed, 0, MAX_SEED)
        known = [*(entry.name for entry in registered_agents()), *LEARNED]
        unknown = [name for name in arguments.agents if name not in known and ":" not in name]
        if unknown or not arguments.agents:
            given = f"unknown agents {unknown}" if unknown else "no agents given"
            raise ValueError(f"--agents: {given}; choose from {known} and any 'module:Class'")
        self._options = read_options(arguments.options)
        self._env = make_env(arguments.env, self._options)
        self._given = _load(arguments.from_policy, self._env)
        self._chosen = arguments.agents != Arguments.agents
        names = arguments.agents
        if self._given:
            # By default the policy stands for the learned agents, otherwise beside the others.
            names = (*(names if self._chosen else _USUAL), *self._given)
        self._names = tuple(dict.fromkeys(names))
        self._command = command_of("scripts.compare")

    def run(self) -> None:
        """Train, run and score the agents; write the report."""
        arguments = self._arguments
        agents, training = self._build()
        episodes: dict[str, Episodes] = {}
        for name, agent in agents.items():
            before = time.perf_counter()
            episodes[name] = self._run(agent)
            seconds = time.perf_counter() - before
            print(f"{name}: {arguments.episodes} episodes in {seconds:.1f} s")
        results = {
            name: Result(episodes[name], self._decision_seconds(agent), training.get(name))
            for name, agent in agents.items()
        }
        facts = {
            "env": arguments.env,
            "options": arguments.options,
            "episodes": arguments.episodes,
            "seed": arguments.seed,
        }
        write_report(arguments.out, results, self._scale(episodes), facts, self._command)

    def _build(self) -> tuple[dict[str, Any], dict[str, float]]:
        """The agents by name, and the seconds that trainings took."""
        agents: dict[str, Any] = {}
        training: dict[str, float] = {}
        for name in self._names:
            try:
                if name in self._given:
                    agents[name] = self._given[name]
                elif name in LEARNED:
                    agents[name], training[name] = self._train(name)
                else:
                    agents[name] = make_agent(name, self._env, seed=self._arguments.seed)
            except ValueError as error:
                if self._chosen:
                    raise
                print(f"left out: {error}")
        return agents, training

    def _train(self, name: str) -> tuple[Policy, float]:
        """Train an agent and keep its policy, which took longer than all the rest."""
        # They load torch, which nothing else here needs.
        from agents.training.algorithms import settings_for
        from agents.training.train import train

        env_id, seed = self._arguments.env, self._arguments.seed
        print(f"training {name.upper()} on {env_id}, seed {seed}")
        policy, seconds = train(
            settings_for(name, env_id),
            env_id,
            env_options=self._options,
            seed=seed,
            command=self._command,
        )
        path = policy.save(self._arguments.out / f"policy-{name}.npz")
        print(f"written: {path} and {path.with_suffix('.json').name}")
        return policy, seconds

    def _run(self, agent: Any) -> Episodes:
        count = self._arguments.episodes
        return run_episodes(
            agent, self._arguments.env, episodes=count, seed=_TEST_SEED, options=self._options
        )

    def _decision_seconds(self, agent: Any) -> float:
        return decision_seconds(agent, self._arguments.env, seed=_TEST_SEED, options=self._options)

    def _scale(self, episodes: dict[str, Episodes]) -> tuple[float, float] | None:
        """Mean returns of random proposals and of the best possible tuner on these episodes.

        None if the best possible return is not known for these options.
        """
        random = episodes.get("random") or self._run(make_agent("random", self._env))
        try:
            best = optimal_return(self._env, random.start_scores)
        except ValueError:  # no closed form: the planner that knows the model
            try:
                oracle = episodes.get("oracle") or self._run(make_agent("oracle", self._env))
            except ValueError as error:
                print(f"no scale for the way: {error}")
                return None
            best = oracle.returns
        return float(random.returns.mean()), float(np.mean(best))


def _load(path: Path | None, env: gym.Env[Any, Any]) -> dict[str, Policy]:
    """The policy at a path by its algorithm's name, after checking that it fits."""
    if path is None:
        return {}
    policy = Policy.load(path)
    policy.check_env(env)
    return {policy.description["algorithm"].lower(): policy}


if __name__ == "__main__":
    main()
