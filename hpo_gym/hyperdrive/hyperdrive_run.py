"""A HyperDrive run: its children, what is known of them, and how it goes on."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from typing import Any, Never

from hpo_gym.hyperdrive import ranking, submission, work
from hpo_gym.hyperdrive.child import CANCEL, LOG, Run, experiment_of, run_at, utc
from hpo_gym.hyperdrive.exceptions import HyperDriveNotImplementedException
from hpo_gym.hyperdrive.journal import (
    CANCELED,
    CANCELING,
    COMPLETED,
    FAILED,
    FILE,
    TERMINAL,
    UNRESPONSIVE,
    ChildRow,
    Journal,
    reading,
)
from hpo_gym.hyperdrive.progress import reason, wait, warn_of_no_metric
from hpo_gym.hyperdrive.runconfig import HyperDriveConfig
from hpo_gym.hyperdrive.workspace import ExperimentFolder
from hpo_gym.locks import is_worked_on


class HyperDriveRun(Run):
    """A run that was submitted, in this process or another.

    Everything is read from the run's folder: a run can be looked at while it goes on, by anybody.

    Args:
        experiment: The experiment.
        run_id: The run's id.
        hyperdrive_config: Ignored, for it is kept with the run.

    Raises:
        ValueError: There is no such run.
    """

    def __init__(
        self, experiment: ExperimentFolder, run_id: str, hyperdrive_config: Any = None
    ) -> None:
        self._enter(experiment, experiment.folder / run_id)

    @property
    def _journal(self) -> Journal:
        return reading(self.folder)

    @property
    def hyperdrive_config(self) -> HyperDriveConfig:
        """The `HyperDriveConfig` that was submitted, without earlier runs that are gone.

        Raises:
            ValueError: The file that keeps it is damaged.
        """
        config, _, runs, children = submission.read(self.folder)
        config.resume_from = tuple(
            HyperDriveRun(experiment_of(run), run.name) for run, _ in runs if run.is_dir()
        )
        config.resume_child_runs = tuple(run_at(child) for child, _ in children if child.is_dir())
        return config

    def rows(self) -> list[ChildRow]:
        """What is known of each child that was started, in the order of their numbers."""
        return self._journal.rows()

    def child(self, number: int) -> Run:
        """The child of this number."""
        return Run(self.experiment, f"{self.id}_{number}")

    def get_children(
        self, recursive: bool = False, status: str | None = None, **ignored: Any
    ) -> Iterator[Run]:
        """The children that were started, in the order of their numbers.

        Args:
            recursive: Ignored: there is one level.
            status: Only those in this state.
            **ignored: What is there for Azure alone.
        """
        for row in self.rows():
            if status in (None, row.status):
                yield self.child(row.number)

    def get_status(self) -> str:
        """Its state: "Running", "CancelRequested", "Completed", "Canceled" or "Failed".

        Or "NotResponding", if the process that did its work has died: then `resume` goes on.
        """
        status: str = self._journal.facts["status"]
        if status in TERMINAL:
            return status
        if not is_worked_on(self.folder / FILE):
            # It may have ended since the first look.
            status = self._journal.facts["status"]
            return status if status in TERMINAL else UNRESPONSIVE
        return CANCELING if (self.folder / CANCEL).exists() else status

    def resume(self, executor: Any = None) -> HyperDriveRun:
        """Go on with a run whose process has died, or that an error outside of its children ended.

        What had ended is kept, the rest starts again. Of a run that has ended otherwise a warning
        says so.

        Args:
            executor: See `Experiment.submit`.

        Raises:
            ValueError: It is still being worked on.
        """
        if (status := self.get_status()) in TERMINAL:
            work.join(self.folder)
            if not self._journal.facts.get("error"):
                text = f"run {self.id} is {status}, and does not go on: submit it under another id"
                warnings.warn(text, stacklevel=2)
                return self
        work.start(self.folder, executor)
        return self

    def cancel(self) -> bool:
        """End it and its children; returns whether there was something to end."""
        status = self.get_status()
        if status in TERMINAL:
            return False
        (self.folder / CANCEL).touch()
        if status == UNRESPONSIVE:
            work.start(self.folder, None)  # ends at once, and says so
        return True

    def wait_for_completion(
        self,
        show_output: bool = False,
        wait_post_processing: bool = False,
        raise_on_error: bool = True,
    ) -> dict[str, Any]:
        """Wait for its end; Ctrl-C ends its work here, with which `resume` goes on.

        If no child has logged the primary metric, a warning names what they have logged.

        Args:
            show_output: Show a progress bar, and the best child.
            wait_post_processing: Ignored.
            raise_on_error: Raise an error if it failed or its process died.

        Returns:
            Its details.

        Raises:
            RuntimeError: It failed, or its process died.
        """
        try:
            wait(self, over=(*TERMINAL, UNRESPONSIVE), show=show_output)
        except KeyboardInterrupt:
            work.interrupt(self.folder)
            raise
        work.join(self.folder)
        status = self.get_status()
        if raise_on_error and status not in (COMPLETED, CANCELED):
            raise RuntimeError(f"run {self.id} is {status}: {reason(self, status)}")
        if status == COMPLETED:
            warn_of_no_metric(self)
        return self.get_details()

    def get_best_run_by_primary_metric(
        self,
        include_failed: bool = True,
        include_canceled: bool = True,
        include_resume_from_runs: bool = True,
    ) -> Run | None:
        """The best child by the best value of its primary metric, the first of equals.

        Args:
            include_failed: Whether it may be one that failed.
            include_canceled: Whether it may be one that was ended early.
            include_resume_from_runs: Whether it may be a child of the runs that this one was warm
                started from.

        Returns:
            The child; None before any has reported its primary metric.
        """
        runs = [self, *(self.hyperdrive_config.resume_from if include_resume_from_runs else [])]
        left_out = {FAILED} if not include_failed else set()
        left_out |= {CANCELED} if not include_canceled else set()
        goal, best = self._journal.goal, dict[Run, float]()
        for run in runs:
            rows = [row for row in run.rows() if row.status not in left_out]
            for row in ranking.ranked(rows, goal)[:1]:
                best[run.child(row.number)] = ranking.order(row, goal)
        return min(best, key=best.__getitem__, default=None)

    def get_children_sorted_by_primary_metric(
        self, top: int = 0, reverse: bool = False, discard_no_metric: bool = False
    ) -> list[dict[str, Any]]:
        """The children, best first; equal ones by their numbers, those without metric last.

        Args:
            top: How many; 0 for all.
            reverse: Worst first, with those without metric still last.
            discard_no_metric: Leave these out.

        Returns:
            For each its "run_id", "hyperparameters" (JSON), "best_primary_metric" and "status".

        Raises:
            AssertionError: An argument is not of its type, as in HyperDrive.
        """
        if not isinstance(top, int) or top < 0:
            raise AssertionError(f"top = {top!r} must be a positive whole number, or 0 for all")
        for name, flag in (("reverse", reverse), ("discard_no_metric", discard_no_metric)):
            if not isinstance(flag, bool):
                raise AssertionError(f"{name} = {flag!r} must be True or False")
        rows, goal = self.rows(), self._journal.goal
        ranked = ranking.ranked(rows, goal, reverse=reverse)
        if not discard_no_metric:
            ranked += [row for row in rows if row.best(goal) is None]
        return [
            {
                "run_id": f"{self.id}_{row.number}",
                "hyperparameters": json.dumps(row.configuration),
                "best_primary_metric": row.best(goal),
                "status": row.status,
            }
            for row in ranked[: top or None]
        ]

    def get_hyperparameters(self) -> dict[str, str]:
        """Hyperparameters of each child by its id, as JSON."""
        return {f"{self.id}_{row.number}": json.dumps(row.configuration) for row in self.rows()}

    def get_metrics(self, name: str | None = None) -> dict[str, Any]:
        """Metrics of each child by its id; see `Run.get_metrics`."""
        return {child.id: child.get_metrics(name) for child in self.get_children()}

    def get_details(self) -> dict[str, Any]:
        """What is known of it."""
        status = self.get_status()  # first: the end of a run that has ended is in the facts
        facts = self._journal.facts
        best = ranking.ranked(self.rows(), self._journal.goal)[:1]
        primary = {"name": facts["primary_metric_name"], "goal": self._journal.goal}
        properties = {"primary_metric_config": json.dumps(primary), **self.get_properties()}
        if best:
            properties["best_child_run_id"] = f"{self.id}_{best[0].number}"
            properties["score"] = str(best[0].best(self._journal.goal))
        return {
            "runId": self.id,
            "target": "local",
            "status": status,
            "startTimeUtc": utc(facts["started"]),
            "endTimeUtc": utc(facts["ended"]) if status in TERMINAL else None,
            "properties": properties,
            "runDefinition": facts["settings"],
            "logFiles": {},
        }

    def log_text(self) -> str:
        """A line for each child: how it ended, and why it failed."""
        lines = [
            ": ".join(filter(None, [f"{self.id}_{row.number}", row.status, row.message]))
            for row in self.rows()
        ]
        return "".join(f"{line}\n" for line in lines)

    def get_details_with_logs(self) -> dict[str, Any]:
        """The same, with a line for each child."""
        return {**self.get_details(), "logFiles": {LOG: self.log_text()}}

    def get_diagnostics(self) -> Never:
        """Not there for a HyperDrive run.

        Raises:
            HyperDriveNotImplementedException: Always.
        """
        raise HyperDriveNotImplementedException(
            "a HyperDrive run has no diagnostics: see its folder, and get_details_with_logs()"
        )

    def fail(self, error_details: Any = None, error_code: str | None = None) -> Never:
        """Not there for a HyperDrive run.

        Raises:
            HyperDriveNotImplementedException: Always.
        """
        raise HyperDriveNotImplementedException(
            "a HyperDrive run cannot be made to fail: cancel() ends it"
        )

    def __repr__(self) -> str:
        return f"HyperDriveRun(Experiment: {self.experiment.name}, Id: {self.id})"
