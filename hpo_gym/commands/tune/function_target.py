"""A function of the user as a target."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from hpo_gym.commands.tune.spaces import annotated_space, calls_by_name, read_space
from hpo_gym.commands.tune.targets import Outcome, Target, read_answer
from hpo_gym.references import load, split
from hpo_gym.space import SearchSpace


@dataclass(frozen=True)
class FunctionTarget(Target):
    """A function of the user.

    Attributes:
        reference: "module:function" or "/full/path/to/file.py:function".
        space_file: The file of its search space; None for its annotations.
        metric: Which of the values it gives by name; "value" if it gives a number.
    """

    reference: str
    space_file: str | None = None
    metric: str = "value"

    @property
    def name(self) -> str:
        """The module's name and the function's."""
        source, attribute = split(self.reference)
        module = Path(source).stem if source.endswith(".py") else source.rpartition(".")[2]
        return f"{module}-{attribute.replace('.', '-')}"

    @property
    def space(self) -> SearchSpace:
        """That of the file or of the annotations."""
        return _function(self.reference, self.space_file)[1]

    @property
    def facts(self) -> dict[str, Any]:
        """The function and the metric."""
        return {"objective": self.reference, "metric": self.metric}

    def prepare(self) -> None:
        """Import the function."""
        _function(self.reference, self.space_file)

    def evaluate(self, configuration: dict[str, Any]) -> Outcome:
        """Call the function."""
        function, space = _function(self.reference, self.space_file)
        by_name = calls_by_name(function, space)
        answer = function(**configuration) if by_name else function(configuration)
        return read_answer(answer, self.metric)

    def code(self, configuration: Mapping[str, Any]) -> str:
        """Call it once more."""
        function, space = _function(self.reference, self.space_file)
        stars = "**" if calls_by_name(function, space) else ""
        return (
            "from hpo_gym.references import load\n\n"
            f"objective = load({self.reference!r})\n"
            f"configuration = {dict(configuration)!r}\n"
            f"print(objective({stars}configuration))\n"
        )


@cache
def _function(reference: str, space_file: str | None) -> tuple[Callable[..., Any], SearchSpace]:
    function = load(reference)
    if not callable(function):
        raise ValueError(f"{reference!r} is {function!r}, not a function")
    space = annotated_space(function) if space_file is None else read_space(space_file)
    calls_by_name(function, space)
    return function, space
