"""The work on runs: their folders, and the threads of this process that do it."""

from __future__ import annotations

import fnmatch
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, NamedTuple

from hpo_gym.executors.executor import Executor
from hpo_gym.executors.named import executor_named
from hpo_gym.executors.processes import Processes
from hpo_gym.files import write_atomic
from hpo_gym.hyperdrive import submission
from hpo_gym.hyperdrive.child import FILES
from hpo_gym.hyperdrive.engine import Backend, Engine
from hpo_gym.hyperdrive.exceptions import HyperDriveConfigException
from hpo_gym.hyperdrive.family_config import FamilyRunConfig
from hpo_gym.hyperdrive.journal import FILE, RUNNING, Journal, reading
from hpo_gym.hyperdrive.runconfig import HyperDriveConfig
from hpo_gym.hyperdrive.sampling import BayesianParameterSampling
from hpo_gym.hyperdrive.script_config import ScriptRunConfig
from hpo_gym.hyperdrive.scripts import Scripts
from hpo_gym.hyperdrive.submission import CONFIG, SNAPSHOT
from hpo_gym.hyperdrive.virtual import VirtualClock
from hpo_gym.locks import alone

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
        HyperDriveConfigException: The source is too large or lacks the script, or the configuration
            cannot be kept.
    """
    target, text = config.run_config, submission.as_text(config, seed)
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Nobody sees it half made, and who is killed leaves no half of it.
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".") as place:
        new = Path(place) / folder.name
        new.mkdir()
        if not isinstance(target, FamilyRunConfig):
            _copy_source(target, new / SNAPSHOT, folder.parents[1])
        write_atomic(new / CONFIG, text)
        _make_journal(new, config, _trials(config))
        new.rename(folder)


def _trials(config: HyperDriveConfig) -> list[Any]:
    """Those of earlier runs, if the sampling learns from them."""
    if not isinstance(config.hyperparameter_sampling, BayesianParameterSampling):
        return []
    return [trial for run in config.resume_from for trial in reading(run.folder).past()]


def _make_journal(folder: Path, config: HyperDriveConfig, trials: list[Any]) -> None:
    with closing(Journal(folder, config.goal)) as journal:
        journal.add(trials)
        journal.note(
            primary_metric_name=config.primary_metric_name,
            settings=settings(config),
            started=time.time(),
            status=RUNNING,
        )


def settings(config: HyperDriveConfig) -> dict[str, Any]:
    """What decides on a run, as JSON."""
    facts = submission.described(config)
    names = ("hyperparameter_sampling", "policy", "primary_metric_name", "primary_metric_goal")
    target = ("script", "arguments", "command", "family", "split", "task", "noise", "epochs")
    return {
        **{name: facts[name] for name in (*names, "max_total_runs")},
        **{name: value for name, value in facts["run_config"].items() if name in target},
    }


def as_executor(given: Any) -> Executor | None:
    """An executor, of one or its name; None for processes of this machine.

    Raises:
        ValueError: It is neither.
        ImportError: Dask is named and not installed.
    """
    if isinstance(given, str):
        return executor_named(given)
    if given is not None and (isinstance(given, type) or not hasattr(given, "run")):
        raise ValueError(
            f"executor = {given!r} must be an executor such as Processes(4), the name of one such "
            'as "processes:4" or "dask:4", or None'
        )
    executor: Executor | None = given
    return executor


def start(folder: Path, executor: Executor | str | None) -> None:
    """Begin or go on with the work on a run, in a thread of this process.

    Raises:
        ValueError: Somebody works on it, what was submitted cannot be read, or there is no such
            executor.
    """
    config, seed, runs, children = submission.read(folder)
    with ExitStack() as stack:
        stack.enter_context(alone(folder / FILE))
        if isinstance(config.run_config, FamilyRunConfig):
            _begin_anew(folder, config)
        journal = Journal(folder)
        engine = Engine(
            config,
            journal,
            folder,
            _backend(folder, config, as_executor(executor)),
            past=[curve for _, curves in runs for curve in curves],
            resumed=[(str(child / FILES / "outputs"), known) for child, known in children],
            seed=seed,
        )
        journal.note(total=engine.total, error="", status=RUNNING)
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
        begun, trials = bool(journal.rows()), journal.added()
    if begun:
        for file in folder.glob(f"{FILE}*"):
            if not file.name.endswith(".lock"):
                file.unlink()
        reading.cache_clear()
        _make_journal(folder, config, trials)


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


def _copy_source(config: ScriptRunConfig, target: Path, workspace: Path) -> None:
    """Copy the source of a run into its folder.

    Hidden files, caches, the workspace itself and what a file ".amlignore" names stay behind.
    """
    source = Path(config.source_directory)
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
    if config.script is not None and not (target / config.script).is_file():
        raise HyperDriveConfigException(
            f"script = {config.script!r} stays behind when {str(source)!r} is copied: hidden files "
            f"do, and what {_IGNORED} names; move or rename it"
        )


def _matches(name: str, patterns: Iterable[str]) -> bool:
    matches: Callable[[str, str], bool] = fnmatch.fnmatchcase
    return any(matches(name, pattern) for pattern in patterns)
