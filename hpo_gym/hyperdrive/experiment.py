"""An experiment, to which runs are submitted."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from hpo_gym.executors.executor import Executor
from hpo_gym.hyperdrive import work
from hpo_gym.hyperdrive.exceptions import HyperDriveConfigException
from hpo_gym.hyperdrive.hyperdrive_run import HyperDriveRun
from hpo_gym.hyperdrive.journal import FILE, reading
from hpo_gym.hyperdrive.runconfig import HyperDriveConfig
from hpo_gym.hyperdrive.workspace import ExperimentFolder


class Experiment(ExperimentFolder):
    """Runs that belong together.

    Args:
        workspace: The workspace.
        name: Its name.
    """

    def submit(
        self,
        config: HyperDriveConfig,
        tags: Mapping[str, str] | None = None,
        *,
        executor: Executor | str | None = None,
        seed: int | None = None,
        show_output: bool = False,
    ) -> HyperDriveRun:
        """Submit a run; it begins at once, in the background.

        A configuration with a `custom_run_id` that was submitted before goes on with that run, if
        the process that did its work has died.

        Args:
            config: What is to be run.
            tags: Tags of the run.
            executor: What runs the children, in folders that it must see: an executor or its name,
                see `executor_named`; None for processes of this machine.
            seed: Of the sampling; None to draw one.
            show_output: Wait for its end, and show a progress bar meanwhile.

        Raises:
            HyperDriveConfigException: It is no `HyperDriveConfig`, or its source is too large.
            ValueError: A run of this id has other settings, or is being worked on; or there is no
                such executor.
            RuntimeError: With `show_output`, the run failed.
        """
        _check_config(config)
        run = self._begun(config, tags or {}, work.as_executor(executor), seed)
        if show_output:
            run.wait_for_completion(show_output=True)
        return run

    def _begun(
        self,
        config: HyperDriveConfig,
        tags: Mapping[str, str],
        executor: Executor | None,
        seed: int | None,
    ) -> HyperDriveRun:
        folder = self.folder / (config.custom_run_id or f"HD_{uuid.uuid4()}")
        if (folder / FILE).is_file():
            _check_same(reading(folder).facts["settings"], work.settings(config), folder.name)
            return HyperDriveRun(self, folder.name).resume(executor)
        work.create(folder, config, secrets.randbits(32) if seed is None else seed)
        run = HyperDriveRun(self, folder.name)
        run.set_tags(tags)
        work.start(folder, executor)
        return run

    def get_runs(self) -> Iterator[HyperDriveRun]:
        """The runs that were submitted, the latest first."""
        folders = [file.parent for file in self.folder.glob(f"*/{FILE}")]
        latest = sorted(folders, key=lambda each: -float(reading(each).facts["started"]))
        return (HyperDriveRun(self, folder.name) for folder in latest)


def _check_config(config: Any) -> None:
    if not isinstance(config, HyperDriveConfig):
        raise HyperDriveConfigException(
            f"config = {config!r} must be a HyperDriveConfig; to run a script once, submit one "
            'with a single child: HyperDriveConfig(GridParameterSampling({"lr": choice(0.1)}), '
            '"accuracy", PrimaryMetricGoal.MAXIMIZE, max_total_runs=1, '
            "run_config=ScriptRunConfig(...))"
        )


def _check_same(known: Mapping[str, Any], given: Mapping[str, Any], run_id: str) -> None:
    for name in given:
        if known.get(name) != given[name]:
            raise ValueError(
                f"custom_run_id = {run_id!r}: this run has {name} = {known.get(name)!r}, not "
                f"{given[name]!r}; submit the same configuration to go on with it, or another id"
            )
