"""How good a trained policy is, in lines of text."""

from __future__ import annotations

from typing import Any

import gymnasium as gym

from agents.training.validation import headline, regrets
from hpo_gym.benchmark.scoring.statistics import iqm
from hpo_gym.policies.policy import Policy
from hpo_gym.tasks.find import process_of


def evaluation(policy: Policy) -> list[str]:
    """Lines that say how good the policy is."""
    validation = policy.description["validation"]
    value = headline(validation)
    if "mean_return" in validation:  # the criterion was the return
        return [f"mean return       {value:.4f} (of {validation['episodes']} episodes)"]
    score = f"validation score  {value:.4f} (log10 of regrets of {validation['tasks']} tasks)"
    return [score, *(_regrets(policy) if isinstance(policy, Policy) else _summary(validation))]


def _summary(validation: dict[str, Any]) -> list[str]:
    """Lines with the regrets that the training's own validation found."""
    lines = [f"regret of {validation['tasks']} validation tasks after {[*validation['iqm']]}"]
    for name, key in (("IQM", "iqm"), ("mean", "mean")):
        shown = " ".join(f"{value:.4f}" for value in validation[key].values())
        lines.append(f"  {name:15} {shown}")
    return lines


def _regrets(policy: Policy) -> list[str]:
    """Lines with the regret on all validation tasks, after 1, 2, 4, ... evaluations."""
    environment = policy.description["environment"]
    family = process_of(gym.make(environment["id"], **environment["options"])).family
    tasks = family.sizes["validation"]
    regret = regrets(policy, environment, tasks)
    counts = [2**i for i in range(regret.shape[1].bit_length())]
    averages = {"IQM": iqm(regret.T), "mean": regret.mean(axis=0)}
    lines = [f"regret of {tasks} validation tasks after {counts} evaluations"]
    for name, values in averages.items():
        shown = " ".join(f"{values[count - 1]:.4f}" for count in counts)
        lines.append(f"  {name:15} {shown}")
    return lines
