"""Trainings of several seeds side by side, wherever they are done."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from hpo_gym.files import read_folder, write_folder
from hpo_gym.references import load_copy, load_module

from .learner import Settings
from .train import train


class Common(NamedTuple):
    """What the trainings have in common."""

    settings: Settings
    env_id: str
    options: str
    """Options of the environment as JSON, in which a file keeps its path: it is written down."""
    family_file: str | None
    """The file of the family, if the options name one; its path is that of a copy elsewhere."""
    modules: tuple[str, ...]
    """What registers what the options name."""
    command: str
    threads: int
    progress_bar: bool


class Seed(NamedTuple):
    """One training."""

    seed: int
    run_dir: Path
    resume: bool
    files: Mapping[str, bytes] | None
    """What is in the folder, where that cannot be reached."""


def train_seed(common: Common, job: Seed) -> dict[str, bytes] | None:
    """Train in the folder, or elsewhere; then what is to be written into it is returned.

    Raises:
        ValueError: See `train`.
        TrainingInterrupted: See `train`.
    """
    options = json.loads(common.options)
    for module in common.modules:
        load_module(module)
    if common.family_file is not None:
        load_copy(options["family"].rpartition(":")[0], common.family_file)
    with TemporaryDirectory() as elsewhere:
        run_dir = job.run_dir
        if job.files is not None:
            run_dir = Path(elsewhere)
            write_folder(run_dir, job.files)
        train(
            common.settings,
            common.env_id,
            env_options=options,
            seed=job.seed,
            run_dir=run_dir,
            resume=job.resume,
            command=common.command,
            progress_bar=common.progress_bar,
            threads=common.threads,
        )
        return None if job.files is None else read_folder(run_dir)
