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

    def begin(self, run: dict[str, Any], *, overwrite: bool) -> None:
        """Make the folder ready for a new run.

        Args:
            run: A description of what is trained, in the types of JSON.
            overwrite: Remove the run that is there.

        Raises:
            FileExistsError: There is a run and ``overwrite`` is False.
        """
        found = [self._record, self.policy, *checkpoints.paths(self.checkpoints)]
        if any(file.exists() for file in found) and not overwrite:
            raise FileExistsError(
                f"{self.path} holds a run: continue it with --resume, begin it again with "
                "--overwrite, or choose another folder"
            )
        self._remove_run()
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
        if not self._record.exists():
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

    def _remove_run(self) -> None:
        """Remove the files of a run, and nothing else from the folder."""
        self._remove_leftovers()
        old = [*checkpoints.paths(self.checkpoints), *self.tensorboard.glob("events.out.tfevents*")]
        for file in (*old, *self._files):
            file.unlink(missing_ok=True)

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
