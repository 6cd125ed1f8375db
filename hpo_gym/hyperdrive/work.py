"""The work on runs: their folders, and the threads of this process that do it."""

from __future__ import annotations

import fnmatch
import json
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, NamedTuple

import cloudpickle

from hpo_gym.executors.executor import Executor
from hpo_gym.executors.processes import Processes
from hpo_gym.files import write_atomic
from hpo_gym.hyperdrive import past
from hpo_gym.hyperdrive.engine import Backend, Engine
from hpo_gym.hyperdrive.exceptions import HyperDriveConfigException
from hpo_gym.hyperdrive.family_config import FamilyRunConfig
from hpo_gym.hyperdrive.journal import FILE, RUNNING, Journal, reading
from hpo_gym.hyperdrive.runconfig import HyperDriveConfig
from hpo_gym.hyperdrive.scripts import SNAPSHOT, Scripts
from hpo_gym.hyperdrive.virtual import VirtualClock
from hpo_gym.locks import alone

_CONFIG = "config.pickle"
_IGNORED = ".amlignore"
_LARGEST_SNAPSHOT = 300 * 2**20
"""Bytes, as in Azure."""


class _Worker(NamedTuple):
    engine: Engine
    thread: threading.Thread


_workers: dict[Path, _Worker] = {}
"""What this process works on."""


def create(folder: Path, config: HyperDriveConfig, seed: int) -> None:
    """Make the folder of a new run, with everything that its work needs.

    Raises:
        HyperDriveConfigException: The source is too large.
    """
    target = config.run_config
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Nobody sees it half made, and who is killed leaves no half of it.
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".") as place:
        new = Path(place) / folder.name
        new.mkdir()
        if not isinstance(target, FamilyRunConfig):
            _copy_source(Path(target.source_directory), new / SNAPSHOT, folder.parents[1])
        write_atomic(new / _CONFIG, cloudpickle.dumps((config, seed)))
        _make_journal(new, config)
        new.rename(folder)


def _make_journal(folder: Path, config: HyperDriveConfig) -> None:
    with closing(Journal(folder, config.goal)) as journal:
        past.add_trials(config, journal)
        journal.note(
            primary_metric_name=config.primary_metric_name,
            settings=settings(config),
            started=time.time(),
            status=RUNNING,
        )


def settings(config: HyperDriveConfig) -> dict[str, Any]:
    """What decides on a run, as JSON."""
    target = config.run_config
    names = ("script", "arguments", "command", "split", "task", "noise", "epochs")
    facts = {
        "hyperparameter_sampling": config.hyperparameter_sampling.to_json(),
        "policy": config.policy.to_json(),
        "primary_metric_name": config.primary_metric_name,
        "primary_metric_goal": config.goal,
        "max_total_runs": config.max_total_runs,
        **{name: getattr(target, name) for name in names if hasattr(target, name)},
    }
    if isinstance(target, FamilyRunConfig):
        facts["family"] = target.family.describe()
    plain: dict[str, Any] = json.loads(json.dumps(facts, default=str))
    return plain


def read_config(folder: Path) -> HyperDriveConfig:
    """The configuration of a run."""
    config, _ = _read(folder)
    return config


def _read(folder: Path) -> tuple[HyperDriveConfig, int]:
    config, seed = cloudpickle.loads((folder / _CONFIG).read_bytes())
    return config, seed


def start(folder: Path, executor: Executor | None) -> None:
    """Begin or go on with the work on a run, in a thread of this process.

    Raises:
        ValueError: Somebody works on it.
    """
    config, seed = _read(folder)
    with ExitStack() as stack:
        stack.enter_context(alone(folder / FILE))
        if isinstance(config.run_config, FamilyRunConfig):
            _begin_anew(folder, config)
        journal = Journal(folder)
        engine = Engine(
            config,
            journal,
            folder,
            _backend(folder, config, executor),
            past=past.curves(config),
            resumed=past.children(config),
            seed=seed,
        )
        journal.note(total=engine.total)
        held = stack.pop_all()
    # No daemon: a program that ends without waiting lets the run end first.
    thread = threading.Thread(target=_work, args=(engine, held), name=folder.name)
    _workers[folder] = _Worker(engine, thread)
    thread.start()


def _work(engine: Engine, held: ExitStack) -> None:
    with held:
        engine.run()


def _begin_anew(folder: Path, config: HyperDriveConfig) -> None:
    """Give up what was cut off on a virtual clock: the same events take place again."""
    with closing(Journal(folder)) as journal:
        begun = bool(journal.rows())
    if begun:
        for file in folder.glob(f"{FILE}*"):
            if not file.name.endswith(".lock"):
                file.unlink()
        reading.cache_clear()
        _make_journal(folder, config)


def _backend(folder: Path, config: HyperDriveConfig, executor: Executor | None) -> Backend:
    target, metric = config.run_config, config.primary_metric_name
    if isinstance(target, FamilyRunConfig):
        return VirtualClock(target, config.max_concurrent_runs, metric, folder)
    return Scripts(target, executor or Processes(config.max_concurrent_runs), metric, folder)


def interrupt(folder: Path) -> None:
    """End the work of this process on a run, so that it can be gone on with."""
    if folder in _workers:
        _workers[folder].engine.interrupt()
        join(folder)


def join(folder: Path) -> None:
    """Wait until this process has done its work on a run, if it does any."""
    if folder in _workers:
        _workers.pop(folder).thread.join()


def _copy_source(source: Path, target: Path, workspace: Path) -> None:
    """Copy the source of a run into its folder.

    Hidden files, caches, the workspace itself and what a file ".amlignore" names stay behind.
    """
    patterns = [".*", "__pycache__"]
    if (source / _IGNORED).is_file():
        lines = (source / _IGNORED).read_text(encoding="utf-8").splitlines()
        patterns += [
            line.strip().rstrip("/") for line in lines if line.strip()[:1] not in ("#", "")
        ]
    size = 0

    def ignored(where: str, names: list[str]) -> set[str]:
        nonlocal size
        left = {name for name in names if _matches(name, patterns)}
        left |= {name for name in names if (Path(where) / name).resolve() == workspace}
        files = [Path(where) / name for name in names if name not in left]
        size += sum(file.stat().st_size for file in files if file.is_file())
        if size > _LARGEST_SNAPSHOT:
            raise HyperDriveConfigException(
                f"source_directory = {str(source)!r} holds more than {_LARGEST_SNAPSHOT >> 20} MB, "
                f"which HyperDrive refuses: name a smaller folder, or name what is not needed in "
                f"{source / _IGNORED}"
            )
        return left

    shutil.copytree(source, target, ignore=ignored)


def _matches(name: str, patterns: Iterable[str]) -> bool:
    matches: Callable[[str, str], bool] = fnmatch.fnmatchcase
    return any(matches(name, pattern) for pattern in patterns)
