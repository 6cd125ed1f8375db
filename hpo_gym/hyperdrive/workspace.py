"""Where runs and models are kept: a workspace is a folder."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hpo_gym.files import write_atomic
from hpo_gym.hyperdrive.exceptions import HyperDriveConfigException

_FOLDER = "hyperdrive"
_FACTS = "model.json"


def check_folder_name(argument: str, name: Any) -> None:
    """Check a name that becomes that of a folder, which is to stay where it is made.

    Raises:
        HyperDriveConfigException: It is empty, ".", "..", no text, or has a separator.
    """
    if not isinstance(name, str) or name in ("", ".", "..") or set(name) & set("/\\\0"):
        raise HyperDriveConfigException(
            f"{argument} = {name!r} becomes the name of a folder: give one without / and \\, such "
            "as 'digits-1', and neither '', '.' nor '..'"
        )


class Workspace:
    """A folder that holds experiments, their runs, and registered models.

    Args:
        folder: The folder; it is made when something is kept there.

    Attributes:
        name: Its name.
        folder: Full path of the folder.
    """

    def __init__(self, folder: str | Path = _FOLDER) -> None:
        self.folder = Path(folder).resolve()
        self.name = self.folder.name

    def __repr__(self) -> str:
        return f"Workspace({self.name!r}, folder={str(self.folder)!r})"

    @classmethod
    def from_config(cls, path: str | Path | None = None, **ignored: Any) -> Workspace:
        """The workspace of a folder, "hyperdrive" in it; offline no config.json is needed.

        Args:
            path: The folder, or a config.json in it, which gives the workspace its name; None for
                the current folder.
            **ignored: What is there for Azure alone.
        """
        where = Path.cwd() if path is None else Path(path)
        file = where / "config.json" if where.is_dir() else where
        workspace = cls(file.parent / _FOLDER)
        if file.is_file():
            facts = json.loads(file.read_text(encoding="utf-8"))
            workspace.name = facts.get("workspace_name", workspace.name)
        return workspace

    @property
    def models(self) -> dict[str, Model]:
        """The latest version of every registered model, by name."""
        names = sorted(folder.name for folder in (self.folder / "models").glob("*"))
        return {name: Model(self, name) for name in names}

    def register(
        self, name: str, source: Path, tags: Mapping[str, str], facts: Mapping[str, Any]
    ) -> Model:
        """Keep a file or a folder as the next version of a model."""
        check_folder_name("model_name", name)
        version = _latest(self.folder / "models" / name) + 1
        folder = self.folder / "models" / name / str(version)
        folder.mkdir(parents=True)
        if source.is_dir():
            shutil.copytree(source, folder / source.name)
        else:
            shutil.copyfile(source, folder / source.name)
        write_atomic(folder / _FACTS, json.dumps({**facts, "tags": dict(tags)}, indent=1))
        return Model(self, name, version)


def _latest(folder: Path) -> int:
    return max((int(each.name) for each in folder.glob("[0-9]*")), default=0)


class Model:
    """A registered model.

    Args:
        workspace: Where it is registered.
        name: Its name.
        version: Its version; None for the latest.

    Attributes:
        id: "name:version".
        path: The file or folder.
        tags: Its tags.
        run_id: The run that it came from.
        description: What was said about it.

    Raises:
        ValueError: There is no such model.
    """

    def __init__(self, workspace: Workspace, name: str, version: int | None = None) -> None:
        known = _latest(workspace.folder / "models" / name)
        self.name, self.version = name, known if version is None else version
        folder = workspace.folder / "models" / name / str(self.version)
        if not (folder / _FACTS).is_file():
            raise ValueError(
                f"the workspace {workspace.name!r} has no model {name!r} of version "
                f"{self.version}; its models: {[*workspace.models] if known else []}"
            )
        facts = json.loads((folder / _FACTS).read_text(encoding="utf-8"))
        self.id = f"{name}:{self.version}"
        self.tags: dict[str, str] = facts["tags"]
        self.run_id: str | None = facts.get("run_id")
        self.description: str | None = facts.get("description")
        (self.path,) = [each for each in folder.iterdir() if each.name != _FACTS]

    def __repr__(self) -> str:
        return f"Model({self.name!r}, version={self.version}, path={str(self.path)!r})"

    def download(self, target_dir: str | Path = ".", exist_ok: bool = False) -> str:
        """Copy it into a folder; returns where it is."""
        target = Path(target_dir) / self.path.name
        if target.exists() and not exist_ok:
            raise FileExistsError(f"{target} exists already: name another folder, or exist_ok=True")
        target.parent.mkdir(parents=True, exist_ok=True)
        if self.path.is_dir():
            shutil.copytree(self.path, target, dirs_exist_ok=True)
        else:
            shutil.copyfile(self.path, target)
        return str(target)


@dataclass(frozen=True)
class ExperimentFolder:
    """Where the runs of an experiment are kept.

    Attributes:
        workspace: Its workspace.
        name: Its name.
    """

    workspace: Workspace
    name: str
    folder: Path = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if not isinstance(self.workspace, Workspace):
            raise HyperDriveConfigException(
                f"workspace = {self.workspace!r} must be a Workspace: Workspace('folder') or "
                "Workspace.from_config()"
            )
        check_folder_name("name", self.name)
        if self.name == "models":
            raise HyperDriveConfigException(
                "name = 'models': the folder of registered models has this name; give another"
            )
        object.__setattr__(self, "folder", self.workspace.folder / self.name)
