"""Tune by hand: find the best configuration of a hidden task in a few evaluations.

    python -m scripts.play
    python -m scripts.play --family fictitious --task 7 --window

Type a configuration, read its metrics, try the next. At the end you are told where the optimum was
and how well random search does. Ctrl-D ends early; what cannot be evaluated costs no evaluation.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from select import select
from typing import Any

import gymnasium as gym
import numpy as np
import tyro
from gymnasium.wrappers import HumanRendering

from hpo_gym import Categorical, Family, Integer, SearchSpace, make_family
from hpo_gym.arrays import Columns, Floats, Namespace
from hpo_gym.commands.checks import plain_errors, require_count
from hpo_gym.families import require_optimum
from scripts.command_line import MAX_SEED, Imports, import_modules

_ENV = "hpo_gym:FictitiousHPO-v0"
_SEARCHES = 1000
"""Random searches that the player is compared with."""

_FACTS = ("name", "space", "metrics", "goals", "noise", "draws", "sizes", "resource_parameter")
_METHODS = ("sample", "check_noise", "score", "score_of", "features", "metrics_of")
_XP = Floats()


@dataclass(frozen=True)
class Arguments:
    """Command line."""

    family: str = "notebook"
    """The family: notebook, fictitious, binormal, rough, beale, or path/to/file.py:Class."""
    task: int = 0
    """Which of the family's test tasks; the notebook's model is one task."""
    metric: str | None = None
    """What to make as good as possible: f1, or the first metric of a family that has no F1."""
    evaluations: int = 20
    """The budget."""
    seed: int = 0
    """Seed of the noise, where a family has any, and of the random searches."""
    window: bool = False
    """Show the search in a window, and at the end all that it hid."""
    answer: bool = False
    """Print the optimum, and end."""
    imports: Imports = ()
    """A module of yours, or a path/to/file.py, that registers the family. May be repeated."""


class Hidden(Family):
    """A family as a player sees it: its optimum, and what was not evaluated, are known to nobody.

    Args:
        family: The family behind it.
    """

    pure = False  # so that pictures show evaluations alone

    def __init__(self, family: Family) -> None:
        self._family = family
        for name in _FACTS + _METHODS:
            setattr(self, name, getattr(family, name))

    def evaluate(
        self, parameters: Any, scaled: Columns, noise: float | None, draws: Columns, xp: Namespace
    ) -> tuple[Columns, Columns]:
        """What is observed, in place of the noise-free metrics too."""
        _, observed = self._family.evaluate(parameters, scaled, noise, draws, xp)
        return observed, observed


class Exercise:
    """A task, a budget, and somebody who types.

    Args:
        arguments: The command line.

    Raises:
        ValueError: An argument is not valid, or the family does not know its optimum.
    """

    def __init__(self, arguments: Arguments) -> None:
        family = require_optimum(make_family(arguments.family), "the exercise")
        if not family.pure:
            raise ValueError(
                f"--family {arguments.family!r} is impure: no search can be played again; choose a "
                "family of equations"
            )
        require_count("--task", arguments.task, 0, family.sizes["test"] - 1)
        require_count("--evaluations", arguments.evaluations, 1, 1000)
        require_count("--seed", arguments.seed, 0, MAX_SEED)
        self._family, self._space = family, family.space
        usual = "f1" if "f1" in family.goals else next(iter(family.goals))
        self._metric = usual if arguments.metric is None else arguments.metric
        self._budget, self._seed = arguments.evaluations, arguments.seed
        self._window = arguments.window
        self._options = {
            "split": "test",
            "task": arguments.task,
            "metric": self._metric,
            "start": "none",
        }

    def run(self) -> None:
        """Let somebody play, then tell what was hidden."""
        env = self._env(Hidden(self._family))
        print(_introduction(self._space, self._metric, self._family.goals, self._budget))
        actions = self._play(env)
        env.close()
        if actions:
            self._reveal(actions)

    def answer(self) -> None:
        """Print the optimum."""
        configuration, metrics = self._optimum
        for name, value in (configuration | metrics).items():
            print(f"{name:10} {value:.10g}" if isinstance(value, float) else f"{name:10} {value}")

    def _env(self, family: Family) -> gym.Env[Any, Any]:
        options = self._options | {"max_evaluations": self._budget}
        mode = "rgb_array" if self._window else None
        env = gym.make(_ENV, family=family, render_mode=mode, **options)
        if self._window:
            env = HumanRendering(env)
        env.reset(seed=self._seed)
        return env

    def _play(self, env: gym.Env[Any, Any]) -> list[tuple[float, ...]]:
        """The unit configurations that were typed and evaluated."""
        actions: list[tuple[float, ...]] = []
        try:
            while len(actions) < self._budget:
                text = _typed(f"{len(actions) + 1:2}/{self._budget}> ", self._window)
                try:
                    action = self._space.unit(read_configuration(text, self._space))
                except ValueError as error:
                    print(f"       {error}")
                    continue
                info = env.step(action)[-1]
                actions.append(action)
                metrics = "  ".join(f"{name} {info[name]:.4g}" for name in self._family.metrics)
                print(f"       {metrics}  (best {self._metric} {info[f'best_{self._metric}']:.4g})")
        except (EOFError, KeyboardInterrupt):
            print()
        return actions

    def _reveal(self, actions: list[tuple[float, ...]]) -> None:
        """Repeat the evaluations where all is known, and compare them with random search."""
        if self._window:
            print("The window plays it again, over the landscape that was hidden.")
        env = self._env(self._family)
        infos = [env.step(action)[-1] for action in actions]
        metric, last = self._metric, infos[-1]
        best = next(info for info in infos if info[metric] == last[f"best_{metric}"])
        optimum, metrics = self._optimum
        others = self._random_regrets(len(actions))
        seen = " as observed" if self._family.noise != 0.0 else ""
        beaten = (others < last["regret"]).mean()
        for title, text in {
            "Your best": f"{_shown(best, self._space)}: {metric} {best[metric]:.4f}{seen}",
            "The optimum": f"{_shown(optimum, self._space)}: {metric} {metrics[metric]:.4f}",
            "Your regret": f"{100 * last['regret']:.2f} % of the best possible score",
            "Random search": f"{100 * np.median(others):.2f} % after as many evaluations "
            f"(median of {_SEARCHES:,} searches); {100 * beaten:.1f} % of them beat you",
        }.items():
            print(f"{title + ':':15} {text}")
        if self._window and sys.stdin.isatty():
            with suppress(EOFError, KeyboardInterrupt):
                _typed("Enter closes the window.", True)
        env.close()

    @cached_property
    def _optimum(self) -> tuple[dict[str, Any], dict[str, float]]:
        """The best configuration of the task and its noise-free metrics."""
        family = self._family
        parameters = family.sample("test", self._options["task"])
        scaled, _ = family.optimum(parameters, self._metric)
        metrics = family.noiseless(parameters, scaled, _XP)
        configuration = self._space.configuration(self._space.position(scaled))
        return configuration, dict(zip(family.metrics, metrics, strict=True))

    def _random_regrets(self, evaluations: int) -> Any:
        """Regrets of random searches after so many evaluations, (searches,)."""
        options = self._options | {"max_evaluations": evaluations, "family": self._family}
        envs = gym.make_vec(_ENV, _SEARCHES, **options)
        envs.reset(seed=self._seed)
        envs.action_space.seed(self._seed)
        for _ in range(evaluations):
            infos = envs.step(envs.action_space.sample())[-1]
        return infos["regret"]


def read_configuration(text: str, space: SearchSpace) -> dict[str, Any]:
    """The configuration that somebody typed: values in order, with spaces between them.

    Raises:
        ValueError: There are too few or too many, or one is not a value of its parameter's kind.
    """
    words = [word.rstrip(",") for word in text.split()]
    if len(words) != len(space.names):
        raise ValueError(
            f"type {len(space.names)} values, not {len(words)}, with spaces between them: "
            f"{' '.join(space.names)}"
        )
    pairs = zip(space.parameters.items(), words, strict=True)
    return {name: _value(name, parameter, word) for (name, parameter), word in pairs}


def _value(name: str, parameter: Any, word: str) -> Any:
    if isinstance(parameter, Categorical):
        return {str(choice): choice for choice in parameter.choices}.get(word, word)
    try:
        return float(word)
    except ValueError:
        raise ValueError(f"{name} = {word!r} is not a number such as 0.5 or 1e-3") from None


def _typed(prompt: str, window: bool) -> str:
    """A line from the keyboard, or from a pipe, which is then shown."""
    if not sys.stdin.isatty():
        text = input(prompt)
        print(text)
        return text
    print(prompt, end="", flush=True)
    if window:
        import pygame

        with suppress(OSError):  # Windows waits for sockets alone
            while not select([sys.stdin], [], [], 0.05)[0]:
                pygame.event.pump()  # the desktop takes a window that does nothing for dead
    return input()


def _introduction(space: SearchSpace, metric: str, goals: Any, budget: int) -> str:
    goal = "highest" if goals[metric] == "maximise" else "lowest"
    lines = [f"Find the configuration of the {goal} {metric} in {budget} evaluations."]
    for name, parameter in space.parameters.items():
        if isinstance(parameter, Categorical):
            lines.append(f"  {name:8} {' or '.join(map(str, parameter.choices))}")
            continue
        kind = "whole numbers" if isinstance(parameter, Integer) else "numbers"
        scale = ", on a log scale" if parameter.log else ""
        lines.append(f"  {name:8} {kind} from {parameter.low:g} to {parameter.high:g}{scale}")
    example = space.configuration((-0.5,) * space.dimension)
    words = [f"{v:.2g}" if isinstance(v, float) else str(v) for v in example.values()]
    lines.append(f"Type the values in this order, such as {' '.join(words)}; Ctrl-D ends early.")
    return "\n".join(lines)


def _shown(info: dict[str, Any], space: SearchSpace) -> str:
    pairs = {name: info[name] for name in space.names}
    return ", ".join(
        f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in pairs.items()
    )


def main() -> None:
    """Run the exercise."""
    arguments = tyro.cli(Arguments, description=__doc__)
    with plain_errors():
        import_modules(arguments.imports)
        exercise = Exercise(arguments)
        if arguments.answer:
            exercise.answer()
            return
        if sys.stdin is None:
            raise ValueError("there is no standard input to type configurations into")
        sys.stdin.reconfigure(errors="replace")  # strange bytes are one more slip
        exercise.run()


if __name__ == "__main__":
    main()
