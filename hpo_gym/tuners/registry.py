"""Agents by name: what each is, how it is built, and what its stored results depend on.

A factory is called as ``factory(problem, seed=..., **settings)``, where `Problem` says what a tuner
may know, and returns an object with Stable-Baselines3's `predict`; a class with such a constructor
is one. With a parameter ``family`` it is told the family too, to learn from its training tasks.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from inspect import signature
from pathlib import Path
from typing import Any

from hpo_gym.references import absolute, load, reference_to, source_file, source_root, split
from hpo_gym.tuners.building import NEEDS, build_agent
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
        files: Files that it depends on, such as trained policies.
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
            TypeError: The factory cannot be called with these arguments.
        """
        given = {"seed": seed, **self.settings, **settings}
        try:
            return build_agent(self._load(), env, needs=self.needs, **given)
        except TypeError as error:
            raise TypeError(f"agent {self.name!r}: {error}") from error

    def free_settings(self) -> list[str]:
        """Names of the factory's keyword arguments that the entry leaves open."""
        taken = {"problem", "family", "process", "seed", *self.settings}
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


_AGENTS: dict[str, AgentEntry] = {}


def register_agent(agent: AgentEntry | Callable[..., Any] | str) -> AgentEntry:
    """Make an agent known under its name.

    Args:
        agent: An entry; a factory, which gives the agent its name; or what `read_agent` takes.

    Returns:
        The entry.

    Raises:
        ValueError: The name is taken, or `read_agent` raises it.
    """
    if isinstance(agent, str):
        entry = read_agent(agent)
    elif isinstance(agent, AgentEntry):
        entry = agent
    else:
        entry = AgentEntry(agent.__name__, agent)
    if _AGENTS.setdefault(entry.name, entry) != entry:
        raise ValueError(f"the name of the agent {entry.name!r} is taken; give it another one")
    return entry


def read_agent(text: str) -> AgentEntry:
    """An entry from "module:attribute" or "path/to/file.py:attribute"; nothing is imported.

    Args:
        text: The factory, with "name=" before it if the agent is not to be called like the
            attribute.

    Raises:
        ValueError: The text has another form, or the file or the module does not exist.
    """
    name, equals, reference = text.partition("=")
    if not equals or "/" in name or ":" in name:  # no name, though a path may have a "="
        name, reference = text.rpartition(":")[2], text
    if not name:
        raise ValueError(f"{text!r} must be 'module:attribute' or 'NAME=module:attribute'")
    source_file(reference)
    return AgentEntry(name, absolute(reference), group="yours", needs="family")


def registered_agents() -> Iterator[AgentEntry]:
    """All entries, in the order in which they were registered."""
    yield from _AGENTS.values()


def agent_entry(name: str) -> AgentEntry:
    """The entry of a registered agent.

    Raises:
        ValueError: There is none.
    """
    if name not in _AGENTS:
        raise ValueError(f"unknown agent {name!r}; known agents: {sorted(_AGENTS)}")
    return _AGENTS[name]


def make_agent(name: str, env: Any, seed: int = 0, **settings: Any) -> Any:
    """An agent from its name.

    Args:
        name: Of a registered agent, or what `read_agent` takes.
        env: An environment or a vector environment.
        seed: Seed of the agent's own random numbers.
        **settings: The agent's own keyword arguments.

    Raises:
        ValueError: The name or a setting is unknown, or the agent makes no sense there.
    """
    entry = read_agent(name) if ":" in name else agent_entry(name)
    known = entry.free_settings()
    unknown = sorted(set(settings) - set(known))
    if unknown:
        raise ValueError(f"agent {name!r} takes no settings {unknown}; it takes {known}")
    return entry.build(env, seed=seed, **settings)
