"""A child of a real script: one process with all that it starts, and one function that runs it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import hpo_gym
from hpo_gym.executors.child import THREADS
from hpo_gym.executors.kin import descendants, kill_all, kill_group, kill_marked
from hpo_gym.hyperdrive import records
from hpo_gym.hyperdrive.child import CANCEL, FILES, FOLDER_VARIABLE, LOG, RECORDS
from hpo_gym.hyperdrive.journal import CANCELED, COMPLETED, FAILED, TERMINAL

_LOOK = 0.02
"""Seconds between two looks at whether a child has ended or is to end."""
_GRACE = 2.0
"""Seconds that a script may take to end after SIGTERM."""
_WORK = "work"
_KEPT = ("outputs", "logs")
"""Folders of a script that are kept."""


@dataclass(frozen=True)
class Spec:
    """A child to be run; it can be sent to another process or machine.

    Attributes:
        number: The child's number.
        folder: Its folder, named by its id; what it logs and keeps goes there.
        source: Folder with the script and what it needs; the child works in a copy.
        command: Program and arguments.
        variables: Environment variables for it.
        limit: Seconds that it may take; None for no limit.
    """

    number: int
    folder: str
    source: str
    command: tuple[str, ...]
    variables: Mapping[str, str] = field(default_factory=dict)
    limit: float | None = None


class Outcome(NamedTuple):
    """How a child ended."""

    status: str
    """One of HyperDrive's."""
    message: str
    """Why it failed."""


def run_child(spec: Spec) -> Outcome:
    """Run a child to its end, or until somebody puts a file `CANCEL` into its folder.

    Called again for the same child, it begins anew.
    """
    folder = Path(spec.folder)
    work, log = folder / _WORK, folder / FILES / LOG
    if work.exists() or log.exists():  # whoever did it first has died, and an executor goes on
        shutil.rmtree(work, ignore_errors=True)
        shutil.rmtree(folder / FILES, ignore_errors=True)
        entry = {"time": time.time(), "kind": records.RESTART, "name": "", "value": ""}
        records.append(folder / RECORDS, entry)
    shutil.copytree(spec.source, work)
    for name in _KEPT:
        (work / name).mkdir(exist_ok=True)
    log.parent.mkdir(parents=True, exist_ok=True)
    try:
        with log.open("ab") as output:
            return _watch(spec, work, output.fileno())
    finally:
        keep_outputs(folder)


def keep_outputs(folder: Path) -> None:
    """Move what a child left in its copy of the source to the files that are kept.

    Links stay links. What cannot be copied, such as a socket, is named in the log.
    """
    work, lost = folder / _WORK, list[str]()
    for name in _KEPT:
        try:
            if (work / name).is_dir():
                kept = folder / FILES / name
                shutil.copytree(work / name, kept, symlinks=True, dirs_exist_ok=True)
        except shutil.Error as error:  # all else has been copied
            lost += [f"{os.path.relpath(each[0], work)}: {each[2]}" for each in error.args[0]]
        except OSError as error:
            lost.append(f"{name}: {error}")
    if lost:
        with suppress(OSError), (folder / FILES / LOG).open("a", errors="replace") as log:
            log.writelines(f"\nhpo_gym did not keep {each}\n" for each in lost)
    shutil.rmtree(work, ignore_errors=True)


def _watch(spec: Spec, work: Path, output: int) -> Outcome:
    """Start a child in its folder, wait for its end, and leave no process of it behind."""
    deadline = None if spec.limit is None else time.monotonic() + spec.limit
    try:
        process = subprocess.Popen(
            spec.command,
            cwd=work,
            env=_environment(spec),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        return Outcome(FAILED, f"{spec.command[0]} cannot be started: {error}")
    try:
        while True:
            with suppress(subprocess.TimeoutExpired):
                return _outcome(spec, process.wait(_LOOK))
            if (Path(spec.folder) / CANCEL).exists():
                return Outcome(CANCELED, "")
            if deadline is not None and time.monotonic() > deadline:
                return Outcome(FAILED, f"it took longer than {spec.limit:g} s")
    finally:
        _end(process, spec)


def _outcome(spec: Spec, code: int) -> Outcome:
    """What an exit code means, unless the script said itself how it ended."""
    if code < 0:
        return Outcome(FAILED, f"it was killed by {signal.Signals(-code).name}")
    if code > 0:
        printed = (Path(spec.folder) / FILES / LOG).read_text(errors="replace").strip()
        *_, last = ["", *printed.splitlines()]
        return Outcome(FAILED, f"it ended with exit code {code}: {last}")
    entries = records.counted(records.Reader(Path(spec.folder) / RECORDS).read())
    for entry in reversed(entries):
        if entry["kind"] == records.END and entry["name"] in TERMINAL:
            return Outcome(entry["name"], entry["value"])
    return Outcome(COMPLETED, "")


def _end(process: subprocess.Popen[bytes], spec: Spec) -> None:
    """End a child and whatever it started: in order if it does so in time, else by force."""
    kin = descendants(process.pid)  # once it has ended, they are nobody's
    if process.poll() is None:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE)
        kin |= descendants(process.pid)
    process.kill()
    process.wait()
    kill_all(kin)
    kill_group(process.pid)
    kill_marked(f"{FOLDER_VARIABLE}={spec.folder}\0")


def _environment(spec: Spec) -> dict[str, str]:
    """One thread, nothing printed is buffered, this package and this interpreter are found."""
    path = [*filter(None, [os.environ.get("PYTHONPATH")]), str(Path(hpo_gym.__file__).parents[1])]
    programs = [str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]
    return {
        **os.environ,
        **dict.fromkeys(THREADS, "1"),
        "PYTHONUNBUFFERED": "1",
        "PYTHONPATH": os.pathsep.join(path),
        "PATH": os.pathsep.join(programs),
        **spec.variables,
        FOLDER_VARIABLE: spec.folder,
    }
