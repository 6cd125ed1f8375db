"""Training with Stable-Baselines3 that survives being killed: see `agents.training.sb3_learner`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import gymnasium as gym
import torch
from stable_baselines3.common.vec_env import VecEnv, VecMonitor, VecNormalize

from hpo_gym.integrations.sb3 import NativeVecEnv

from .provenance import provenance
from .run_folder import RunFolder
from .sb3_learner import Session, Trained
from .settings import TrainingSettings


def train(
    settings: TrainingSettings,
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
        settings: Algorithm and hyperparameters.
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
        ValueError: An argument is not valid, or the run in ``run_dir`` has other settings or
            corrupt files.
        TrainingInterrupted: Ctrl-C; the checkpoint and the policy so far are in ``run_dir``.
    """
    check_run(seed, run_dir, resume=resume, overwrite=overwrite)
    options = dict(env_options or {})
    if settings.observation is not None:
        options.setdefault("observation", settings.observation)
    run = describe(settings, env_id, options, seed)
    folder = None if run_dir is None else RunFolder(run_dir)
    saved = None
    if folder is not None and resume:
        saved = folder.resume(run)
    with torch_threads(threads):
        envs = make_envs(settings, env_id, options)
        try:
            model = settings.build(envs, seed)
            if folder is not None and not resume:  # not before all settings have proved good
                folder.begin(run, overwrite=overwrite)
            details = run | provenance(command)
            return Session(settings, model, details, folder, saved).run(progress_bar)
        finally:
            envs.close()


def check_run(seed: int, run_dir: str | Path | None, *, resume: bool, overwrite: bool) -> None:
    """Raise ValueError unless these arguments of a training make sense together."""
    if resume and (overwrite or run_dir is None):
        raise ValueError("resume continues the run in run_dir, so it needs one and no overwrite")
    if not 0 <= seed < 2**32:  # SB3 seeds NumPy's old generator, which takes no others
        raise ValueError(f"seed = {seed} must be a whole number in [0, {2**32 - 1}]")


def make_envs(settings: TrainingSettings, env_id: str, options: Mapping[str, Any]) -> VecEnv:
    """The environments of a training, as SB3 takes them."""
    reward = {} if settings.reward is None else {"reward": settings.reward}
    native = gym.make_vec(
        env_id, settings.num_envs, autoreset_mode="SameStep", **{**reward, **options}
    )
    envs: VecEnv = VecMonitor(NativeVecEnv(native))
    if settings.normalize_reward or settings.normalize_observations:
        envs = VecNormalize(
            envs,
            norm_obs=settings.normalize_observations,
            norm_reward=settings.normalize_reward,
            gamma=settings.gamma,
        )
    return envs


def describe(settings: Any, env_id: str, options: dict[str, Any], seed: int) -> dict[str, Any]:
    """What is trained, as it reads after a way through JSON: tuples are lists.

    Args:
        settings: A dataclass of hyperparameters with the name of their ``algorithm``.
        env_id: Id of the environment.
        options: Its options.
        seed: Seed of the training.

    Raises:
        ValueError: JSON does not know an option.
    """
    try:
        described = json.dumps(
            {
                "algorithm": settings.algorithm,
                "environment": {"id": env_id, "options": options},
                "seed": seed,
                "settings": asdict(settings),
            }
        )
    except TypeError as error:
        raise ValueError(
            f"env_options = {options} cannot be written as JSON ({error}): give numbers, strings, "
            "lists and dicts, a family by its name or description"
        ) from error
    run: dict[str, Any] = json.loads(described)
    return run


@contextmanager
def torch_threads(threads: int) -> Iterator[None]:
    """Let torch use so many threads for a while.

    Raises:
        ValueError: There is no such number of threads.
    """
    if threads < 1:
        raise ValueError(f"threads = {threads} must be a whole number >= 1; 1 is seldom slower")
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)
