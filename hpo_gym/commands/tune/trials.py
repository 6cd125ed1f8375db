"""The Optuna study in which everything is kept, in a file of SQLite."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from hpo_gym.commands.tune.targets import Outcome, Target
from hpo_gym.executors.executor import Failure
from hpo_gym.optional import optional
from hpo_gym.parameters import Categorical, Float, Integer
from hpo_gym.space import SearchSpace

_SETTINGS, _ERROR, _BEGUN = "settings", "error", "begun"
"""Attributes of studies and trials."""
_MOST_BEGINNINGS = 2
"""An evaluation that ended the program so often has failed."""
_LONGEST_REASON = 300
"""Characters that are shown of an error."""


class Job(NamedTuple):
    """An evaluation to be done."""

    number: int
    """Of its trial."""
    configuration: dict[str, Any]


class Trials:
    """The trials of a study.

    Args:
        file: The file, in a folder that exists; it is made if need be.
        target: What is tuned.
        goal: "maximize" or "minimize".
        budget: Number of evaluations in all, those of earlier runs included.
        seed: Seed of the tuner.

    Raises:
        ValueError: The file is none of SQLite, or its study was made with other settings.
    """

    def __init__(self, file: Path, target: Target, *, goal: str, budget: int, seed: int) -> None:
        self._optuna = optional("optuna", extra="tune", user="this command")
        self._optuna.logging.set_verbosity(self._optuna.logging.WARNING)
        self._states = self._optuna.trial.TrialState
        self.file, self.target, self.budget = file, target, budget
        self._running: dict[int, Any] = {}
        settings = {
            **target.facts,
            "goal": goal,
            "seed": seed,
            "space": target.space.describe(),
        }
        from hpo_gym.integrations.optuna import LearnedSampler  # which needs Optuna

        self.study = self._open(goal, LearnedSampler(budget=budget, seed=seed))
        known = self.study.user_attrs.get(_SETTINGS)
        if known is None:
            directions = [each.name.lower() for each in self.study.directions]
            if self.all or directions != [goal]:
                raise ValueError(
                    f"{file} holds a study {target.name!r} that another program made; name another "
                    "file with --study"
                )
            self.study.set_user_attr(_SETTINGS, settings)
        elif known != json.loads(json.dumps(settings)):
            raise ValueError(_difference(file, known, settings))

    def _open(self, goal: str, sampler: Any) -> Any:
        from sqlalchemy import URL
        from sqlalchemy.exc import DatabaseError

        try:
            address = URL.create("sqlite", database=str(self.file)).render_as_string()
            return self._optuna.create_study(
                storage=address,
                study_name=self.target.name,
                direction=goal,
                sampler=sampler,
                load_if_exists=True,
            )
        except (DatabaseError, RuntimeError, self._optuna.exceptions.StorageInternalError) as error:
            raise ValueError(
                f"--study {self.file}: it is no study of Optuna ({error}); name another file"
            ) from error

    @property
    def all(self) -> list[Any]:
        """All trials, in order."""
        trials: list[Any] = self.study.get_trials(deepcopy=False)
        return trials

    @property
    def over(self) -> list[Any]:
        """Those that succeeded or failed."""
        return [trial for trial in self.all if trial.state.is_finished()]

    @property
    def best(self) -> Any | None:
        """The best trial, the first of equals; None before any success."""
        try:
            return self.study.best_trial
        except ValueError:
            return None

    def jobs(self, shield: Any) -> Iterator[Job]:
        """Evaluations until the budget is spent: first those that an earlier run did not end.

        Args:
            shield: A context in which nothing interrupts.
        """
        waiting, running = self._states.WAITING, self._states.RUNNING
        for cut_off in [trial for trial in self.all if trial.state == running]:
            with shield():
                job = self._begin(self._optuna.trial.Trial(self.study, cut_off._trial_id))
            if job is not None:
                yield job
        while sum(trial.state != waiting for trial in self.all) < self.budget:
            with shield():
                job = self._begin(self.study.ask())
            if job is not None:
                yield job

    def _begin(self, trial: Any) -> Job | None:
        """The job of a trial; None if it ended the program again and again."""
        begun = trial.user_attrs.get(_BEGUN, 0)
        self._running[trial.number] = trial
        if begun >= _MOST_BEGINNINGS:
            message = f"the program ended {begun} times in the midst of it"
            self.tell(Job(trial.number, {}), Failure(message))
            return None
        trial.set_user_attr(_BEGUN, begun + 1)
        return Job(trial.number, suggest(trial, self.target.space))

    def tell(self, job: Job, outcome: Outcome | Failure) -> Any:
        """Keep what an evaluation gave; returns its trial as it is now."""
        trial = self._running.pop(job.number)
        if isinstance(outcome, Failure):
            trial.set_user_attr(_ERROR, outcome.message)
            return self.study.tell(trial, state=self._states.FAIL)
        for name, value in outcome.metrics.items():
            trial.set_user_attr(name, value)
        return self.study.tell(trial, outcome.value)


def suggest(trial: Any, space: SearchSpace) -> dict[str, Any]:
    """The configuration of a trial of Optuna."""

    def value(name: str, parameter: Any) -> Any:
        if isinstance(parameter, Categorical):
            return trial.suggest_categorical(name, parameter.choices)
        kind = {Float: trial.suggest_float, Integer: trial.suggest_int}[type(parameter)]
        return kind(name, parameter.low, parameter.high, log=parameter.log)

    return {name: value(name, parameter) for name, parameter in space.parameters.items()}


def error_of(trial: Any) -> str:
    """Why a trial failed: the last line of what is known."""
    lines = str(trial.user_attrs.get(_ERROR, "")).strip().splitlines()
    reason = "".join(c if c.isprintable() else "?" for c in lines[-1]) if lines else "unknown"
    return reason if len(reason) <= _LONGEST_REASON else f"{reason[:_LONGEST_REASON]} ..."


def _difference(file: Path, known: Mapping[str, Any], settings: Mapping[str, Any]) -> str:
    name = next(n for n in settings if n not in known or known[n] != settings[n])
    return (
        f"{file} holds a study with {name} = {known.get(name)!r}, not {settings[name]!r}: give the "
        "same settings to go on with it, or name another file with --study"
    )
