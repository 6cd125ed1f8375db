"""A training that survives being killed, whatever is trained.

At a *boundary*, the first rest of the learner after every ``settings.interval`` steps, the policy
is evaluated and a checkpoint is written that holds everything the training goes on from. A resumed
run therefore continues bit for bit like an undisturbed one (on one machine, with as many threads).
Ctrl-C or SIGTERM adds a boundary of its own: nothing is lost, but learners that begin new episodes
at boundaries draw other episodes from there on.
"""

from __future__ import annotations

import json
import time
from contextlib import closing
from typing import Any, NamedTuple

import torch
from stable_baselines3.common.logger import KVWriter, Logger, TensorBoardOutputFormat

from . import checkpoints
from .interrupts import Interrupt, TrainingInterrupted
from .learner import Hooks, Learner, Settings
from .progress import Progress
from .run_folder import RunFolder
from .validation import headline, is_better


class Trained(NamedTuple):
    """The result of a training."""

    policy: Any
    """The policy of the boundary whose evaluation was best."""
    seconds: float
    """Time of the training, including the time before it was resumed."""


class ResumableRun(Hooks):
    """A training from its beginning, or from a checkpoint, to its end.

    Args:
        settings: The settings.
        learner: The learner just built from them.
        details: What the policy's description says about the training.
        folder: Where files go, or None.
        saved: A checkpoint to continue from, or None.
    """

    def __init__(
        self,
        settings: Settings,
        learner: Learner,
        details: dict[str, Any],
        folder: RunFolder | None,
        saved: dict[str, Any] | None,
    ) -> None:
        self._settings, self._learner, self._details = settings, learner, details
        self._folder = folder
        self._best: Any = None
        self._seconds = 0.0
        if saved is not None:
            learner.restore(saved["learner"])
            self._seconds = saved["seconds"]
            arrays = {name: array.numpy() for name, array in saved["best"]["arrays"].items()}
            described = json.loads(saved["best"]["description"])
            self._best = settings.policy_class(arrays, described)
        self._last_boundary = learner.done
        self._started = time.perf_counter()
        self._interrupt = Interrupt()

    def run(self, progress_bar: bool) -> Trained:
        """Train to the end.

        Raises:
            ValueError: The training diverged.
        """
        learner = self._learner
        outputs: list[KVWriter] = []
        if self._folder is not None:
            outputs.append(TensorBoardOutputFormat(str(self._folder.tensorboard)))
        self.logger = Logger(None, outputs)
        self._progress = Progress(learner.total, learner.done, learner.unit, shown=progress_bar)
        listening = self._interrupt.listen(only_if=self._folder is not None)
        with closing(self.logger), self._progress, listening:
            if learner.done < learner.total:
                self._learn()
        return Trained(self._write_policy(), self._elapsed())

    def _learn(self) -> None:
        learner = self._learner
        try:
            learner.learn(self)
            self._boundary()
        except ValueError as error:  # what NaN meets first: a distribution, or the policy's check
            if not learner.diverged:
                raise
            raise ValueError(
                f"the training diverged: after {learner.done} {learner.unit}s its weights are not "
                "finite; choose a smaller learning_rate or max_grad_norm"
            ) from error

    def advance(self) -> None:
        """Show the progress."""
        self._progress.update(self._learner.done)

    def rest(self) -> bool:
        """Evaluate the policy and write a checkpoint, if it is time to; leave after a signal."""
        interval = self._settings.interval
        at_boundary = self._learner.done // interval > self._last_boundary // interval
        if at_boundary:
            self._boundary()
        if self._interrupt.number:
            self._leave()
        return at_boundary

    def _boundary(self) -> None:
        """Evaluate the policy, keep it if it is the best so far, write a checkpoint."""
        settings = self._settings
        policy = self._learner.policy(self._details)
        validation = settings.validate(policy, self._details["environment"])
        policy.description["validation"] = validation
        best = self._best
        if best is None or is_better(validation, best.description["validation"]):
            self._best = best = policy
        self._last_boundary = self._learner.done
        self._log(validation)
        if self._folder is None:
            return
        arrays = {name: torch.from_numpy(array) for name, array in best.arrays.items()}
        state = {
            "learner": self._learner.capture(),
            "seconds": self._elapsed(),
            "best": {"arrays": arrays, "description": json.dumps(best.description)},
        }
        checkpoints.save(self._folder.checkpoints, state, self._last_boundary)

    def _log(self, validation: dict[str, Any]) -> None:
        """Show an evaluation beside the progress and in TensorBoard."""
        self._progress.note(f"validation {headline(validation):.4f}")
        self.logger.record("validation/score", headline(validation))
        for name in ("iqm", "mean"):  # the criterion "regret" has them
            for evaluations, value in validation.get(name, {}).items():
                self.logger.record(f"validation/{name}_{evaluations}", value)
        self.logger.dump(self._learner.done)

    def _leave(self) -> None:
        """Save what there is and leave."""
        assert self._folder is not None
        if self._learner.done > self._last_boundary or self._best is None:
            self._boundary()
        self._write_policy()
        raise TrainingInterrupted(
            self._interrupt.number,
            f"interrupted after {self._learner.done} of {self._learner.total} "
            f"{self._learner.unit}s; the checkpoint and the best policy so far are in "
            f"{self._folder.path}",
        )

    def _write_policy(self) -> Any:
        assert self._best is not None
        self._best.description["training_seconds"] = round(self._elapsed(), 3)
        if self._folder is not None:
            self._best.save(self._folder.policy)
        return self._best

    def _elapsed(self) -> float:
        return self._seconds + time.perf_counter() - self._started
