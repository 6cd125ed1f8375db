"""How good a policy is while it is trained: on episodes that training never sees.

There are two criteria, by which the best policy of a training is chosen:

return  the mean return; higher is better.
regret  for families of tasks: the mean of log10 of six regrets of the incumbent, noise-free and
        normalised: interquartile mean and mean over validation tasks, after 1/4, 1/2 and all
        evaluations; lower is better.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from hpo_gym.benchmark.scoring.statistics import iqm
from hpo_gym.families import require_optimum
from hpo_gym.policies.policy import Policy
from hpo_gym.tasks.find import process_of
from hpo_gym.tuners.play import play

CRITERIA = ("return", "regret")
VALIDATION_SEED = 2**31
_SPLIT = "validation"


def check(env_id: str, options: Mapping[str, Any], criterion: str, episodes: int) -> None:
    """Check that policies for an environment can be judged by a criterion.

    Args:
        env_id: A registered id.
        options: Options of the environment.
        criterion: One of `CRITERIA`.
        episodes: How many episodes an evaluation has.

    Raises:
        ValueError: They cannot, or an option is not valid.
    """
    with closing(gym.make(env_id, **options)) as env:
        process = process_of(env)
    family, remedy = process.family, "choose the criterion 'return'"
    tasks = family.sizes.get(_SPLIT, 0)
    if process.options.task is None and not tasks:
        raise ValueError(
            f"the family {family.name!r} has no split {_SPLIT!r}, only {[*family.sizes]}: name one "
            "of its tasks by the option task"
        )
    if criterion == "return":
        return
    require_optimum(family, f"criterion = {criterion!r}")
    if process.options.task is not None:
        raise ValueError(
            f"criterion = {criterion!r} is for the tasks of {_SPLIT!r}, the option task = "
            f"{process.options.task} names others: leave it out, or {remedy}"
        )
    if tasks < episodes:
        raise ValueError(
            f"evaluation_episodes = {episodes}: the split {_SPLIT!r} of the family {family.name!r} "
            f"has {tasks} tasks; ask for [1, {tasks}], or {remedy}"
        )


def validate(
    policy: Policy, environment: Mapping[str, Any], criterion: str, episodes: int
) -> dict[str, Any]:
    """What the description of a policy says about how good it is.

    Args:
        policy: The policy, which chooses its most likely actions.
        environment: Its ``id`` and ``options``.
        criterion: One of `CRITERIA`.
        episodes: How many episodes to play.
    """
    if criterion == "return":
        score = mean_return(policy, environment, episodes)
        return {"mean_return": score, "episodes": episodes, "seed": VALIDATION_SEED}
    summary = summarise(regrets(policy, environment, episodes))
    return {**summary, "tasks": episodes, "seed": VALIDATION_SEED}


def headline(validation: Mapping[str, Any]) -> float:
    """The one number by which policies are compared, from what `validate` returns."""
    return float(validation["mean_return" if "mean_return" in validation else "score"])


def is_better(validation: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether an evaluation is better than another by the same criterion."""
    if "mean_return" in validation:
        return headline(validation) > headline(other)
    return headline(validation) < headline(other)


def mean_return(policy: Policy, environment: Mapping[str, Any], episodes: int) -> float:
    """Mean return over validation episodes; the arguments are those of `validate`."""
    options = environment["options"]
    if options.get("task") is None:  # a task index means a task of its split
        options = {**options, "split": _SPLIT}
    envs = gym.make_vec(environment["id"], episodes, **options)
    returns = np.zeros(episodes)
    for turn in play(policy, envs, seed=VALIDATION_SEED):
        returns += turn.rewards
    envs.close()
    return float(returns.mean())


def regrets(policy: Policy, environment: Mapping[str, Any], tasks: int) -> NDArray[np.float64]:
    """Regret of the incumbent after every evaluation, (tasks, T), on the validation tasks.

    Args:
        policy: The policy, which chooses its most likely actions.
        environment: Its ``id`` and ``options``.
        tasks: How many tasks of the split to play, from the first on.
    """
    options = {**environment["options"], "split": _SPLIT, "infos": ["regret"]}
    envs = gym.make_vec(environment["id"], tasks, **options)
    columns: list[NDArray[np.float64]] = []
    for turn in play(policy, envs, seed=VALIDATION_SEED, options={"task": np.arange(tasks)}):
        regret = turn.infos["regret"]  # after the end of an episode, its last regret stays
        columns.append(np.where(turn.running, regret, columns[-1]) if columns else regret)
    envs.close()
    return np.stack(columns[1:], axis=1)


def summarise(regret: NDArray[np.float64]) -> dict[str, Any]:
    """The score by the criterion "regret" and what it is made of, from what `regrets` returns."""
    last = regret.shape[1]
    steps = sorted({max(1, last // 4), max(1, last // 2), last})
    averages = {"iqm": iqm(regret.T), "mean": regret.T.mean(axis=1)}
    chosen = {
        name: {str(step): float(values[step - 1]) for step in steps}
        for name, values in averages.items()
    }
    logarithms = [np.log10(max(v, 1e-9)) for values in chosen.values() for v in values.values()]
    return {"score": float(np.mean(logarithms)), **chosen}
