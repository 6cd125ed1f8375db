"""Compare tuners on an environment: a table, a plot, results files, the trained policies.

    python -m scripts.compare
    python -m scripts.compare --env FictitiousHPOFamily-v0 --agent mine=runs/mine/policy.npz

runs the hand-written agents, and one that is trained or was, on the same seeded episodes. Where an
environment draws its tasks, training has those of its split "train", the comparison others. A tuner
of yours runs in a process of its own, as in the benchmark, and finds your packages before ours. The
scale of the column "way" is 0 % for random proposals and 100 % for the best possible return.
"""

from __future__ import annotations

import json
import sys
import time
import traceback
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import tyro

import agents  # noqa: F401  (registers them)
from hpo_gym.benchmark.running.hosted_tuner import HostedTuner
from hpo_gym.benchmark.running.rollouts import Episodes, decision_seconds, run_episodes
from hpo_gym.benchmark.running.tuner_process import TIMEOUT, TunerError
from hpo_gym.commands.checks import plain_errors, require_count, require_seconds, require_writable
from hpo_gym.families import require_optimum
from hpo_gym.tuners.entry import AgentEntry
from hpo_gym.tuners.policy_agent import PolicyAgent
from hpo_gym.tuners.registry import agent_entry, read_agent, registered_agents
from hpo_gym.tuning.find import process_of
from hpo_gym.tuning.optimal import optimal_return
from scripts.command_line import (
    MAX_SEED,
    Imports,
    Repeated,
    command_of,
    import_modules,
    make_env,
    read_options,
)
from scripts.compare_report import Result, write_report

TRAINABLE = ("ppo", "dqn", "recurrent_ppo", "unrolled")
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
    agents: tuple[str, ...] = ()
    """Registered tuners to compare, also ppo, dqn, recurrent_ppo and unrolled, which are trained;
    by default those that make sense."""
    agent: Repeated = ()
    """A tuner of your own: path/to/file.py:Class, module:Class or a trained path/to/policy.npz,
    with "NAME=" before it if it is to be called otherwise. May be repeated."""
    imports: Imports = ()
    """A module of yours, or a path/to/file.py, that registers what the other options name. May be
    repeated."""
    episodes: int = 1000
    """Number of seeded episodes, the same for all agents."""
    timeout: float = TIMEOUT
    """Seconds that a tuner of your own has for each of its answers (import, construction, each
    decision of all episodes)."""
    seed: int = 0
    """Seed of the training and of the agents; episodes have seeds that training never uses."""
    out: Path = field(default=Path("results"))
    """Folder of compare.csv, compare.png, compare.md and of policies that are trained."""


def main() -> None:
    """Run the comparison."""
    arguments = tyro.cli(Arguments, description=__doc__)
    with plain_errors():
        if Comparison(arguments).run():
            sys.exit(1)


