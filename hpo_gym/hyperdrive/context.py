"""A run as its script sees it: what can be logged, and what is printed where nobody listens."""

from __future__ import annotations

import io
import uuid
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hpo_gym.hyperdrive import records


class Context(ABC):
    """What a training script does with its run, under HyperDrive's names."""

    parent: Context | None = None
    """The run that started this one."""

    @property
    @abstractmethod
    def id(self) -> str:
        """The run's id."""

    @abstractmethod
    def _record(self, kind: str, name: str, value: Any, step: int | None = None) -> None:
        """Keep an entry; see `hpo_gym.hyperdrive.records`."""

    @property
    def input_datasets(self) -> dict[str, Any]:
        """Datasets that were given to the run: none, offline."""
        return {}

    def log(self, name: str, value: Any, description: str = "", step: int | None = None) -> None:
        """Log a number; each of the primary metric ends an interval.

        Args:
            name: Name of the metric.
            value: The number, or a text.
            description: Ignored, as there.
            step: Kept with it.
        """
        self._record(records.SCALAR, name, value, step)

    def log_list(self, name: str, value: Sequence[Any], description: str = "") -> None:
        """Log several numbers at once."""
        self._record(records.LIST, name, list(value))

    def log_row(self, name: str, description: str | None = None, **columns: Any) -> None:
        """Add a row to a table."""
        self._record(records.ROW, name, columns)

    def log_table(self, name: str, value: Mapping[str, Any], description: str = "") -> None:
        """Log a table: columns by name."""
        self._record(records.TABLE, name, dict(value))

    def log_image(
        self, name: str, path: Any = None, plot: Any = None, description: str = ""
    ) -> None:
        """Log a picture.

        Args:
            name: Its name.
            path: Its file.
            plot: In place of it, a figure of matplotlib, or `matplotlib.pyplot` with one.
            description: Ignored, as there.

        Raises:
            ValueError: Not exactly one of path and plot is given.
        """
        if (path is None) == (plot is None):
            raise ValueError(f"path = {path!r} and plot = {plot!r}: give exactly one of the two")
        if path is None:
            path = io.BytesIO()
            plot.savefig(path, format="png", bbox_inches="tight")
            path.seek(0)
        file = f"{name}{Path(path).suffix if isinstance(path, (str, Path)) else '.png'}"
        self.upload_file(file, path)
        self._record(records.FILE, name, file)

    def log_confusion_matrix(self, name: str, value: Any, description: str = "") -> None:
        """Log a confusion matrix, HyperDrive's dict or the text of one."""
        self._record(records.FILE, name, value)

    def log_accuracy_table(self, name: str, value: Any, description: str = "") -> None:
        """Log an accuracy table, HyperDrive's dict or the text of one."""
        self._record(records.FILE, name, value)

    def log_predictions(self, name: str, value: Any, description: str = "") -> None:
        """Log predictions of a regression, HyperDrive's dict or the text of one."""
        self._record(records.FILE, name, value)

    def log_residuals(self, name: str, value: Any, description: str = "") -> None:
        """Log residuals of a regression, HyperDrive's dict or the text of one."""
        self._record(records.FILE, name, value)

    def tag(self, key: str, value: str | None = None) -> None:
        """Set a tag."""
        self._record(records.TAG, key, value)

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Set tags."""
        for key, value in tags.items():
            self.tag(key, value)

    def add_properties(self, properties: Mapping[str, Any]) -> None:
        """Set properties."""
        for key, value in properties.items():
            self._record(records.PROPERTY, key, value)

    def complete(self, _set_status: bool = True) -> None:
        """Say that the run is completed; a script need not."""
        self._record(records.END, "Completed", "")

    def fail(self, error_details: Any = None, error_code: str | None = None) -> None:
        """Say that the run has failed, and why."""
        self._record(records.END, "Failed", "" if error_details is None else str(error_details))

    def cancel(self) -> Any:
        """Say that the run is given up."""
        self._record(records.END, "Canceled", "")

    def flush(self, timeout_seconds: float = 300) -> None:  # noqa: B027 - nothing to be done
        """Write what was logged; it is written at once."""

    def child_run(self, name: str | None = None) -> Context:
        """A run inside this one, whose metrics are kept apart."""
        return OfflineRun(self)

    @abstractmethod
    def upload_file(self, name: str, path_or_stream: Any) -> None:
        """Keep a file.

        Args:
            name: The name under which it is kept, such as "outputs/model.pkl".
            path_or_stream: Its path, or a stream of bytes.
        """

    def upload_files(self, names: Sequence[str], paths: Sequence[str | Path]) -> None:
        """Keep files, each under its name."""
        for name, path in zip(names, paths, strict=True):
            self.upload_file(name, path)

    def upload_folder(self, name: str, path: str | Path) -> None:
        """Keep all files of a folder, below this name."""
        for file in sorted(Path(path).rglob("*")):
            if file.is_file():
                self.upload_file(f"{name}/{file.relative_to(path).as_posix()}", file)


class OfflineRun(Context):
    """A script that nobody submitted: what it logs is printed, and nothing is kept."""

    def __init__(self, parent: Context | None = None) -> None:
        self.parent = parent
        self._id = f"OfflineRun_{uuid.uuid4()}"

    @property
    def id(self) -> str:
        """An id of its own."""
        return self._id

    def _record(self, kind: str, name: str, value: Any, step: int | None = None) -> None:
        if kind == records.END:
            print(f"Attempted to mark the run as {name}: {value}".rstrip(": "))
            return
        print(f"Attempted to log {kind} metric {name}:\n{value}")

    def upload_file(self, name: str, path_or_stream: Any) -> None:
        """Say that nothing is kept."""
        print(f"Attempted to upload {name}")
