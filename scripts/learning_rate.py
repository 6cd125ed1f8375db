"""Compare schedules of the learning rate on the test tasks of LearningRateSchedule-v0.

    python -m scripts.learning_rate

The settings of the schedules by formula are those with the best mean return on validation tasks.
The learned one is the policy of

    python -m scripts.train --agent ppo --env LearningRateSchedule-v0

or another one of such a training (``--policy``). The last two rows are references that know the
task: of all constant rates, or of all exponential ones, the best noise-free return, stopped at the
right time, of a grid.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np
import tyro
from numpy.typing import NDArray

from agents.learning_rate.schedules import ConstantRate, ExponentialDecay, TimeDecay
from hpo_gym.arrays import Vectors
from hpo_gym.benchmark.scoring.statistics import bootstrap, iqm, mean
from hpo_gym.commands.checks import plain_errors, require_count
from hpo_gym.learning_rate import LearningRateOptions
from hpo_gym.tuners import play
from hpo_gym.tuners.agent import build_agent
from hpo_gym.tuners.policy_agent import PolicyAgent

ENV = "hpo_gym:LearningRateSchedule-v0"
POLICY = Path(__file__).parents[1] / "agents" / "learning_rate" / "ppo.npz"
_XP = Vectors()
_LOG_RATES = np.linspace(-4.0, 0.8, 13)
_DECAYS = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0)
_STOPS = [
    {},
    *({"patience": p, "min_delta": d} for p, d in product((1, 2, 3, 5, 8), (0.0, 0.01, 0.03))),
]
_FORMULAS = {
    ConstantRate: [{}],
    TimeDecay: [{"decay": decay} for decay in _DECAYS],
    ExponentialDecay: [{"k": k} for k in _DECAYS],
}


@dataclass(frozen=True)
class Arguments:
    """Command line of a comparison."""

    policy: Path = field(default=POLICY)
    """Policy of a training."""
    tasks: int = 4096
    """How many of the test tasks are played."""
    validation_tasks: int = 512
    """On how many validation tasks settings are chosen."""


class Results(NamedTuple):
    """What trainings came to, each (tasks,)."""

    returned: NDArray[np.float64]
    """Noise-free F1 of the incumbent minus what its training cost."""
    score: NDArray[np.float64]
    """That F1."""
    epochs: NDArray[np.float64]


def main() -> None:
    """Choose settings, play, and print the table."""
    arguments = tyro.cli(Arguments, description=__doc__)
    with plain_errors():
        require_count("--tasks", arguments.tasks, 1, 4096)
        require_count("--validation-tasks", arguments.validation_tasks, 1, 4096)
        for line in table(arguments):
            print(line)


def table(arguments: Arguments) -> Iterator[str]:
    """The lines of the table, in Markdown."""
    yield "| schedule | return, mean | return, IQM | F1, mean | F1, IQM | epochs |"
    yield "|---|---|---|---|---|---|"
    validation = make_envs("validation", arguments.validation_tasks)
    test = make_envs("test", arguments.tasks)
    found = {}
    for kind, settings in _FORMULAS.items():
        for stops, name in ((_STOPS[:1], kind.name), (_STOPS[1:], f"{kind.name}, early stopping")):
            chosen = choose(kind, combined(settings, stops), validation)
            shown = ", ".join(f"{key} = {value:.3g}" for key, value in chosen.items())
            found[name] = results(build_agent(kind, test, **chosen), test)
            yield row(f"{name} ({shown})", found[name])
    learned = results(build_agent(PolicyAgent, test, files=(str(arguments.policy),)), test)
    yield row("PPO", learned)
    yield row("best constant rate of each task", hindsight(arguments.tasks, (0.0,)))
    yield row("best exponential rate of each task", hindsight(arguments.tasks, (0.0, *_DECAYS)))
    yield ""
    best = max(found, key=lambda name: found[name].returned.mean())
    gain = bootstrap(learned.returned - found[best].returned)
    yield f"PPO returns {gain.value:.4f} {gain.between('.4f')} more than {best!r}, task by task."


def combined(*parts: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """All settings that are made of one of each part, and of a first learning rate."""
    rates = [{"lr0": float(10.0**log_rate)} for log_rate in _LOG_RATES]
    for some in product(rates, *map(list, parts)):
        yield {name: value for part in some for name, value in part.items()}


def choose(kind: Any, settings: Iterable[dict[str, Any]], envs: Any) -> dict[str, Any]:
    """The settings with the best mean return."""
    each = list(settings)
    scores = [results(build_agent(kind, envs, **some), envs).returned.mean() for some in each]
    return each[int(np.argmax(scores))]


def make_envs(split: str, tasks: int) -> Any:
    """The first tasks of a split, one per row."""
    infos = ("cost", "epochs")
    return gym.make_vec(ENV, tasks, split=split, task=list(range(tasks)), infos=infos)


def results(agent: Any, envs: Any) -> Results:
    """Play one episode of every task."""
    rows = envs.num_envs
    returned, cost, epochs = np.zeros(rows), np.zeros(rows), np.zeros(rows)
    for turn in play(agent, envs, seed=0):
        returned += turn.rewards
        cost += np.where(turn.running, turn.infos["cost"], 0.0)
        epochs = np.where(turn.running, turn.infos["epochs"], epochs)
    return Results(returned, returned + cost, epochs)


def hindsight(tasks: int, decays: Iterable[float]) -> Results:
    """The best return of exponential rates lr0 exp(-k t), for each task by itself."""
    options = LearningRateOptions()
    scheduled, cost = options.made_family, options.tuning.evaluation_cost
    c = scheduled.sample("test", np.arange(tasks))
    low, high = scheduled.space.parameters["lr"].scaled_bounds
    best = Results(np.full(tasks, -np.inf), np.zeros(tasks), np.zeros(tasks))
    for start, k in product(np.linspace(low, high, 49), decays):
        parameters = scheduled.untrained(c, np.zeros(tasks))
        for block in range(scheduled.blocks):
            log_lr = np.full(tasks, max(start - k * block / np.log(10.0), low))
            parameters = scheduled.advanced(parameters, log_lr, _XP)
            score = scheduled.noiseless(parameters, (log_lr,), _XP).f1
            epochs = np.full(tasks, float((block + 1) * scheduled.block_epochs))
            new = Results(score - cost * (block + 1), score, epochs)
            better = new.returned > best.returned
            best = Results(*[np.where(better, n, b) for n, b in zip(new, best, strict=True)])
    return best


def row(name: str, found: Results) -> str:
    """A row of the table, with 95 % intervals over tasks."""
    cells = [
        f"{estimate.value:.4f} {estimate.between('.4f')}"
        for values in (found.returned, found.score)
        for estimate in (bootstrap(values, statistic) for statistic in (mean, iqm))
    ]
    return f"| {' | '.join([name, *cells])} | {found.epochs.mean():.1f} |"


if __name__ == "__main__":
    main()
