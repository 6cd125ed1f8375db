"""Agents by name: what each is, how it is built, and what its stored results depend on.

A factory is called as ``factory(problem, seed=..., **settings)``, where `Problem` says what a tuner
may know, and returns an object with Stable-Baselines3's `predict`; a class with such a constructor
is one. With a parameter ``family`` it is told the family too, to learn from its training tasks.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from inspect import signature
from pathlib import Path
from typing import Any

from hpo_gym.policies.policy import Policy
from hpo_gym.references import absolute, check, load, reference_to, source_file, split
from hpo_gym.tuners.agent import NEEDS, build_agent

SPEEDS = ("fast", "medium", "slow")
_NAME = re.compile(r"[A-Za-z][\w.-]*")
_POLICY_AGENT = "hpo_gym.tuners.policy_agent:PolicyAgent"


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
            the contents of the factory's source file take the place of a version.
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
    def identity(self) -> str:
        """What the agent is, as canonical JSON: another identity means other results.

        It covers name, version, settings and the contents of `files`; without a version also
        those of the source file of the factory, not of what that imports. It does not
        depend on where files and modules are.

        Raises:
            ValueError: A file or the module does not exist.
        """
        files = {Path(file).name: self._digest(Path(file)) for file in self.files}
        if self.version is None:
            path, (_, attribute) = source_file(self.reference), split(self.reference)
            files[f"{path.name}:{attribute}"] = self._digest(path)
        facts = {
            "name": self.name,
            "version": self.version,
            "settings": dict(self.settings),
            "files": files,
        }
        return json.dumps(facts, sort_keys=True, separators=(",", ":"))

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
        factory = self._load()
        files = {"files": self.files} if "files" in signature(factory).parameters else {}
        given = {"seed": seed, **files, **self.settings, **settings}
        try:
            return build_agent(factory, env, needs=self.needs, **given)
        except TypeError as error:
            raise TypeError(f"agent {self.name!r}: {error}") from error

    def free_settings(self) -> list[str]:
        """Names of the factory's keyword arguments that the entry leaves open."""
        taken = {"problem", "family", "process", "seed", "files", *self.settings}
        return sorted(set(signature(self._load()).parameters) - taken)

    def _load(self) -> Callable[..., Any]:
        factory: Callable[..., Any] = (
            load(self.factory) if isinstance(self.factory, str) else self.factory
        )
        return factory

    def _digest(self, path: Path) -> str:
        try:
            return hashlib.sha256(path.read_bytes()).hexdigest()
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
    elif callable(agent) and hasattr(agent, "__name__"):
        entry = AgentEntry(agent.__name__, agent)
    else:
        raise ValueError(
            f"{agent!r} must be a class, a function, an AgentEntry or 'module:attribute'"
        )
    if _AGENTS.setdefault(entry.name, entry) != entry:
        raise ValueError(f"the name of the agent {entry.name!r} is taken; give it another one")
    return entry


def read_agent(text: str) -> AgentEntry:
    """An entry of an agent of the user; nothing is imported.

    Args:
        text: The factory, "module:attribute" or "path/to/file.py:attribute", or a trained policy,
            "path/to/policy.npz"; with "NAME=" before it if the agent is not to be called like the
            attribute or the file. NAME begins with a letter and has letters, digits, "_", "." and
            "-": what begins so up to a "=" is a name. A path that begins so is written "./...".

    Raises:
        ValueError: The text has another form or two meanings, a file or the module does not exist
            or mentions no such attribute, or the policy cannot be read.
        FileNotFoundError: There is no such policy.
    """
    name, reference = _split_name(text)
    if _is_policy(reference):
        Policy.load(reference)
        path = Path(reference).resolve()
        files = str(path), str(path.with_suffix(".json"))
        return AgentEntry(name or path.stem, _POLICY_AGENT, group="yours", version=1, files=files)
    check(reference)
    name = name or reference.rpartition(":")[2]
    return AgentEntry(name, absolute(reference), group="yours", needs="family")


def _split_name(text: str) -> tuple[str, str]:
    """The name, empty if there is none, and the rest."""
    name, equals, rest = text.partition("=")
    if not equals or "/" in name or ":" in name:
        return "", text
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"{text!r} must be 'module:attribute' or 'NAME=module:attribute', where NAME begins "
            "with a letter and has letters, digits, '_', '.' and '-'; begin a path that has a '=' "
            "by './'"
        )
    file = text if _is_policy(text) else text.rpartition(":")[0]
    if Path(file).is_file():
        raise ValueError(
            f"{text!r} is the file {file!r}, or an agent called {name!r} from {rest!r}: write "
            f"'./{text}' for the one, '{name}=./{rest}' for the other"
        )
    return name, rest


def _is_policy(reference: str) -> bool:
    return reference.endswith(".npz")


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
    if not isinstance(name, str):
        raise ValueError(
            f"name = {name!r} must be a name, one of {sorted(_AGENTS)} or 'module:attribute'; "
            "hpo_gym.tuners.build_agent(factory, env) builds from a class"
        )
    entry = read_agent(name) if ":" in name or _is_policy(name) else agent_entry(name)
    known = entry.free_settings()
    unknown = sorted(set(settings) - set(known))
    if unknown:
        raise ValueError(f"agent {name!r} takes no settings {unknown}; it takes {known}")
    return entry.build(env, seed=seed, **settings)
