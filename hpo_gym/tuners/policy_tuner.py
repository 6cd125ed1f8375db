"""A policy as a tuner by ask and tell: ask for a configuration, tell what it gave.

    tuner = policy_tuner(pretrained.load("unrolled", "binormal"), space, 16)
    for _ in range(16):
        configuration = tuner.ask()
        tuner.tell(configuration, evaluate(configuration))
    print(tuner.best)

The tuner sees what the policy saw in its training: the history of the evaluations, by the same
`hpo_gym.tuning.Encoder`. Its state is that history, so it can be kept as JSON.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from importlib import import_module
from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np

from hpo_gym.arrays import Columns, Floats
from hpo_gym.families.own_spaces import OwnSpaces
from hpo_gym.parameters import plain
from hpo_gym.policies.policy import Policy
from hpo_gym.space import SearchSpace
from hpo_gym.tuning.observations import Encoder
from hpo_gym.tuning.options import Options
from hpo_gym.tuning.process import TuningProcess
from hpo_gym.tuning.trials import Trial

_XP = Floats()


class Best(NamedTuple):
    """The best evaluation so far."""

    configuration: dict[str, Any]
    score: float
    """Its observed score, higher is better."""


class PolicyTuner:
    """Asks a policy what to evaluate next.

    Args:
        policy: The policy, which is used deterministically: its most likely action.
        space: The search space; its unit coordinates are the first of the training's.
        encoder: What the policy's observations mean.
        max_evaluations: The budget.
        context: What a task of this space says about itself.
    """

    def __init__(
        self,
        policy: Policy,
        space: SearchSpace,
        encoder: Encoder,
        max_evaluations: int,
        context: Columns = (),
    ) -> None:
        self._policy, self._space, self._encoder = policy, space, encoder
        self._context = context
        self._padding = (0.0,) * (encoder.dimension - space.dimension)
        self._max_evaluations = max_evaluations
        self._trials: list[Trial] = []
        self._configurations: list[dict[str, Any]] = []
        self._asked: tuple[dict[str, Any], tuple[float, ...]] | None = None
        self._memory: Any = None
        self._seen = -1

    @property
    def evaluations(self) -> int:
        """Number of evaluations that were told."""
        return len(self._trials)

    @property
    def best(self) -> Best | None:
        """The best evaluation by observed score, the first of equals; None before any success."""
        best = None
        for configuration, trial in zip(self._configurations, self._trials, strict=True):
            score = self._encoder.judge(trial.metrics, _XP).score
            if score > (-math.inf if best is None else best.score):
                best = Best(dict(configuration), float(score))
        return best

    def ask(self) -> dict[str, Any]:
        """The configuration to evaluate next; asked twice, the same one.

        Raises:
            ValueError: The budget is spent.
        """
        if self.evaluations >= self._max_evaluations:
            raise ValueError(
                f"the budget of {self._max_evaluations} evaluations is spent: read `best`, or "
                "make a tuner with a larger budget"
            )
        if self._asked is None:
            unit = self._propose()
            self._asked = self._space.configuration(unit[: self._space.dimension]), unit
        return dict(self._asked[0])

    def tell(self, configuration: Mapping[str, Any], metrics: Mapping[str, float] | None) -> None:
        """Add an evaluation: of what was asked for, or of any other configuration.

        Args:
            configuration: The configuration.
            metrics: Its observed metrics by name, all that the policy knows, in [0, 1] or, if they
                are minimised, from 0 on; None or a number that is not finite if it failed.

        Raises:
            ValueError: The configuration is not in the space, a metric is missing or not a number,
                or the budget is spent; nothing was added.
        """
        if self.evaluations >= self._max_evaluations:
            raise ValueError(f"the budget of {self._max_evaluations} evaluations is spent")
        unit = self._space.unit(configuration) + self._padding
        told = {name: plain(value) for name, value in configuration.items()}
        if self._asked is not None and told == self._asked[0]:
            unit = self._asked[1]  # as the policy proposed it, not rounded
        self._add(told, unit, self._read(metrics))

    def to_json(self) -> dict[str, Any]:
        """The state, of types that JSON knows."""
        return {
            "space": self._space.describe(),
            "max_evaluations": self._max_evaluations,
            "policy": self._policy.description.get("sha256"),
            "trials": [
                {
                    "configuration": configuration,
                    "unit": list(trial.unit),
                    "metrics": None if _XP.nonfinite(trial.metrics) else list(trial.metrics),
                }
                for configuration, trial in zip(self._configurations, self._trials, strict=True)
            ],
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continue from what `to_json` gave; this tuner must be new.

        Raises:
            ValueError: The state is of another policy, space or budget, or this tuner is not new.
        """
        mine = self.to_json()
        for name in ("space", "max_evaluations", "policy"):
            if not isinstance(state, Mapping) or state.get(name) != mine[name]:
                given = state.get(name) if isinstance(state, Mapping) else state
                raise ValueError(
                    f"the state has {name} = {given!r}, this tuner {mine[name]!r}: make the tuner "
                    "with the same policy, space and budget"
                )
        if self._trials:
            raise ValueError("this tuner was told evaluations already: restore a new one")
        trials = [self._read_trial(trial) for trial in state["trials"]]
        if len(trials) > self._max_evaluations:
            raise ValueError(f"{len(trials)} evaluations exceed the budget {self._max_evaluations}")
        for trial in trials:
            self._add(*trial)

    def _read_trial(
        self, trial: Any
    ) -> tuple[dict[str, Any], tuple[float, ...], tuple[float, ...]]:
        """A trial of a state, checked."""
        names = self._encoder.family.metrics
        try:
            configuration, metrics = dict(trial["configuration"]), trial["metrics"]
            unit = tuple(map(float, trial["unit"]))
            named = None if metrics is None else dict(zip(names, metrics, strict=True))
            self._space.unit(configuration)
            dimension = self._encoder.dimension
            if len(unit) != dimension or not all(abs(u) <= 1.0 for u in unit):
                raise ValueError(f"unit = {unit} must be {dimension} in [-1, 1]")
            return configuration, unit, self._read(named)
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"the state has a damaged evaluation {trial!r}: {error}") from error

    def _add(
        self, configuration: dict[str, Any], unit: tuple[float, ...], metrics: tuple[float, ...]
    ) -> None:
        self._propose()  # so that a memory has seen the step, also if nobody asked
        self._trials.append(Trial(unit, metrics))
        self._configurations.append(configuration)
        self._asked = None

    def _propose(self) -> tuple[float, ...]:
        """The policy's proposal after the evaluations so far; it decides once on each history."""
        if self._seen < self.evaluations:
            observation = self._encoder.encode(self._trials, _XP, self._context)
            start = np.array([not self._trials])
            action, self._memory = self._policy.predict(
                observation, self._memory, start, deterministic=True
            )
            self._proposal = tuple(map(float, np.clip(action, -1.0, 1.0)))
            self._seen = self.evaluations
        return self._proposal

    def _read(self, metrics: Mapping[str, float] | None) -> tuple[float, ...]:
        names = self._encoder.family.metrics
        if metrics is None:
            return (math.nan,) * len(names)
        missing = [name for name in names if name not in metrics]
        if missing:
            raise ValueError(
                f"metrics {missing} are missing: the policy was trained on {list(names)}, got "
                f"{sorted(metrics)}"
            )
        try:
            values = tuple(float(metrics[name]) for name in names)
        except (TypeError, ValueError) as error:
            raise ValueError(f"metrics = {dict(metrics)!r} must be numbers: {error}") from error
        if _XP.nonfinite(values):
            return (math.nan,) * len(names)
        goals = self._encoder.family.goals
        for name, value in zip(names, values, strict=True):
            low, high = 0.0, math.inf if goals.get(name) == "minimise" else 1.0
            if not low <= value <= high:
                raise ValueError(
                    f"metric {name!r} = {value!r} must lie in [{low:g}, {high:g}], as in the "
                    "policy's training; tell None if the evaluation failed"
                )
        return values


