"""Agents by name, and as the user spells them.

A factory is called as ``factory(problem, seed=..., **settings)``, where `Problem` says what a tuner
may know, and returns an object with Stable-Baselines3's `predict`; a class with such a constructor
is one. With a parameter ``family`` it is told the family too, to learn from its training tasks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from hpo_gym.policies.policy import Policy
from hpo_gym.references import (
    absolute,
    check,
)
from hpo_gym.tuners.entry import AgentEntry

_NAME = re.compile(r"[A-Za-z][\w.-]*")
_POLICY_AGENT = "hpo_gym.tuners.policy_agent:PolicyAgent"

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
