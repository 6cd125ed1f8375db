"""The folder of a training run.

It holds ``run.json``, what is trained, written first and compared when the run is resumed;
``checkpoints/``, the last two; ``tensorboard/``, event files; and ``policy.npz`` with
``policy.json``, the result, also of an interrupted run.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hpo_gym.files import remove_leftovers, write_atomic

from . import checkpoints


class RunFolder:
    """A folder that holds one run.

    Args:
        path: The folder; it need not exist.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.checkpoints = self.path / "checkpoints"
        self.tensorboard = self.path / "tensorboard"
        self.policy = self.path / "policy.npz"
        self._record = self.path / "run.json"
        self._files = (self.policy, self.policy.with_suffix(".json"), self._record)

    @property
    def begun(self) -> bool:
        """Whether there is a run to resume."""
        return self._record.exists()

    def require_free(self) -> None:
        """Check that there is no run.

        Raises:
            FileExistsError: There is one.
        """
        found = [self._record, self.policy, *checkpoints.paths(self.checkpoints)]
        if any(file.exists() for file in found):
            raise FileExistsError(
                f"{self.path} holds a run: continue it with --resume, begin it again with "
                "--overwrite, or choose another folder"
            )

    def begin(self, run: dict[str, Any], *, overwrite: bool) -> None:
        """Make the folder ready for a new run.

        Args:
            run: A description of what is trained, in the types of JSON.
            overwrite: Remove the run that is there.

        Raises:
            FileExistsError: There is a run and ``overwrite`` is False.
        """
        if not overwrite:
            self.require_free()
        self.remove_run()
        write_atomic(self._record, json.dumps(run, indent=2) + "\n")

    def resume(self, run: dict[str, Any]) -> dict[str, Any] | None:
        """Read the state of the run that is there.

        Args:
            run: A description of what is to be trained; it must equal that of the run.

        Returns:
            The last checkpoint, or None if the run ended before the first.

        Raises:
            FileNotFoundError: There is no run.
            ValueError: It is a run with other settings, or one of its files is corrupt.
        """
        if not self.begun:
            raise FileNotFoundError(f"{self.path} holds no run to resume: leave out --resume")
        try:
            recorded = _flatten(json.loads(self._record.read_bytes()))
        except ValueError as error:
            raise ValueError(
                f"{self._record} is corrupt ({error}): begin again with --overwrite"
            ) from error
        wanted = _flatten(run)
        differences = [
            f"{name} was {recorded.get(name)!r} and is now {wanted.get(name)!r}"
            for name in sorted({*recorded, *wanted})
            if recorded.get(name) != wanted.get(name)
        ]
        if differences:
            raise ValueError(
                f"the run in {self.path} cannot be resumed with other settings: "
                f"{'; '.join(differences)}. Give those of the run, or another folder"
            )
        self._remove_leftovers()
        return checkpoints.load_latest(self.checkpoints)

    def remove_run(self) -> None:
        """Remove the files of a run, if there is one, and folders that are empty without them."""
        self._remove_leftovers()
        old = [*checkpoints.paths(self.checkpoints), *self.tensorboard.glob("events.out.tfevents*")]
        for file in (*old, *self._files):
            file.unlink(missing_ok=True)
        for folder in (self.checkpoints, self.tensorboard, self.path):
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()

    def abandon(self) -> None:
        """Remove a run that failed before its first checkpoint, so that the next try may begin."""
        if not checkpoints.paths(self.checkpoints):
            self.remove_run()

    def _remove_leftovers(self) -> None:
        """Remove the half-written files of a killed run."""
        remove_leftovers(self.checkpoints)
        for file in self._files:  # others may keep temporary files in the folder itself
            remove_leftovers(self.path, file.name)


def _flatten(tree: Any, name: str = "") -> dict[str, Any]:
    """The leaves of nested dicts by their dotted names."""
    if not isinstance(tree, dict):
        return {name: tree}
    leaves: dict[str, Any] = {}
    for key, value in tree.items():
        leaves |= _flatten(value, f"{name}.{key}" if name else key)
    return leaves
