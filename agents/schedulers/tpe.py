"""Optuna's tree-structured Parzen estimator as a sampler of runs."""

from __future__ import annotations

from typing import Any

from agents.schedulers.samplers import Sampler
from agents.searches.optuna_search import quiet
from hpo_gym import rng
from hpo_gym.integrations.optuna_space import optuna_distributions
from hpo_gym.optional import optional
from hpo_gym.scheduling.table import Runs, Status
from hpo_gym.space import SearchSpace

_LARGEST_SEED = 2**32 - 1


class TPESampler(Sampler):
    """Optuna's `TPESampler` on a study of the runs, kept as Optuna keeps them under pruning.

    A completed run is a complete trial with its last score. A stopped or paused one is pruned, with
    the scores that it reported: Optuna knows no paused trials. One that is running is running.

    Args:
        space: See `Sampler`.
        resource: See `Sampler`.
        startup_trials: Trials before the model takes over, Optuna's ``n_startup_trials``.

    Raises:
        ImportError: Optuna is not installed.
    """

    def __init__(self, space: SearchSpace, resource: str, *, startup_trials: int = 10) -> None:
        super().__init__(space, resource)
        self.startup_trials = startup_trials
        self._optuna = optional("optuna", extra="bench", user="the sampler 'tpe'")
        self._distributions = optuna_distributions(self.space)

    def point(self, runs: Runs, key: int) -> tuple[float, ...]:
        """What a new trial of the study gets."""
        seed = rng.derive(key, len(runs.status)) & _LARGEST_SEED
        with quiet():
            sampler = self._optuna.samplers.TPESampler(
                seed=seed, n_startup_trials=self.startup_trials
            )
            study = self._optuna.create_study(direction="maximize", sampler=sampler)
            study.add_trials([self._trial(runs, run) for run in range(len(runs.status))])
            return self.space.unit(study.ask(self._distributions).params)

    def _trial(self, runs: Runs, run: int) -> Any:
        states, curve = self._optuna.trial.TrialState, runs.curves[run]
        state = {Status.COMPLETED: states.COMPLETE, Status.RUNNING: states.RUNNING}.get(
            runs.status[run], states.PRUNED
        )
        return self._optuna.trial.create_trial(
            state=state,
            params=self.space.configuration(runs.points[run]),
            distributions=self._distributions,
            value=curve[-1] if state is states.COMPLETE else None,
            intermediate_values=dict(zip(runs.reports, curve, strict=False)),
        )
