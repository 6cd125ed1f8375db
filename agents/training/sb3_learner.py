"""A training from its beginning, or from a checkpoint, to its end.

SB3's own `learn` runs in one piece; a callback works at *boundaries*, the first beginning of a
rollout after every ``settings.interval`` steps. At a boundary nothing but the model's state, the
random generators' and the environments' episodes carries over. There the policy is evaluated and
a checkpoint is written, and the environments begin anew with a seed that depends on (seed, steps)
alone. A resumed run does the same from the checkpoint, so it continues bit by bit as an
undisturbed one (on one machine, with as many threads). Ctrl-C adds a boundary of its own: nothing
is lost, but from there on the environments draw other episodes.

Seeds: training uses seeds of 2**32 and above, validation those from `VALIDATION_SEED` on, as
`agents.training.validation` says; whoever tests a policy uses smaller ones.
"""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import torch
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.logger import KVWriter, Logger, TensorBoardOutputFormat
from tqdm import tqdm

from hpo_gym.integrations.sb3_export import policy_from_sb3
from hpo_gym.policies.policy import Policy

from . import checkpoints
from .run_folder import RunFolder
from .settings import TrainingSettings
from .validation import VALIDATION_SEED, mean_return, regrets, summarise

_TRAINING_SEED = 2**32


class Trained(NamedTuple):
    """The result of a training."""

    policy: Policy
    """The policy of the boundary whose evaluation was best."""
    seconds: float
    """Time of the training, over all its sessions."""


class TrainingInterrupted(KeyboardInterrupt):
    """Ctrl-C ended a training after its state was saved; the text says where."""


class Session(BaseCallback):
    """A training from its beginning, or from a checkpoint, to its end.

    Args:
        settings: The settings.
        model: A model just built from them.
        details: What the policy's description says about the training.
        folder: Where files go, or None.
        saved: A checkpoint to continue from, or None.
    """

    def __init__(
        self,
        settings: TrainingSettings,
        model: BaseAlgorithm,
        details: dict[str, Any],
        folder: RunFolder | None,
        saved: dict[str, Any] | None,
    ) -> None:
        super().__init__()
        self._settings, self._details, self._folder = settings, details, folder
        self.init_callback(model)
        self._best: Policy | None = None
        self._seconds = 0.0
        if saved is not None:
            checkpoints.restore(model, saved["model"])
            self._seconds = saved["seconds"]
            arrays = {name: array.numpy() for name, array in saved["best"]["arrays"].items()}
            self._best = Policy(arrays, json.loads(saved["best"]["description"]))
        self._started = time.perf_counter()
        self._stop = threading.Event()

    def run(self, progress_bar: bool) -> Trained:
        """Train to the end."""
        total, done = self._settings.planned_steps, self.model.num_timesteps
        outputs: list[KVWriter] = []
        if self._folder is not None:
            outputs.append(TensorBoardOutputFormat(str(self._folder.tensorboard)))
        self.model.set_logger(Logger(None, outputs))
        with (
            tqdm(total=total, initial=done, disable=not progress_bar, unit="step") as self._bar,
            ctrl_c_sets(self._stop, only_if=self._folder is not None),
        ):
            try:
                if done < total:
                    self._begin_episodes()
                    every = self._settings.log_interval
                    self.model.learn(total - done, self, every, reset_num_timesteps=False)
                    self._boundary()
            finally:
                self.model.logger.close()
        return Trained(self._write_policy(), self._elapsed())

    def _on_step(self) -> bool:
        self._bar.update(self.num_timesteps - self._bar.n)
        return True

    def _on_rollout_start(self) -> None:
        interval = self._settings.interval
        if self.model.num_timesteps // interval > self._begun_at // interval:
            self._boundary()
            self._begin_episodes()
        if self._stop.is_set():
            self._interrupt()

    def _begin_episodes(self) -> None:
        """Begin new episodes in all environments, seeded by the number of steps so far."""
        self._begun_at = self.model.num_timesteps
        words = np.random.SeedSequence([self._details["seed"], self._begun_at])
        envs = self.training_env
        envs.seed(_TRAINING_SEED + int(words.generate_state(1, np.uint64)[0] >> np.uint64(2)))
        self.model._last_obs = envs.reset()  # type: ignore[assignment]
        self.model._last_episode_starts = np.ones(envs.num_envs, dtype=np.bool_)
        normalise = self.model.get_vec_normalize_env()
        if normalise is not None:
            self.model._last_original_obs = normalise.get_original_obs()

    def _boundary(self) -> None:
        """Evaluate the policy, keep it if it is the best so far, write a checkpoint."""
        policy = policy_from_sb3(self.model, self._details)
        validation = self._validate(policy)
        policy.description |= {"steps": self.model.num_timesteps, "validation": validation}
        score, best = _score(validation), self._best
        if best is None or score > _score(best.description["validation"]):
            self._best = best = policy
        self.logger.record("validation/score", score)
        self.logger.dump(self.model.num_timesteps)
        self._bar.set_postfix(validation=f"{score:.4f}", refresh=False)
        if self._folder is None:
            return
        arrays = {name: torch.from_numpy(array) for name, array in best.arrays.items()}
        state = {
            "model": checkpoints.capture(self.model),
            "seconds": self._elapsed(),
            "best": {"arrays": arrays, "description": json.dumps(best.description)},
        }
        checkpoints.save(self._folder.checkpoints, state, self.model.num_timesteps)

    def _validate(self, policy: Policy) -> dict[str, Any]:
        """What the description says about how good the policy is."""
        environment, episodes = self._details["environment"], self._settings.evaluation_episodes
        if self._settings.criterion == "return":
            score = mean_return(policy, environment["id"], environment["options"], episodes)
            return {"mean_return": score, "episodes": episodes, "seed": VALIDATION_SEED}
        validation = summarise(regrets(policy, environment, episodes))
        return {**validation, "tasks": episodes, "seed": VALIDATION_SEED}

    def _interrupt(self) -> None:
        """Save what there is and leave."""
        assert self._folder is not None
        if self.model.num_timesteps > self._begun_at or self._best is None:
            self._boundary()
        self._write_policy()
        raise TrainingInterrupted(
            f"interrupted after {self.model.num_timesteps} of {self._settings.planned_steps} "
            f"steps; the checkpoint and the best policy so far are in {self._folder.path}"
        )

    def _write_policy(self) -> Policy:
        assert self._best is not None
        self._best.description["training_seconds"] = round(self._elapsed(), 3)
        if self._folder is not None:
            self._best.save(self._folder.policy)
        return self._best

    def _elapsed(self) -> float:
        return self._seconds + time.perf_counter() - self._started


def _score(validation: Mapping[str, Any]) -> float:
    """What `Session._validate` returned as one number: higher is better."""
    return float(validation["mean_return"] if "mean_return" in validation else -validation["score"])


@contextmanager
def ctrl_c_sets(event: threading.Event, *, only_if: bool) -> Iterator[None]:
    """Turn the first Ctrl-C into an event; the second interrupts as usual.

    Python lets only the main thread handle signals: elsewhere, nothing changes.
    """
    if not only_if or threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(number: int, frame: object) -> None:
        if event.is_set():
            raise KeyboardInterrupt
        event.set()

    before = signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
