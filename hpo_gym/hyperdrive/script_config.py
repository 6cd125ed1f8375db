"""What a run executes: a script, its arguments and the environment that it was written for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hpo_gym.parameters import finite_number, plain


def text_of(argument: str, file: str | Path) -> str:
    """The text of a file that an argument names.

    Raises:
        FileNotFoundError: There is no such file.
    """
    path = Path(file)
    if not path.is_file():
        raise FileNotFoundError(
            f"{argument} = {str(file)!r}: there is no such file; its full path would be "
            f"{path.resolve()}"
        )
    return path.read_text(encoding="utf-8")


class Environment:
    """What HyperDrive would install for a script; offline, the script runs on this interpreter.

    Attributes:
        name: Its name.
        environment_variables: Set for the script; may be changed.
        packages: Lines of the file that it was made from; kept, not installed.
    """

    def __init__(self, name: str, packages: Sequence[str] = ()) -> None:
        self.name = name
        self.environment_variables: dict[str, str] = {}
        self.packages = tuple(packages)

    def __repr__(self) -> str:
        return f"Environment({self.name!r})"

    @classmethod
    def from_pip_requirements(cls, name: str, file_path: str | Path) -> Environment:
        """The environment of a requirements.txt.

        Raises:
            FileNotFoundError: There is no such file.
        """
        return cls(name, text_of("file_path", file_path).splitlines())

    @classmethod
    def from_conda_specification(cls, name: str, file_path: str | Path) -> Environment:
        """The environment of a conda.yml.

        Raises:
            FileNotFoundError: There is no such file.
        """
        return cls.from_pip_requirements(name, file_path)

    @classmethod
    def get(cls, workspace: Any, name: str, version: str | None = None) -> Environment:
        """A registered or curated environment: offline, its name alone."""
        return cls(name)


class ScriptRunConfig:
    """A training script, with HyperDrive's arguments.

    Args:
        source_directory: Folder of the script and of what it imports; every child works in a copy.
        script: The script's file, relative to the folder.
        arguments: Its arguments, in front of the hyperparameters.
        compute_target: Kept; offline, children are processes of this machine.
        environment: Its variables are set; nothing is installed.
        command: In place of `script`: a program with its arguments, or one line for the shell.
            ``${{search_space.NAME}}`` in it becomes the hyperparameter, and if it has any of these,
            none is appended.
        max_run_duration_seconds: A child that takes longer has failed; None for no limit.

    Raises:
        ValueError: There is no such folder or script, or not exactly one of script and command.
    """

    def __init__(
        self,
        source_directory: str | Path = ".",
        script: str | None = None,
        arguments: Sequence[Any] | None = None,
        compute_target: Any = None,
        environment: Environment | None = None,
        command: Sequence[Any] | str | None = None,
        max_run_duration_seconds: float | None = None,
    ) -> None:
        folder = Path(source_directory)
        if not folder.is_dir():
            raise ValueError(
                f"source_directory = {str(source_directory)!r}: there is no such folder"
            )
        if (script is None) == (command is None):
            raise ValueError(
                f"script = {script!r} and command = {command!r}: give exactly one of the two"
            )
        if script is not None and not (folder / script).is_file():
            raise ValueError(f"script = {script!r}: there is no such file in {folder}")
        if isinstance(arguments, str):
            raise ValueError(f"arguments = {arguments!r} must be a list of words, not one string")
        if max_run_duration_seconds is not None:
            most = finite_number(
                "max_run_duration_seconds", plain(max_run_duration_seconds), " above 0, or None"
            )
            if most <= 0.0:
                raise ValueError(
                    f"max_run_duration_seconds = {max_run_duration_seconds!r} must be positive, or "
                    "None for no limit"
                )
        self.source_directory = str(source_directory)
        self.script = script
        self.arguments = list(arguments or [])
        self.compute_target = compute_target
        self.environment = environment
        self.command = command
        self.max_run_duration_seconds = max_run_duration_seconds

    def __repr__(self) -> str:
        program = f"script={self.script!r}" if self.script else f"command={self.command!r}"
        return f"ScriptRunConfig({self.source_directory!r}, {program})"

    @property
    def variables(self) -> Mapping[str, str]:
        """Environment variables for the script."""
        return {} if self.environment is None else dict(self.environment.environment_variables)
