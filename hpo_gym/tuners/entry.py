"""`AgentEntry`: what an agent is, how it is built, and what its stored results depend on."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from inspect import signature
from pathlib import Path
from typing import Any

from hpo_gym.references import (
    load,
    reference_to,
    source_file,
    source_root,
    split,
)
from hpo_gym.tuners.agent import NEEDS, build_agent
from hpo_gym.tuners.dependencies import digest_of
from hpo_gym.tuners.identity import canonical

SPEEDS = ("fast", "medium", "slow")


@dataclass(frozen=True)
class AgentEntry:
    """One agent of the registry.

    Attributes:
        name: Its name.
        factory: Builds it: a callable, "module:attribute" or "path/to/file.py:attribute".
        settings: Keyword arguments of the factory, JSON-able.
        group: What belongs together in tables and figures.
        speed: How long an episode takes: milliseconds ("fast"), hundredths of a second to half a
            second ("medium"), seconds ("slow").
        extra: The extra of hpo-gym that it needs, if any.
        version: Raised by every change of its behaviour. None, for an agent under development:
            the contents of what it imports and reads take the place of a version.
        tuner: What agents that differ in their training seed alone are called together.
        training_seed: Seed of the training of a learned agent.
        families: Names of the families on which it can run; empty for all.
        files: Files that it reads, such as trained policies. A factory with a parameter ``files``
            is told them.
        needs: What it is told: the "problem" alone; the "family", to learn from its training
            tasks; the "process", by a parameter of this name, which is for oracles: the benchmark
            tells them by their method ``begin(tasks=, split=)``, if they have it, which tasks they
            face.

    Raises:
        ValueError: A value is not one of those that exist, the factory is spelt wrongly, or
            settings cannot be written as JSON.
    """

    name: str
    factory: str | Callable[..., Any]
    settings: Mapping[str, Any] = field(default_factory=dict)
    group: str = "other"
    speed: str = "fast"
    extra: str | None = None
    version: int | None = None
    tuner: str | None = None
    training_seed: int | None = None
    families: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    needs: str = "problem"

    def __post_init__(self) -> None:
        """Check the spelling."""
        for name, known in (("speed", SPEEDS), ("needs", NEEDS)):
            if getattr(self, name) not in known:
                raise ValueError(
                    f"agent {self.name!r}: {name} = {getattr(self, name)!r} must be one of {known}"
                )
        if not self.name:
            raise ValueError(f"the agent with the factory {self.factory!r} needs a name")
        try:
            if isinstance(self.factory, str):
                split(self.factory)
            elif not callable(self.factory):
                raise TypeError(f"the factory {self.factory!r} must be callable, or its name")
            json.dumps(dict(self.settings))
        except (TypeError, ValueError) as error:
            raise ValueError(f"agent {self.name!r}: {error}") from error

    @property
    def reference(self) -> str:
        """The factory by name.

        Raises:
            ValueError: The factory is not at the top level of a module.
        """
        return self.factory if isinstance(self.factory, str) else reference_to(self.factory)

    @property
    def root(self) -> Path:
        """The folder of its source: what it reads there may move with it.

        Raises:
            ValueError: The module does not exist.
        """
        return source_root(self.reference)

    @property
    def identity(self) -> str:
        """What the agent is, as canonical JSON: another identity means other results.

        It covers name, version, settings and the contents of `files`; without a version also
        those of the source file of the factory. It does not depend on where files and modules are.

        Raises:
            ValueError: A file or the module does not exist.
        """
        return canonical({"name": self.name, **self._facts()})

    @property
    def seed_key(self) -> str:
        """What its random numbers are hashed from: its name, or without a version what it is.

        So a tuner under development stays the same where it, or a file of it, gets another name.

        Raises:
            ValueError: A file or the module does not exist.
        """
        if self.version is not None:
            return self.name
        facts, attribute = self._facts(), split(self.reference)[1]
        contents = {kind: sorted(facts[kind].values()) for kind in ("files", "source")}
        return canonical({"settings": facts["settings"], "factory": attribute, **contents})

    def sources(self) -> dict[str, str]:
        """Digests by absolute path of the files that it names itself: those of its identity.

        Raises:
            ValueError: A file or the module does not exist.
        """
        paths = [Path(file).absolute() for file in self.files]
        if self.version is None:
            paths.append(source_file(self.reference).resolve())
        return {str(path): self._digest(path) for path in paths}

    def _facts(self) -> dict[str, Any]:
        """What the identity consists of, besides the name."""
        files: dict[str, str] = {}
        for path in map(Path, self.files):  # those of one name, in different folders, all count
            files[path.name] = " ".join([*files.get(path.name, "").split(), self._digest(path)])
        facts = {"version": self.version, "settings": dict(self.settings), "files": files}
        if self.version is None:
            path, (_, attribute) = source_file(self.reference).resolve(), split(self.reference)
            facts["source"] = {f"{path.name}:{attribute}": self._digest(path)}
        return facts

    def importable(self) -> AgentEntry:
        """The same entry with its factory by name: what another process can be sent."""
        return replace(self, factory=self.reference)

    def build(self, env: Any, *, seed: int, **settings: Any) -> Any:
        """The agent for an environment.

        Args:
            env: An environment like the one that it will tune in.
            seed: Seed of its random numbers.
            **settings: Keyword arguments besides those of the entry.

        Raises:
            ValueError: The factory cannot be imported.
            TypeError: The factory cannot be called with these arguments, or gives no agent.
        """
        factory = self._load()
        files = {"files": self.files} if "files" in signature(factory).parameters else {}
        given = {"seed": seed, **files, **self.settings, **settings}
        try:
            agent = build_agent(factory, env, needs=self.needs, **given)
            if not hasattr(agent, "predict"):
                raise TypeError(f"{type(agent).__name__} has no method predict")
            return agent
        except TypeError as error:
            raise TypeError(f"agent {self.name!r}: {error}") from error

    def free_settings(self) -> list[str]:
        """Names of the factory's keyword arguments that the entry leaves open."""
        taken = {"problem", "process", "seed", "files", *self.settings}
        return sorted(set(signature(self._load()).parameters) - taken)

    def _load(self) -> Callable[..., Any]:
        factory: Callable[..., Any] = (
            load(self.factory) if isinstance(self.factory, str) else self.factory
        )
        return factory

    def _digest(self, path: Path) -> str:
        try:
            return digest_of(path)
        except OSError as error:
            raise ValueError(f"agent {self.name!r} cannot be read: {error}") from error
