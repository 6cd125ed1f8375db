"""One function for all trainings, which survive being killed: see `agents.training.run`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from .learner import Settings
from .provenance import provenance
from .run import ResumableRun, Trained
from .run_folder import RunFolder


def train(
    settings: Settings,
    env_id: str,
    *,
    env_options: Mapping[str, Any] | None = None,
    seed: int = 0,
    run_dir: str | Path | None = None,
    resume: bool = False,
    overwrite: bool = False,
    command: str | None = None,
    progress_bar: bool = True,
    threads: int = 1,
) -> Trained:
    """Train a policy.

    Args:
        settings: Algorithm and hyperparameters, such as those of
            `agents.training.algorithms.settings_for`.
        env_id: A registered id.
        env_options: Options of the environment.
        seed: Seeds everything.
        run_dir: Folder for checkpoints, TensorBoard logs and the policy; None keeps nothing.
        resume: Continue the run in ``run_dir``.
        overwrite: Remove the run in ``run_dir`` first.
        command: The command line, for the policy's description.
        progress_bar: Show one on stderr.
        threads: Threads of torch; more than 1 seldom helps networks this small.

    Raises:
        FileExistsError: ``run_dir`` holds a run, and neither ``resume`` nor ``overwrite``.
        FileNotFoundError: There is nothing to resume.
        ValueError: An argument is not valid, the run in ``run_dir`` has other settings or
            corrupt files, or the training diverged.
        TrainingInterrupted: Ctrl-C or SIGTERM; the checkpoint and the policy so far are in
            ``run_dir``.
    """
    if resume and (overwrite or run_dir is None):
        raise ValueError("resume continues the run in run_dir, so it needs one and no overwrite")
    if not 0 <= seed < 2**32:  # SB3 seeds NumPy's old generator, which takes no others
        raise ValueError(f"seed = {seed} must be a whole number in [0, {2**32 - 1}]")
    options = settings.environment_options(env_options or {})
    described = _describe(settings, env_id, options, seed)
    settings.check(env_id, options)
    folder = None if run_dir is None else RunFolder(run_dir)
    saved = folder.resume(described) if folder is not None and resume else None
    with _torch_threads(threads), closing(settings.learner(env_id, options, seed)) as learner:
        if folder is not None and not resume:  # not before all settings have proved good
            folder.begin(described, overwrite=overwrite)
        details = described | provenance(command)
        try:
            return ResumableRun(settings, learner, details, folder, saved).run(progress_bar)
        except ValueError:
            if folder is not None:
                folder.abandon()
            raise


def _describe(
    settings: Settings, env_id: str, options: dict[str, Any], seed: int
) -> dict[str, Any]:
    """What is trained, in the types of JSON: tuples have become lists.

    Raises:
        ValueError: An option cannot be written as JSON.
    """
    description = {
        "algorithm": settings.algorithm,
        "environment": {"id": env_id, "options": options},
        "seed": seed,
        "settings": asdict(settings),
    }
    try:
        described: dict[str, Any] = json.loads(json.dumps(description))
    except TypeError as error:
        raise ValueError(
            f"env_options = {options} cannot be written as JSON ({error}): give numbers, strings, "
            "lists and dicts, a family by its name or description"
        ) from error
    return described


@contextmanager
def _torch_threads(threads: int) -> Iterator[None]:
    """Let torch use this number of threads for a while.

    Raises:
        ValueError: The number is smaller than 1.
    """
    if threads < 1:
        raise ValueError(f"threads = {threads} must be a whole number >= 1; 1 is seldom slower")
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)
