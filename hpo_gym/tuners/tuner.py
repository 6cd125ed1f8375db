"""The front door: a tuner for any search space, by ask and tell.

    tuner = Tuner({"lr": Float(1e-5, 1.0, log=True), "layers": Integer(1, 8)}, budget=16)
    for _ in range(16):
        configuration = tuner.ask()
        tuner.tell(configuration, evaluate(configuration))
    print(tuner.recommend())

What it asks for is a function of the evaluations so far, the seed and the budget (see
`hpo_gym.tuners.proposer`). So its state is the list of evaluations, and can be kept as JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from math import inf, isfinite, nan
from typing import Any

import numpy as np

from hpo_gym import rng
from hpo_gym.classifier_space import is_of_classifier
from hpo_gym.parameters import Parameter, plain
from hpo_gym.policies.classifier.policy import (
    GOAL,
    METRIC,
    ClassifierPolicy,
    check_goal,
    check_score,
    check_space,
)
from hpo_gym.space import SearchSpace
from hpo_gym.tuners.evaluation import Evaluation, as_float, is_number
from hpo_gym.tuners.proposer import PATIENCE, PointPolicy, Proposer, find_policy, whole_number

GOALS = ("maximize", "minimize")


class Tuner:
    """Tunes the parameters of a search space.

    Several configurations may be asked for before one is told: those that are running are part of
    what the tuner knows. Evaluations that it did not ask for may be told, too, such as those of an
    earlier study. A configuration that was evaluated is not asked for again while there are others.
    Threads must take turns: it has no lock.

    Args:
        space: The search space: a `SearchSpace`, or a dict of names to `Float`, `Integer` and
            `Categorical`.
        budget: Number of configurations that will be asked for, >= 1; the policy plans with it.
        goal: "maximize" or "minimize" what is told.
        metric: Name of what is tuned, for evaluations that are told by names; if not given "f1"
            with the policy for classifiers, else "score".
        seed: What the tuner does is fixed by the seed and what it is told.
        start: A configuration to ask for first, such as the defaults of a library.
        policy: "anyspace" was trained on functions of any space, "classifier" on F1 of binary
            classifiers (see `hpo_gym.classifier_space.is_of_classifier`), "sobol" asks for
            space-filling points; or an object with `propose`, see
            `hpo_gym.tuners.proposer.PointPolicy`. If not given it is that for classifiers where
            that fits the space and what is tuned is maximised and, if it has a name, called "f1";
            else that for any space.
        patience: After so many evaluations without an improvement, and again after as many more,
            the tuner looks elsewhere: it asks for a space-filling point.

    Raises:
        ValueError: An argument is out of bounds.

    Example:
        >>> from hpo_gym import Float, Integer
        >>> tuner = Tuner({"x": Float(-1.0, 1.0), "n": Integer(1, 3)}, budget=9, goal="minimize")
        >>> for _ in range(9):
        ...     configuration = tuner.ask()
        ...     tuner.tell(configuration, configuration["x"] ** 2 + configuration["n"])
        >>> tuner.recommend()["n"]
        1
    """

    def __init__(
        self,
        space: SearchSpace | Mapping[str, Parameter],
        *,
        budget: int,
        goal: str = "maximize",
        metric: str | None = None,
        seed: int = 0,
        start: Mapping[str, Any] | None = None,
        policy: str | PointPolicy | None = None,
        patience: int = PATIENCE,
    ) -> None:
        self.space = space if isinstance(space, SearchSpace) else SearchSpace(space)
        self.budget, self.seed = whole_number("budget", budget, 1), whole_number("seed", seed, 0)
        if goal not in GOALS:
            raise ValueError(f"goal = {goal!r} must be one of {[*GOALS]}")
        if metric is not None and not isinstance(metric, str):
            raise ValueError(f"metric = {metric!r} must be a text: the name of what is tuned")
        self.goal = goal
        self._start = None if start is None else self._read(start)[0]
        if policy is None:
            policy = self._fitting(metric)
        self._policy_name = policy if isinstance(policy, str) else None
        self._policy, self._patience = find_policy(policy), whole_number("patience", patience, 1)
        self._of_classifier = isinstance(self._policy, ClassifierPolicy)
        if self._of_classifier:
            check_space(self.space)
            check_goal(goal)
        self.metric = metric or (METRIC if self._of_classifier else "score")
        self._told: list[Evaluation] = []
        self._running: list[Evaluation] = []
        self._units: list[tuple[float, ...]] = []
        self._scores: list[float] = []

    def _fitting(self, metric: str | None) -> str:
        """The name of the policy that suits the space best."""
        of_f1 = metric in (None, METRIC) and self.goal == GOAL
        return ClassifierPolicy.algorithm if of_f1 and is_of_classifier(self.space) else "anyspace"

    @property
    def evaluations(self) -> list[Evaluation]:
        """What was told, in order, then what is running."""
        return [*self._told, *self._running]

    @property
    def running(self) -> list[dict[str, Any]]:
        """The configurations that were asked for and not told yet."""
        return [dict(evaluation.configuration) for evaluation in self._running]

    @property
    def _asked(self) -> int:
        return sum(evaluation.asked for evaluation in self.evaluations)

    def ask(self) -> dict[str, Any]:
        """A configuration to evaluate; each call asks for another one.

        Raises:
            ValueError: The budget is spent.
        """
        asked = self._asked
        if asked >= self.budget:
            raise ValueError(
                f"the budget of {self.budget} evaluations is spent: read `recommend()`, or make a "
                "tuner with a larger budget"
            )
        if asked or self._start is None:
            configuration = self._propose(asked)
        else:
            configuration = dict(self._start)
        self._running.append(Evaluation(configuration, asked=True))
        return dict(configuration)

    def _propose(self, asked: int) -> dict[str, Any]:
        waiting = [self.space.unit(evaluation.configuration) for evaluation in self._running]
        unit = np.array([*self._units, *waiting]).reshape(-1, self.space.dimension)
        scores = np.array([*self._scores, *[nan] * len(waiting)])
        earlier = len(unit) - asked  # told without having been asked for
        proposer = Proposer(
            self.space, self._policy, self.budget + earlier, rng.fold(self.seed), self._patience
        )
        return proposer.propose(unit, scores, len(unit))

    def tell(self, configuration: Mapping[str, Any], result: float | Mapping[str, float]) -> None:
        """Add an evaluation: of what was asked for, or of any other configuration.

        Args:
            configuration: The configuration.
            result: Its score, or its metrics by name, of which the tuner's ``metric`` is the score;
                of the others only numbers are kept. A score that is not finite counts as a failure.

        Raises:
            ValueError: The configuration is not in the space, or the result has no score; nothing
                was added.
        """
        metrics = dict(result) if isinstance(result, Mapping) else {self.metric: result}
        numbers = {name: as_float(value) for name, value in metrics.items() if is_number(value)}
        if self.metric not in numbers:
            raise ValueError(
                f"result = {result!r} must be a number, or a dict with a number called "
                f"{self.metric!r}; call `fail` if there is none"
            )
        kept = numbers if isinstance(result, Mapping) else None
        if self._of_classifier and isfinite(numbers[self.metric]):
            check_score(numbers[self.metric])
        self._add(configuration, numbers[self.metric], kept)

    def fail(self, configuration: Mapping[str, Any]) -> None:
        """Add an evaluation that gave nothing: an exception, a time-out, a divergence.

        Raises:
            ValueError: The configuration is not in the space.
        """
        self._add(configuration, nan, None)

    def _add(
        self, configuration: Mapping[str, Any], score: float, metrics: dict[str, float] | None
    ) -> None:
        kept, unit = self._read(configuration)
        waiting = [self.space.unit(evaluation.configuration) for evaluation in self._running]
        asked = unit in waiting
        if asked:
            del self._running[waiting.index(unit)]
        done = isfinite(score)
        status, told = ("done", score) if done else ("failed", None)
        self._told.append(Evaluation(kept, asked, status, told, metrics))
        self._units.append(unit)
        self._scores.append((score if self.goal == "maximize" else -score) if done else -inf)

    def _read(self, configuration: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[float, ...]]:
        """A configuration, checked, in the order of the space, and its unit configuration."""
        unit = self.space.unit(configuration)
        if not isinstance(configuration, Mapping):
            raise ValueError(f"configuration = {configuration!r} must be a dict")
        return {name: plain(configuration[name]) for name in self.space.names}, unit

    def recommend(self) -> dict[str, Any]:
        """The configuration to use: the best that was told, the first of equals.

        Raises:
            ValueError: No evaluation has succeeded.
        """
        if not any(evaluation.status == "done" for evaluation in self._told):
            raise ValueError(
                f"none of {len(self._told)} evaluations has succeeded: nothing to recommend"
            )
        return dict(self._told[int(np.argmax(self._scores))].configuration)

    def state(self) -> dict[str, Any]:
        """The state, of types that JSON knows; see `from_state`."""
        return {
            "version": 1,
            "space": self.space.describe(),
            "budget": self.budget,
            "goal": self.goal,
            "metric": self.metric,
            "seed": self.seed,
            "start": self._start,
            "policy": self._policy_name,
            "patience": self._patience,
            "evaluations": [asdict(evaluation) for evaluation in self.evaluations],
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any], *, policy: PointPolicy | None = None) -> Tuner:
        """The tuner with this state, which goes on as the one that gave it would have.

        What was running is running still: evaluate `running` and tell it, or `fail` it.

        Args:
            state: What `state` gave, also after a round trip through JSON.
            policy: The tuner's policy, if it was an object and not a name.

        Raises:
            ValueError: The state is damaged or of another version, or the policy is missing.
        """
        try:
            arguments = dict(state)
            if (version := arguments.pop("version")) != 1:
                raise ValueError(f"its version is {version!r}, not 1")
            space = SearchSpace.from_description(arguments.pop("space"))
            evaluations = arguments.pop("evaluations")
            if arguments["policy"] is None:
                if policy is None:
                    raise ValueError("its policy is an object: give it as policy=")
                arguments["policy"] = policy
            tuner = cls(space, **arguments)
            for evaluation in evaluations:
                tuner._replay(**evaluation)
        except (KeyError, TypeError) as error:
            raise ValueError(f"the state of a tuner is damaged: {error!r}") from error
        except ValueError as error:
            raise ValueError(f"the state of a tuner cannot be used: {error}") from error
        return tuner

    def _replay(
        self,
        *,
        configuration: Mapping[str, Any],
        asked: bool,
        status: str,
        score: float | None,
        metrics: Mapping[str, float] | None,
    ) -> None:
        """Add an evaluation of a state."""
        if status not in ("running", "done", "failed") or (status == "running" and not asked):
            raise ValueError(f"an evaluation, asked for: {asked!r}, has the status {status!r}")
        if asked:
            self._running.append(Evaluation(self._read(configuration)[0], asked=True))
        if status == "done":
            self.tell(configuration, score if metrics is None else metrics)  # type: ignore[arg-type]
        elif status == "failed":
            self._add(configuration, nan, None if metrics is None else dict(metrics))