class Comparison:
    """A comparison, checked as far as can be before any training.

    Args:
        arguments: The command line.

    Raises:
        ValueError: An argument is not valid.
        OSError: A policy cannot be read.
    """

    def __init__(self, arguments: Arguments) -> None:
        self._arguments = arguments
        import_modules(arguments.imports)
        require_count("--episodes", arguments.episodes, 1, _MAX_EPISODES)
        require_count("--seed", arguments.seed, 0, MAX_SEED)
        require_seconds("--timeout", arguments.timeout)
        require_writable("--out", arguments.out)
        self._options = read_options(arguments.options)
        self._env = make_env(arguments.env, self._options)
        options = process_of(self._env).options
        family = options.made_family
        require_optimum(family, "a comparison, which shows regrets,")
        drawn = options.task is None and family.sizes[options.split] > 1
        self._several = drawn or isinstance(options.task, tuple)
        unseen = drawn and "test" in family.sizes
        self._played = ({"split": "test"} if unseen else {}) | self._options
        self._own = {entry.name: entry for entry in map(read_agent, arguments.agent)}
        self._names = self._choose(family.name)
        self._command = command_of("scripts.compare")
        self._hosted = ExitStack()

    def _choose(self, family: str) -> tuple[str, ...]:
        """Names of the agents to compare, the user's own last.

        Raises:
            ValueError: A name is unknown or not unique.
        """
        arguments, own = self._arguments, self._own
        registered = [entry.name for entry in registered_agents()]
        unknown = [name for name in arguments.agents if name not in (*registered, *TRAINABLE)]
        if unknown:
            raise ValueError(
                f"--agents: unknown agents {unknown}; choose from {[*registered, *TRAINABLE]}, or "
                "give your own as --agent path/to/file.py:Class"
            )
        usual = (*_USUAL, *(() if own else _learned(family)))
        chosen = dict.fromkeys(arguments.agents or usual)
        taken = sorted({*own} & {*registered, *chosen})
        if taken or len(own) < len(arguments.agent):
            raise ValueError(
                f"--agent: the names {taken or [*own]} are taken or given twice; give others, as "
                "NAME=path/to/file.py:Class"
            )
        return (*chosen, *own)

    def run(self) -> bool:
        """Train, run and score the agents; write the report; returns whether one failed."""
        results: dict[str, Result] = {}
        with self._hosted:
            tuners, training = self._build()
            for name, agent in tuners.items():
                if result := self._result(name, agent, training.get(name)):
                    results[name] = result
        if results:
            self._report(results)
        return len(results) < len(tuners)

    def _result(self, name: str, agent: Any, training: float | None) -> Result | None:
        """What an agent does; None for one of the user's that fails, which is told."""
        before = time.perf_counter()
        try:
            episodes, decision = self._run(name, agent), self._seconds(name, agent)
        except Exception as error:
            if name not in self._own and not isinstance(agent, HostedTuner):
                raise
            why = error.message if isinstance(error, TunerError) else traceback.format_exc()
            print(f"failed: {name}:\n{why}", file=sys.stderr)
            return None
        seconds = time.perf_counter() - before
        print(f"{name}: {self._arguments.episodes} episodes in {seconds:.1f} s")
        return Result(episodes, decision, training)

    def _report(self, results: Mapping[str, Result]) -> None:
        arguments = self._arguments
        episodes = {name: result.episodes for name, result in results.items()}
        facts = {
            "env": arguments.env,
            "options": json.dumps(self._played),
            "episodes": arguments.episodes,
            "seed": arguments.seed,
        }
        write_report(arguments.out, results, self._scale(episodes), facts, self._command)

    def _build(self) -> tuple[dict[str, Any], dict[str, float]]:
        """The agents by name, and the seconds that trainings took."""
        tuners: dict[str, Any] = {}
        training: dict[str, float] = {}
        # Whatever can be wrong is found before anything is trained.
        for name in self._names:
            try:
                tuners[name] = self._settings(name) if self._trains(name) else self._made(name)
            except ValueError as error:
                if self._arguments.agents or name in self._own:
                    raise
                print(f"left out: {name}: {error}")
        for name in tuners:
            if self._trains(name):
                tuners[name], training[name] = self._train(name, tuners[name])
        return tuners, training

    def _trains(self, name: str) -> bool:
        return name in TRAINABLE and name not in self._own

    def _made(self, name: str) -> Any:
        """An agent that is not trained.

        Other people's run in processes of their own; not oracles, which know the tasks anyway.
        """
        entry, seed = self._entry(name), self._arguments.seed
        try:
            if entry.version is not None or entry.needs == "process":
                return entry.build(self._env, seed=seed)
            options = process_of(self._env).options
            hosted = HostedTuner(entry, options, seed=seed, timeout=self._arguments.timeout)
            return self._hosted.enter_context(hosted)
        except TypeError as error:  # a constructor that takes other arguments
            raise ValueError(str(error)) from error
        except TunerError as error:
            raise ValueError(f"agent {name!r} cannot be built: {error.reason}") from error

    def _entry(self, name: str) -> AgentEntry:
        return self._own[name] if name in self._own else agent_entry(name)

    def _settings(self, name: str) -> Any:
        """The settings of a training that will work."""
        # It loads torch, which nothing else here needs.
        from agents.training.algorithms import settings_for

        env_id = self._arguments.env
        settings = settings_for(name, env_id, process_of(self._env).family)
        settings.check(env_id, settings.environment_options(self._options))
        return settings

    def _train(self, name: str, settings: Any) -> tuple[PolicyAgent, float]:
        """Train an agent and keep its policy, which took longer than all the rest."""
        from agents.training.train import train

        env_id, seed = self._arguments.env, self._arguments.seed
        print(f"training {name} on {env_id}, seed {seed}")
        policy, seconds = train(
            settings, env_id, env_options=self._options, seed=seed, command=self._command
        )
        path = policy.save(self._arguments.out / f"policy-{name}.npz")
        print(f"written: {path} and {path.with_suffix('.json').name}")
        return PolicyAgent(process_of(self._env).problem, files=(str(path),)), seconds

    def _play(self, name: str, agent: Any) -> dict[str, Any]:
        """How an agent is to be played: oracles are told their tasks."""
        oracle = not self._trains(name) and self._entry(name).needs == "process"
        told = self._several and oracle and hasattr(agent, "begin")
        return {"seed": _TEST_SEED, "options": self._played, "told": told}

    def _run(self, name: str, agent: Any) -> Episodes:
        count = self._arguments.episodes
        return run_episodes(agent, self._arguments.env, episodes=count, **self._play(name, agent))

    def _seconds(self, name: str, agent: Any) -> float:
        return decision_seconds(agent, self._arguments.env, **self._play(name, agent))

    def _scale(self, episodes: Mapping[str, Episodes]) -> tuple[float, float] | None:
        """Mean returns of random proposals and of the best possible tuner on these episodes.

        None if the best possible return is not known for these options.
        """
        try:
            random = episodes.get("random") or self._run("random", self._made("random"))
            best = self._best_returns(episodes, random)
        except ValueError as error:
            print(f"no scale for the way: {error}")
            return None
        return float(random.returns.mean()), float(np.mean(best))

    def _best_returns(self, episodes: Mapping[str, Episodes], random: Episodes) -> Any:
        if self._several:
            raise ValueError("the best possible return of many tasks is not known")
        try:
            return optimal_return(self._env, random.start_scores)
        except ValueError:  # no closed form: the planner that knows the model
            oracle = episodes.get("oracle") or self._run("oracle", self._made("oracle"))
            return oracle.returns


def _learned(family: str) -> tuple[str, ...]:
    """The tuners that learned on a family, those of the first training; else one to be trained."""
    shipped = tuple(
        entry.name
        for entry in registered_agents()
        if entry.training_seed == 0 and family in entry.families
    )
    return shipped or ("ppo",)


if __name__ == "__main__":
    main()
