"""The one list of the agents of scheduling environments: a sampler and a scheduler each."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agents.schedulers.agent import SchedulingAgent
from agents.schedulers.learned import PolicySampler
from agents.schedulers.samplers import RandomSampler, Sampler, SobolSampler
from agents.schedulers.tpe import TPESampler
from hpo_gym.policies.policy import Policy
from hpo_gym.scheduling import rules
from hpo_gym.scheduling.brackets import ASHA, Hyperband, RuleScheduler, SuccessiveHalving
from hpo_gym.scheduling.learned import PolicyScheduler
from hpo_gym.scheduling.observations import SchedulingEncoder
from hpo_gym.scheduling.table import Scheduler
from hpo_gym.tasks.find import process_of

SAMPLERS: Mapping[str, tuple[type[Sampler], Mapping[str, Any]]] = {
    "random": (RandomSampler, {}),
    "sobol": (SobolSampler, {}),
    "tpe": (TPESampler, {}),
    "anyspace": (PolicySampler, {"policy": "anyspace"}),
    "classifier": (PolicySampler, {"policy": "classifier"}),
}
"""Classes and settings of the samplers."""

SCHEDULERS: Mapping[str, tuple[type, Mapping[str, Any]]] = {
    "none": (rules.NoTermination, {}),
    "bandit": (rules.Bandit, {"slack_factor": 0.02, "delay_evaluation": 3}),
    "median": (rules.MedianStopping, {"delay_evaluation": 3}),
    "truncation": (rules.TruncationSelection, {"truncation_percentage": 80, "delay_evaluation": 3}),
    "optuna-median": (rules.OptunaMedian, {"n_startup_trials": 1, "n_warmup_steps": 0}),
    "syne-tune-median": (rules.SyneTuneMedian, {"grace_time": 3, "grace_population": 2}),
    "sha": (SuccessiveHalving, {"eta": 4, "least": 1}),
    "asha": (ASHA, {"eta": 4, "least": 1}),
    "hyperband": (Hyperband, {"eta": 3, "least": 2}),
}
"""Classes and settings of the schedulers, and of the stopping rules that some of them follow. The
settings were chosen on recorded-validation, by `scripts.scheduling_choice`."""

INFORMED: Mapping[str, Mapping[str, Any]] = {
    "bandit": {"slack_factor": 0.5, "delay_evaluation": 4},
    "median": {"delay_evaluation": 4},
    "truncation": {"truncation_percentage": 20, "delay_evaluation": 5},
    "sha": {"eta": 2, "least": 16},
    "asha": {"eta": 2, "least": 16},
    "hyperband": {"eta": 2, "least": 16},
}
"""Settings for the sampler "classifier", chosen likewise: its runs are good from the first on, so
that early reports tell the better ones from the good ones by chance."""

TRAINED: Mapping[str, Path] = {
    name: Path(__file__).parent / f"{name}.npz" for name in ("learned", "ppo")
}
"""Policies that schedule, by `scripts.train_scheduler` and `scripts.train`."""


def names() -> list[str]:
    """Names of all agents, such as "tpe+asha"."""
    schedulers = [*SCHEDULERS, *TRAINED]
    return [f"{sampler}+{scheduler}" for sampler in SAMPLERS for scheduler in schedulers]


def settings_of(sampler: str, scheduler: str) -> Mapping[str, Any]:
    """Settings of a scheduler of `SCHEDULERS` with a sampler."""
    chosen = SCHEDULERS[scheduler][1]
    return INFORMED.get(scheduler, chosen) if sampler == "classifier" else chosen


def policy_file(scheduler: str) -> Path | None:
    """The file of a scheduler that is a policy; None for others."""
    if scheduler in TRAINED:
        return TRAINED[scheduler]
    return Path(scheduler) if scheduler.endswith(".npz") else None


def parts_of(name: str) -> tuple[str, str]:
    """Names of the sampler and of the scheduler of an agent.

    Raises:
        ValueError: There is no such agent.
    """
    sampler, _, scheduler = name.partition("+")
    if sampler not in SAMPLERS or not (scheduler in SCHEDULERS or policy_file(scheduler)):
        raise ValueError(
            f"the agent {name!r} must be SAMPLER+SCHEDULER, with a sampler of {[*SAMPLERS]} and a "
            f"scheduler of {[*SCHEDULERS, *TRAINED]} or a trained policy, path/to/policy.npz"
        )
    return sampler, scheduler


def make_scheduler(name: str, *, budget: int, **settings: Any) -> Scheduler:
    """A scheduler by its name.

    Args:
        name: One of `SCHEDULERS` or `TRAINED`, or the file of a policy, see
            `hpo_gym.scheduling.PolicyScheduler`.
        budget: Worker-epochs of the tuning.
        **settings: They take the place of all settings of that name.

    Raises:
        ValueError: A setting is out of bounds, or the policy was trained for something else.
    """
    if file := policy_file(name):
        return PolicyScheduler(Policy.load(file), budget=budget)
    made, chosen = SCHEDULERS[name]
    scheduler = made(**(settings or chosen))
    return RuleScheduler(scheduler) if isinstance(scheduler, rules.Rule) else scheduler


def make_scheduling_agent(
    name: str, env: Any, *, seed: int = 0, **settings: Any
) -> SchedulingAgent:
    """An agent for a scheduling environment.

    Args:
        name: One of `names`; or SAMPLER+path/to/policy.npz.
        env: The environment, a vector environment, or its process.
        seed: Seed of the sampler's random numbers.
        **settings: They take the place of the scheduler's settings.

    Raises:
        ValueError: There is no such agent, or the environment is another or has other actions or
            observations.
    """
    sampler, scheduler = parts_of(name)
    process = process_of(env)
    layout = getattr(process, "encoder", None)
    if (
        not isinstance(layout, SchedulingEncoder)
        or process.options.action != "grant"
        or (process.options.observation != "curves")
    ):
        raise ValueError(
            f"the agent {name!r} is for scheduling environments, such as "
            "RecordedHPOSchedule-v0, with action='grant' and observation='curves'"
        )
    made, chosen = SAMPLERS[sampler]
    own = {} if policy_file(scheduler) else settings_of(sampler, scheduler)
    family = process.family
    return SchedulingAgent(
        layout,
        made(family.space, str(family.resource_parameter), **chosen),
        make_scheduler(scheduler, budget=layout.budget, **(settings or own)),
        seed=seed,
    )
