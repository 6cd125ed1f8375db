"""Which suites and tuners a benchmark is of, from its command line."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from hpo_gym.benchmark.suites.registry import make_suite, read_suite
from hpo_gym.benchmark.suites.suite import Suite
from hpo_gym.files import write_atomic
from hpo_gym.references import absolute
from hpo_gym.tuners.entry import AgentEntry
from hpo_gym.tuners.registry import agent_entry, read_agent, registered_agents
from scripts.benchmark_agents import default_agents


def choose_suites(names: Sequence[str], own: Sequence[str], default: Sequence[str]) -> list[Suite]:
    """The suites that were asked for, else the default ones; the user's own come first."""
    suites = [read_suite(absolute(reference)) for reference in own]
    suites += [make_suite(name) for name in names or (() if own else default)]
    double = _repeated([suite.name for suite in suites])
    if double:
        raise ValueError(f"--suites: {double} are given twice; name each suite once")
    for suite in suites:
        suite.check()
    return suites


def sealed_suites(suites: Sequence[Suite], file: Path, chosen: bool) -> list[Suite]:
    """The suites on tasks that nobody has seen before; of the default ones those that can be.

    Raises:
        ValueError: The file holds no salt, or a suite that was asked for cannot be sealed.
    """
    fresh = not file.exists()
    salt = secrets.token_hex(32) if fresh else file.read_text(encoding="utf-8").strip()
    sealed, left_out = [], ""
    for suite in suites:
        try:
            sealed.append(suite.sealed(salt))
        except ValueError as error:
            if chosen:
                raise ValueError(f"--salt {file}: {error}") from error
            left_out = str(error)
            print(f"left out: {left_out}")
    if not sealed:
        raise ValueError(f"--salt {file}: no suite can be sealed: {left_out}")
    if fresh:
        write_atomic(file, f"{salt}\n")
        file.chmod(0o600)
        print(f"written: {file}, a fresh salt; keep it")
    return sealed


def choose_agents(
    names: Sequence[str], own: Sequence[str], files: Sequence[Path]
) -> tuple[AgentEntry, ...]:
    """The tuners that were asked for; the user's own, of unknown speed, run first.

    All registered names are reserved: scores refer to some of them, also where they are not chosen.
    """
    known = [entry.name for entry in registered_agents()]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(
            f"--agents: unknown agents {unknown}; choose from {known}, or give your own "
            "as --agent path/to/file.py:Class"
        )
    # In the order in which they run, whatever the order of the names.
    usual = default_agents()
    ordered = dict.fromkeys([*(entry.name for entry in usual), *names])
    chosen = [agent_entry(name) for name in ordered if not names or name in names]
    if files and not own:
        raise ValueError("--files are what your own tuners depend on: name those with --agent")
    others = _all_files(files)
    mine = [replace(entry, files=(*entry.files, *others)) for entry in map(read_agent, own)]
    double = _repeated([*known, *(entry.name for entry in mine)])
    if double:
        raise ValueError(
            f"--agent: the names {double} are taken; give others, as NAME=path/to/file.py:Class"
        )
    return (*mine, *chosen)


def _all_files(paths: Sequence[Path]) -> tuple[str, ...]:
    """The files, and all those in the folders."""
    missing = [str(path) for path in paths if not path.exists()]
    if missing:
        raise ValueError(f"--files: there are no files {missing}")
    found = (sorted(path.rglob("*")) if path.is_dir() else [path] for path in paths)
    files = (file.absolute() for group in found for file in group if file.is_file())
    return tuple(str(file) for file in files if "__pycache__" not in file.parts)


def _repeated(names: Sequence[str]) -> list[str]:
    """Names that are there more than once."""
    return sorted(name for name, count in Counter(names).items() if count > 1)
