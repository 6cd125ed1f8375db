"""What is kept of a run's children: a study of Optuna in a file of SQLite.

A child is a trial. What it reports are intermediate values; one that was terminated early is
pruned, one that failed, was canceled or logged no primary metric is failed. What HyperDrive says of
a child stands in the trial's user attributes. A child that was cut off together with the whole run
starts again as another trial of the same child.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from hpo_gym.optional import optional

FILE = "study.sqlite"
QUEUED, RUNNING, CANCELING = "Queued", "Running", "CancelRequested"
UNRESPONSIVE = "NotResponding"
COMPLETED, FAILED, CANCELED = "Completed", "Failed", "Canceled"
TERMINAL = (COMPLETED, FAILED, CANCELED)
"""HyperDrive's states of a run."""
_CHILD, _CONFIGURATION, _ARGUMENTS, _STARTED = "child", "configuration", "arguments", "started"
_END, _RUN = "end", "run"
"""User attributes of a trial."""


class ChildRow(NamedTuple):
    """What is known of a child."""

    number: int
    """0 for the first."""
    status: str
    """Of HyperDrive's; "Queued" is one that was cut off and starts again."""
    configuration: dict[str, Any]
    """Its hyperparameters."""
    arguments: list[str]
    """What its script was given."""
    curve: list[float]
    """The primary metric after each interval."""
    started: float
    """Seconds since 1970; on a virtual clock, since the run began."""
    ended: float | None = None
    message: str = ""
    """Why it failed."""
    terminated: bool = False
    """Whether the policy ended it."""

    def best(self, goal: str) -> float | None:
        """The best value of its primary metric, None without a finite one."""
        known = [value for value in self.curve if math.isfinite(value)]
        return (max if goal == "maximize" else min)(known) if known else None


