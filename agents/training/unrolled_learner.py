"""A training of the unrolled tuner from its beginning, or from a checkpoint, to its end.

At a *boundary*, after every ``settings.interval`` updates, the policy is evaluated in the real
environment, with whole epochs, and a checkpoint is written that holds all that training goes on
from: a resumed run continues bit by bit as an undisturbed one (on one machine, with as many
threads), unless Ctrl-C ended it, which adds a boundary. The policy's score is that by the criterion
"regret" of `agents.training.validation`; lower is better.
"""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING, Any

import torch
from stable_baselines3.common.logger import KVWriter, Logger, TensorBoardOutputFormat
from tqdm import tqdm

from hpo_gym.policies.description import FORMAT
from hpo_gym.policies.policy import Policy
from hpo_gym.tuning.process import TuningProcess

from . import checkpoints
from .run_folder import RunFolder
from .sb3_learner import Trained, TrainingInterrupted, ctrl_c_sets
from .unroll import Bank, Network, unroll
from .validation import VALIDATION_SEED, regrets, summarise

if TYPE_CHECKING:
    from .unrolled import UnrolledSettings


class UnrolledSession:
    """A training from its beginning, or from a checkpoint, to its end.

    Args:
        settings: The settings.
        dynamics: The environment's, of the training split.
        details: What the policy's description says about the training.
        folder: Where files go, or None.
        saved: A checkpoint to continue from, or None.
    """

    def __init__(
        self,
        settings: UnrolledSettings,
        dynamics: TuningProcess,
        details: dict[str, Any],
        folder: RunFolder | None,
        saved: dict[str, Any] | None,
    ) -> None:
        self._settings, self._dynamics, self._details = settings, dynamics, details
        self._folder = folder
        self._sizes = [dynamics.layout.size, *settings.hidden, dynamics.mode.size]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(details["seed"])
            self._network = Network(self._sizes)
        self._optimiser = torch.optim.Adam(self._network.parameters(), fused=True)
        self._random = torch.Generator().manual_seed(details["seed"])
        options: Any = dynamics.options
        self._bank = Bank(dynamics.family, options.split, options.metric)  # type: ignore[arg-type]
        self._update = 0
        self._seconds = 0.0
        self._best: Policy | None = None
        if saved is not None:
            self._restore(saved)
        self._started = time.perf_counter()

    def run(self, progress_bar: bool) -> Trained:
        """Train to the end."""
        stop, total = threading.Event(), self._settings.updates
        outputs: list[KVWriter] = []
        if self._folder is not None:
            outputs.append(TensorBoardOutputFormat(str(self._folder.tensorboard)))
        self._logger = Logger(None, outputs)
        with (
            tqdm(total=total, initial=self._update, disable=not progress_bar, unit="update") as bar,
            ctrl_c_sets(stop, only_if=self._folder is not None),
        ):
            try:
                while self._update < total:
                    loss = self._learn()
                    self._update += 1
                    bar.update()
                    at_boundary = self._update % self._settings.interval == 0
                    if at_boundary or self._update == total or stop.is_set():
                        bar.set_postfix(validation=f"{self._boundary(loss):.4f}", refresh=False)
                    if stop.is_set():
                        self._interrupt()
            finally:
                self._logger.close()
        return Trained(self._write_policy(), self._elapsed())

    def _learn(self) -> torch.Tensor:
        """One update; returns the loss."""
        settings, dynamics = self._settings, self._dynamics
        index = torch.randint(self._bank.size, (settings.tasks,), generator=self._random)
        shape = dynamics.layout.rows, dynamics.family.noise_draws, settings.tasks
        xi = torch.randn(shape, generator=self._random, dtype=torch.float64)
        # The loss is a mean over episodes, the limit is one on an episode.
        limit = settings.gradient_limit / settings.tasks
        episodes = unroll(
            self._network, dynamics, self._bank.tasks(index), xi, gradient_limit=limit
        )
        loss = settings.loss(episodes)
        for group in self._optimiser.param_groups:
            group["lr"] = settings.rate(self._update)
        self._optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self._network.parameters(), settings.max_grad_norm)
        self._optimiser.step()
        return loss.detach()

    def _boundary(self, loss: torch.Tensor) -> float:
        """Evaluate the policy, keep it if it is the best so far, write a checkpoint."""
        policy, tasks = self._policy(), self._settings.evaluation_tasks
        validation = summarise(regrets(policy, self._details["environment"], tasks))
        score: float = validation["score"]
        policy.description |= {
            "updates": self._update,
            "episodes": self._update * self._settings.tasks,
            "validation": {**validation, "tasks": tasks, "seed": VALIDATION_SEED},
        }
        if self._best is None or score < self._best.description["validation"]["score"]:
            self._best = policy
        self._logger.record("train/loss", float(loss))
        self._logger.record("validation/score", score)
        for name in ("iqm", "mean"):
            for step, value in validation[name].items():
                self._logger.record(f"validation/{name}_{step}", value)
        self._logger.dump(self._update)
        if self._folder is not None:
            checkpoints.save(self._folder.checkpoints, self._capture(), self._update)
        return score

    def _policy(self) -> Policy:
        """The network as a policy of NumPy."""
        arrays = {}
        for i, layer in enumerate(self._network.layers):
            arrays[f"weight_{i}"] = layer.weight.detach().numpy().copy()
            arrays[f"bias_{i}"] = layer.bias.detach().numpy().copy()
        description = {
            "format": FORMAT,
            "kind": "deterministic",
            "activation": "relu",
            "layer_sizes": self._sizes,
            "interface": self._dynamics.interface,
        }
        return Policy(arrays, description | self._details)

    def _capture(self) -> dict[str, Any]:
        """All that training goes on from."""
        assert self._best is not None
        return {
            "network": self._network.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "random": self._random.get_state(),
            "update": self._update,
            "seconds": self._elapsed(),
            "best": {
                "arrays": {n: torch.from_numpy(array) for n, array in self._best.arrays.items()},
                "description": json.dumps(self._best.description),
            },
        }

    def _restore(self, saved: dict[str, Any]) -> None:
        """Put what `_capture` returned into a session with the same settings."""
        self._network.load_state_dict(saved["network"])
        self._optimiser.load_state_dict(saved["optimiser"])
        self._random.set_state(saved["random"])
        self._update, self._seconds = saved["update"], saved["seconds"]
        arrays = {name: array.numpy() for name, array in saved["best"]["arrays"].items()}
        self._best = Policy(arrays, json.loads(saved["best"]["description"]))

    def _interrupt(self) -> None:
        """Leave, after a boundary."""
        assert self._folder is not None
        self._write_policy()
        raise TrainingInterrupted(
            f"interrupted after {self._update} of {self._settings.updates} updates; the checkpoint "
            f"and the best policy so far are in {self._folder.path}"
        )

    def _write_policy(self) -> Policy:
        assert self._best is not None
        self._best.description["training_seconds"] = round(self._elapsed(), 3)
        if self._folder is not None:
            self._best.save(self._folder.policy)
        return self._best

    def _elapsed(self) -> float:
        return self._seconds + time.perf_counter() - self._started
