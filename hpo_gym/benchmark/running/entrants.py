"""`Entrant`: a tuner as the benchmark knows it, by name, factory and settings.

A factory is called as ``factory(env, seed=..., **settings)`` and returns an object with
Stable-Baselines3's `predict`; a class with such a constructor is one. It is named
"module:attribute", or "path/to/file.py:attribute" for one that stands in no package.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

from hpo_gym.benchmark.suites.suite import Suite
from hpo_gym.tuners.building import build_agent

_ALL = "*"
_SHIPPED = "agents"
"""The package of this project's tuners."""


@dataclass(frozen=True)
class Entrant:
    """One tuner of the benchmark.

    Attributes:
        name: Name in the tables.
        factory: "module:attribute" or "file.py:attribute".
        settings: Keyword arguments of the factory, JSON-able.
        group: What stands together in the tables.
        limits: Numbers of first tasks and of first seeds by the suite's name, or "*" for all
            other suites: for slow tuners.
        privileged: Whether the tuner is told which tasks it faces, by its method
            ``begin(tasks=, split=)``: for oracles.
        files: Files that the tuner reads, such as trained policies. Their contents belong to what
            a tuner is; see `identity`.
        families: Names of the families on which the tuner can run; empty for all.

    Raises:
        ValueError: The factory is not spelt as it must be, or settings are no JSON.

    Example:
        >>> read_entrant("mine=agents:make_agent").name
        'mine'
    """

    name: str
    factory: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    group: str = "other"
    limits: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    privileged: bool = False
    files: tuple[str, ...] = ()
    families: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check the spelling."""
        source, _, attribute = self.factory.rpartition(":")
        if not source or not attribute.isidentifier() or not self.name:
            raise ValueError(
                f"agent {self.name!r}: factory {self.factory!r} must be 'module:attribute' or "
                "'path/to/file.py:attribute'"
            )
        try:
            json.dumps(self.settings)
        except TypeError as error:
            raise ValueError(f"settings of agent {self.name!r} are no JSON: {error}") from error

    def limit(self, suite: Suite) -> tuple[int, int]:
        """Numbers of tasks and of seeds of a suite that the tuner runs on, 0 if it cannot."""
        if self.families and suite.family["name"] not in self.families:
            return 0, 0
        whole = (len(suite.tasks), len(suite.seeds))
        tasks, seeds = self.limits.get(suite.name, self.limits.get(_ALL, whole))
        return min(tasks, whole[0]), min(seeds, whole[1])

    @property
    def identity(self) -> str:
        """What the tuner is, as JSON: other results are to be expected from another identity.

        It covers the contents of `files` and of the factory's own source, not of what that
        imports. The sources of the tuners of `agents` are left out: their results take hours,
        which a docstring must not void. A change of how one of those behaves needs ``--rerun``.

        Raises:
            ValueError: A file or the module does not exist.
        """
        source, _, attribute = self.factory.rpartition(":")
        digests = {Path(file).name: self._digest(Path(file)) for file in self.files}
        if source.endswith(".py"):
            path = Path(source)
            source = path.name  # the same tuner wherever its file lies
            digests[source] = self._digest(path)
        elif source.partition(".")[0] != _SHIPPED:
            digests[source] = self._digest(_source_file(source))
        facts = {
            "factory": f"{source}:{attribute}",
            "settings": dict(self.settings),
            "privileged": self.privileged,
            "files": digests,
        }
        return json.dumps(facts, sort_keys=True)

    def build(self, env: Any, seed: int) -> Any:
        """The tuner for an environment.

        Args:
            env: A vector environment like the one that it will tune in.
            seed: Seed of its random numbers.

        Raises:
            TypeError: The factory cannot be called as it must be.
        """
        source, _, attribute = self.factory.rpartition(":")
        module = _load(Path(source)) if source.endswith(".py") else importlib.import_module(source)
        factory, given = getattr(module, attribute), {"seed": seed, **self.settings}
        try:
            pass
        except TypeError as error:
            keywords = ", ".join(f"{name}={value!r}" for name, value in given.items())
            raise TypeError(
                f"agent {self.name!r} is built by {attribute}(env, {keywords}), which it does not "
                f"take: {error}"
            ) from error
        return build_agent(factory, env, **given)

    def seed(self, seed: int, first_task: int) -> int:
        """Seed of the tuner for a shard, in [0, 2**32): a hash of its name, seed and first task."""
        digest = hashlib.sha256(f"{self.name}/{seed}/{first_task}".encode()).digest()
        return int.from_bytes(digest[:4], "little")

    def _digest(self, path: Path) -> str:
        try:
            return hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError as error:
            raise ValueError(f"agent {self.name!r} cannot be read: {error}") from error


def read_entrant(text: str) -> Entrant:
    """A tuner from the command line.

    Args:
        text: "module:attribute" or "path/to/file.py:attribute", with "name=" before it if it is
            not to be called like the attribute.

    Raises:
        ValueError: The text is spelt otherwise, or the file or the module does not exist.
    """
    name, equals, factory = text.partition("=")
    if not equals or "/" in name or ":" in name:  # no name, though a path may have a "="
        name, factory = text.rpartition(":")[2], text
    source, colon, attribute = factory.rpartition(":")
    if source.endswith(".py"):
        factory = f"{Path(source).resolve()}{colon}{attribute}"
    entrant = Entrant(name, factory, group="yours")
    _ = entrant.identity  # the source must exist
    return entrant


def _source_file(module: str) -> Path:
    """The file of a module. Nothing is imported: that is for the worker processes.

    Raises:
        ValueError: There is no such file.
    """
    top, *rest = module.split(".")
    specification, name = importlib.util.find_spec(top), top
    for part in rest:
        # `find_spec` of a dotted name would import the packages before the dots.
        folders = specification.submodule_search_locations if specification else None
        name = f"{name}.{part}"
        specification = PathFinder.find_spec(name, folders) if folders else None
    if specification is None or not specification.has_location or not specification.origin:
        raise ValueError(f"there is no module {module!r} with a source file on Python's path")
    return Path(specification.origin)


def _load(path: Path) -> ModuleType:
    """The module of a file, which may import its neighbours, as a script may."""
    name = f"hpo_gym_entrant_{path.stem}"
    specification = importlib.util.spec_from_file_location(name, path)
    if specification is None or specification.loader is None:
        raise ImportError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(specification)
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))
    sys.modules[name] = module
    specification.loader.exec_module(module)
    return module