def policy_tuner(policy: Policy, space: SearchSpace, max_evaluations: int) -> PolicyTuner:
    """A tuner that asks a policy.

    Args:
        policy: A policy of an environment that proposes configurations from nothing known.
        space: The search space, with as many unit coordinates as that of the training: each
            parameter takes the place of one that the policy knows, in order. Where the tasks of
            the training had search spaces of their own, any that a task can have.
        max_evaluations: The budget, at most that of the training.

    Raises:
        ValueError: The policy moves configurations instead of proposing them, needs a start, or
            does not fit the space or the budget.
    """
    process = _process_of(policy)
    options = process.options
    if options.action != "propose" or options.stop or options.start != "none":
        raise ValueError(
            "a policy tuner needs a policy of an environment with action='propose', stop=False "
            f"and start='none'; this one has {options.action!r}, {options.stop}, {options.start!r}"
        )
    family, context = process.family, ()
    if isinstance(family, OwnSpaces):
        context = family.context_for(space)
    elif space.dimension != process.space.dimension:
        raise ValueError(
            f"the space {list(space.names)} has {space.dimension} unit coordinates, the policy "
            f"was trained on {process.space.dimension}: {list(process.space.names)}"
        )
    whole = isinstance(max_evaluations, int) and not isinstance(max_evaluations, bool)
    if not (whole and 1 <= max_evaluations <= options.max_evaluations):
        raise ValueError(
            f"max_evaluations = {max_evaluations!r} must be a whole number in "
            f"[1, {options.max_evaluations}], the budget of the policy's training"
        )
    return PolicyTuner(policy, space, process.encoder, max_evaluations, context)


def _process_of(policy: Policy) -> TuningProcess:
    """The process of the environment in which a policy was trained."""
    environment = policy.description.get("environment")
    if not isinstance(environment, Mapping):
        raise ValueError("the policy's description names no environment: train it with the scripts")
    module, _, env_id = environment["id"].rpartition(":")
    if module:
        import_module(module)  # which registers the id
    options = {**gym.spec(env_id).kwargs, **environment["options"]}
    process = TuningProcess(Options(**options))
    interface = policy.description["interface"]
    if interface["observation"] != process.options.observation:  # trained on another layout
        options["observation"] = interface["observation"]
        process = TuningProcess(Options(**options))
    policy.check_env(process)
    return process