class Journal:
    """The study of a run.

    Args:
        folder: The run's folder; its name is the name of the study.
        goal: "maximize" or "minimize", to make the study if there is none.

    Raises:
        ImportError: Optuna is not installed.
    """

    def __init__(self, folder: Path, goal: str | None = None) -> None:
        self._optuna = optional("optuna", extra="hyperdrive", user="HyperDrive offline")
        self._states = self._optuna.trial.TrialState
        self._database = _database(folder / FILE)
        self._storage = self._optuna.storages.get_storage(self._database)
        if goal is None:
            self.study = self._optuna.load_study(study_name=folder.name, storage=self._storage)
        else:
            verbosity = self._optuna.logging.get_verbosity()
            self._optuna.logging.set_verbosity(self._optuna.logging.WARNING)
            self.study = self._optuna.create_study(
                study_name=folder.name, storage=self._storage, direction=goal, load_if_exists=True
            )
            self._optuna.logging.set_verbosity(verbosity)
        self.goal = self.study.direction.name.lower()
        self._running: dict[int, Any] = {}

    def close(self) -> None:
        """Let go of the file."""
        self._database.engine.dispose()

    @property
    def facts(self) -> dict[str, Any]:
        """What is known of the whole run."""
        return dict(self.study.user_attrs)

    def note(self, **facts: Any) -> None:
        """Keep something of the whole run, in this order: whoever reads the last has the rest."""
        for name, value in facts.items():
            self.study.set_user_attr(name, value)

    def rows(self) -> list[ChildRow]:
        """The children that were started, in the order of their numbers."""
        latest = {
            trial.user_attrs[_CHILD]: trial
            for trial in self.study.get_trials(deepcopy=False)
            if _CHILD in trial.user_attrs
        }
        return [_row(latest[number]) for number in sorted(latest)]

    def ask(self, sampler: Any, distributions: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
        """A trial whose parameters a sampler of Optuna chooses, and these parameters."""
        self.study.sampler = sampler
        trial = self.study.ask(fixed_distributions=dict(distributions))
        return trial, dict(trial.params)

    def begin(
        self,
        number: int,
        configuration: Mapping[str, Any],
        arguments: list[str],
        started: float,
        trial: Any = None,
        distributions: Mapping[str, Any] | None = None,
    ) -> None:
        """A child starts.

        Args:
            number: Its number.
            configuration: Its hyperparameters.
            arguments: What its script is given.
            started: When.
            trial: Its trial, if a sampler of Optuna has chosen; else one is made.
            distributions: For the trial that is made, those of Optuna that the parameters fit.
        """
        attributes = {
            _CONFIGURATION: dict(configuration),
            _ARGUMENTS: arguments,
            _STARTED: started,
            _CHILD: number,  # last: who is killed before has not begun it
        }
        if trial is None:
            fitting = dict(distributions or {})
            made = self._optuna.trial.create_trial(
                state=self._states.RUNNING,
                params={name: configuration[name] for name in fitting},
                distributions=fitting,
                user_attrs=attributes,
            )
            identity = self._storage.create_new_trial(self.study._study_id, made)
            trial = self._optuna.trial.Trial(self.study, identity)
        else:
            for name, value in attributes.items():
                trial.set_user_attr(name, value)
        self._running[number] = trial

    def restart(self, number: int, started: float) -> None:
        """A child begins anew: its trial is given up for another one."""
        trial = self._running.pop(number)
        self.study.tell(trial.number, state=self._states.FAIL)
        old = self._storage.get_trial(trial._trial_id)
        row = _row(old)
        # With its parameters: a sampler is to learn from it.
        self.begin(
            number, row.configuration, row.arguments, started, distributions=old.distributions
        )

    def report(self, number: int, interval: int, value: float) -> None:
        """A child has reported its primary metric for an interval, counted from 1."""
        self._running[number].report(value, interval)

    def end(self, number: int, status: str, ended: float, message: str, terminated: bool) -> None:
        """A child has ended."""
        trial = self._running.pop(number)
        end = {"status": status, "ended": ended, "message": message, "terminated": terminated}
        trial.set_user_attr(_END, end)  # who is killed after this has ended it
        self._tell(self._storage.get_trial(trial._trial_id))

    def _tell(self, trial: Any) -> None:
        """Give a trial of a child that has ended the state that Optuna has for it."""
        row = _row(trial)
        best = row.best(self.goal)
        if row.terminated:
            self.study.tell(trial.number, state=self._states.PRUNED)
        elif row.status == COMPLETED and best is not None:
            self.study.tell(trial.number, best)
        else:
            self.study.tell(trial.number, state=self._states.FAIL)

    def close_open(self) -> None:
        """Give up the trials of children that were cut off: these are queued."""
        for trial in self.study.get_trials(deepcopy=False, states=(self._states.RUNNING,)):
            if _END in trial.user_attrs:
                self._tell(trial)
            else:
                self.study.tell(trial.number, state=self._states.FAIL)

    def cancel_rest(self, now: float) -> None:
        """Cancel the children that were cut off and have not been started again."""
        for row in self.rows():
            if row.status not in TERMINAL:
                self.begin(row.number, row.configuration, row.arguments, row.started)
                self.end(row.number, CANCELED, now, "", False)

    def past(self) -> list[Any]:
        """Ended trials that say something, to be added to a run that learns from this one."""
        states = (self._states.COMPLETE, self._states.PRUNED)
        return [
            self._optuna.trial.create_trial(
                state=trial.state,
                values=trial.values,
                params=trial.params,
                distributions=trial.distributions,
                user_attrs={_RUN: self.study.study_name},
                intermediate_values=trial.intermediate_values,
            )
            for trial in self.study.get_trials(deepcopy=False, states=states)
        ]

    def add(self, trials: Iterable[Any]) -> None:
        """Add trials of earlier runs, from which samplers of Optuna learn."""
        self.study.add_trials(trials)

    def added(self) -> list[Any]:
        """The trials of earlier runs."""
        return [trial for trial in self.study.get_trials() if _RUN in trial.user_attrs]


@lru_cache(maxsize=64)
def reading(folder: Path) -> Journal:
    """The journal of a run, to read it: the same for all who ask."""
    if not (folder / FILE).is_file():
        raise ValueError(f"there is no run {folder.name!r} in {folder.parent}")
    return Journal(folder)


def _row(trial: Any) -> ChildRow:
    known = trial.user_attrs
    going_on = QUEUED if trial.state.is_finished() else RUNNING
    return ChildRow(
        number=known[_CHILD],
        configuration=known[_CONFIGURATION],
        arguments=known[_ARGUMENTS],
        curve=[value for _, value in sorted(trial.intermediate_values.items())],
        started=known[_STARTED],
        **known.get(_END, {"status": going_on}),
    )


def _database(file: Path) -> Any:
    """A file of SQLite that can be read while it is written, and is not forced to disk each time.

    It survives the death of any process, but what the last moments before a power cut wrote may be
    lost.
    """
    from sqlalchemy import URL, event

    optuna = optional("optuna", extra="hyperdrive", user="HyperDrive offline")
    address = URL.create("sqlite", database=str(file)).render_as_string()
    storage = optuna.storages.RDBStorage(address)

    def configure(connection: Any, _: Any) -> None:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")

    event.listen(storage.engine, "connect", configure)
    storage.engine.dispose()
    return storage
