"""A run: what its script logs, and what can be asked about it afterwards, also by others."""

from __future__ import annotations

import os
import shutil
import time
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hpo_gym.hyperdrive import records
from hpo_gym.hyperdrive.context import Context, OfflineRun
from hpo_gym.hyperdrive.journal import FAILED, TERMINAL, ChildRow, reading
from hpo_gym.hyperdrive.workspace import ExperimentFolder, Model, Workspace

FOLDER_VARIABLE = "HPO_GYM_HYPERDRIVE_CHILD"
"""Environment variable that tells a script the folder of its run."""
RECORDS, CANCEL, FILES, LOG = "records.jsonl", "cancel", "files", "user_logs/std_log.txt"
"""In the folder of a run: what it logs, a file that asks it to end, what it keeps, its output."""


class Run(Context):
    """A child of a `HyperDriveRun`, or what its script sees of it.

    Args:
        experiment: The experiment.
        run_id: The run's id.

    Attributes:
        experiment: The experiment.
        folder: Where the run is kept.

    Raises:
        ValueError: There is no such run.
    """

    def __init__(self, experiment: ExperimentFolder, run_id: str) -> None:
        parent = run_id.rpartition("_")[0]
        self._enter(experiment, experiment.folder / parent / run_id)

    def _enter(self, experiment: ExperimentFolder, folder: Path) -> None:
        if not folder.is_dir():
            raise ValueError(
                f"run_id = {folder.name!r}: the experiment {experiment.name!r} in "
                f"{experiment.workspace.folder} has no such run"
            )
        self.experiment, self.folder = experiment, folder
        self._reader, self._entries = records.Reader(folder / RECORDS), list[dict[str, Any]]()

    @staticmethod
    def get_context(allow_offline: bool = True) -> Context:
        """The run of the script that calls this.

        Args:
            allow_offline: Whether a script that nobody submitted gets a run that prints.

        Raises:
            RuntimeError: It is not allowed, and nobody submitted the script.
        """
        if folder := os.environ.get(FOLDER_VARIABLE):
            return run_at(Path(folder))
        if not allow_offline:
            raise RuntimeError("no run was submitted: run the script through Experiment.submit")
        return OfflineRun()

    @property
    def id(self) -> str:
        """The run's id: that of its parent and its number."""
        return self.folder.name

    @property
    def number(self) -> int:
        """Which child of its parent it is, 0 for the first."""
        return int(self.id.rpartition("_")[2])

    @property
    def parent(self) -> Run:  # type: ignore[override]
        """The run that started this one."""
        return run_at(self.folder.parent, self.experiment)

    def _record(self, kind: str, name: str, value: Any, step: int | None = None) -> None:
        entry = {"time": time.time(), "kind": kind, "name": str(name), "value": value}
        records.append(self.folder / RECORDS, entry if step is None else {**entry, "step": step})

    def _kept(self, name: str) -> Path:
        """Where a file of this name is kept; a leading slash is as good as none."""
        if ".." in Path(name).parts:
            raise ValueError(
                f"name = {name!r} leaves the run's folder: name a file in it, such as "
                "'outputs/model.pkl'"
            )
        return self.folder / FILES / os.fspath(name).lstrip("/")

    def upload_file(self, name: str, path_or_stream: Any) -> None:
        """Keep a file; see `Context.upload_file`."""
        place = self._kept(name)
        place.parent.mkdir(parents=True, exist_ok=True)
        if hasattr(path_or_stream, "read"):
            place.write_bytes(path_or_stream.read())
        else:
            shutil.copyfile(path_or_stream, place)

    def child_run(self, name: str | None = None) -> Run:
        """A run inside this one, whose metrics are kept apart."""
        folder = self.folder / f"{self.id}_{name or uuid.uuid4().hex[:8]}"
        folder.mkdir(exist_ok=True)
        return run_at(folder, self.experiment)

    def _logged(self) -> list[dict[str, Any]]:
        """What was logged so far."""
        self._entries += self._reader.read()
        return records.counted(self._entries)

    @property
    def row(self) -> ChildRow:
        """What its parent knows of it."""
        for row in reading(self.folder.parent).rows():
            if row.number == self.number:
                return row
        raise ValueError(f"{self.folder.parent.name} has no child {self.id}")

    def get_status(self) -> str:
        """Its state, in HyperDrive's words."""
        return self.row.status

    def get_metrics(self, name: str | None = None) -> dict[str, Any]:
        """Metrics by name: numbers, lists of what was logged several times, dicts of columns.

        Args:
            name: That of the only one to be given.
        """
        found = records.metrics(self._logged())
        return found if name is None else {key: found[key] for key in found if key == name}

    def _named(self, kind: str) -> dict[str, Any]:
        return {each["name"]: each["value"] for each in self._logged() if each["kind"] == kind}

    def get_tags(self) -> dict[str, str]:
        """Its tags."""
        return self._named(records.TAG)

    def get_properties(self) -> dict[str, Any]:
        """Its properties."""
        return self._named(records.PROPERTY)

    def get_details(self) -> dict[str, Any]:
        """What is known of it; ``["runDefinition"]["arguments"]`` is what its script was given."""
        row = self.row
        details = {
            "runId": self.id,
            "target": "local",
            "status": row.status,
            "startTimeUtc": utc(row.started),
            "endTimeUtc": None if row.ended is None else utc(row.ended),
            "properties": self.get_properties(),
            "runDefinition": {"arguments": row.arguments},
            "logFiles": {LOG: str(self.folder / FILES / LOG)},
        }
        return {**details, "error": {"error": {"message": row.message}}} if row.message else details

    def get_details_with_logs(self) -> dict[str, Any]:
        """The same, with the text of its logs."""
        return {**self.get_details(), "logFiles": {LOG: self.log_text()}}

    def log_text(self) -> str:
        """What its script has printed."""
        file = self.folder / FILES / LOG
        return file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""

    def get_children(self, **ignored: Any) -> Iterator[Run]:
        """The runs inside it that its script made.

        Args:
            **ignored: What is there for Azure alone.
        """
        folders = sorted(each.parent for each in self.folder.glob(f"{self.id}_*/{RECORDS}"))
        return (run_at(folder, self.experiment) for folder in folders)

    def get_file_names(self) -> list[str]:
        """Names of the files that it has kept: its outputs, logs and uploads."""
        files = self.folder / FILES
        return sorted(f.relative_to(files).as_posix() for f in files.rglob("*") if f.is_file())

    def download_file(self, name: str, output_file_path: str | Path | None = None) -> None:
        """Copy a file.

        Args:
            name: Its name.
            output_file_path: Where to; None for its own name in the current folder.

        Raises:
            FileNotFoundError: It has kept no such file.
            ValueError: The name leaves the run's folder.
        """
        source, target = self._kept(name), Path(output_file_path or Path(name).name)
        if not source.is_file():
            raise FileNotFoundError(f"name = {name!r}: run {self.id} has {self.get_file_names()}")
        if target.is_dir():
            target /= Path(name).name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)

    def download_files(self, prefix: str | None = None, output_directory: str | Path = ".") -> None:
        """Copy the files whose names begin so, all by default, into a folder."""
        for name in self.get_file_names():
            if name.startswith((prefix or "").lstrip("/")):
                self.download_file(name, Path(output_directory) / name)

    def register_model(
        self,
        model_name: str,
        model_path: str | None = None,
        tags: Mapping[str, str] | None = None,
        description: str | None = None,
        **ignored: Any,
    ) -> Model:
        """Keep a file or a folder of its outputs as the next version of a model.

        Args:
            model_name: The model's name.
            model_path: Name of the file or folder; None for the model's name.
            tags: The model's tags.
            description: What is to be said about it.
            **ignored: What is there for Azure alone.

        Raises:
            FileNotFoundError: It has kept no such file.
            ValueError: The model's name is none of a folder, or the path leaves the run's folder.
        """
        source = self._kept(model_path or model_name)
        if not source.exists():
            raise FileNotFoundError(
                f"model_path = {model_path or model_name!r}: run {self.id} has "
                f"{self.get_file_names()}"
            )
        facts = {"run_id": self.id, "description": description}
        return self.experiment.workspace.register(model_name, source, tags or {}, facts)

    def wait_for_completion(
        self,
        show_output: bool = False,
        wait_post_processing: bool = False,
        raise_on_error: bool = True,
    ) -> dict[str, Any]:
        """Wait for its end.

        Args:
            show_output: Print its log then.
            wait_post_processing: Ignored.
            raise_on_error: Raise an error if it failed.

        Returns:
            Its details.

        Raises:
            RuntimeError: It failed.
        """
        while self.get_status() not in TERMINAL:
            time.sleep(0.1)
        if show_output:
            print(self.log_text())
        if raise_on_error and self.get_status() == FAILED:
            raise RuntimeError(f"run {self.id} failed: {self.row.message}")
        return self.get_details()

    def __repr__(self) -> str:
        return f"Run(Experiment: {self.experiment.name}, Id: {self.id})"


def experiment_of(folder: Path) -> ExperimentFolder:
    """The experiment of the run in a folder."""
    return ExperimentFolder(Workspace(folder.parents[1]), folder.parent.name)


def run_at(folder: Path, experiment: ExperimentFolder | None = None) -> Run:
    """The child, or what it has inside it, in a folder."""
    run = Run.__new__(Run)
    run._enter(experiment or experiment_of(folder.parent), folder)
    return run


def utc(seconds: float) -> str:
    """A time, given in seconds since 1970, as HyperDrive writes it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")
