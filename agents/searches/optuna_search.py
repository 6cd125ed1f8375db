"""Optuna's samplers, by its ask-and-tell interface, as a practitioner would call them.

The search space is the environment's: floats, whole epochs, learning rates on a log scale. The
study maximises the observed score and knows nothing else. Source: Akiba et al., "Optuna: A
next-generation hyperparameter optimization framework" (KDD 2019); https://optuna.org.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeAlias

import numpy as np

from hpo_gym.integrations.optuna_space import optuna_distributions
from hpo_gym.optional import optional
from hpo_gym.space import SearchSpace
from hpo_gym.tuners.agent import FloatArray
from hpo_gym.tuners.ask_tell import Search, SearchAgent
from hpo_gym.tuning.problem import Problem

SAMPLERS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "tpe": ("TPESampler", ()),
    "gp": ("GPSampler", ("torch", "scipy.optimize")),
    "cma-es": ("CmaEsSampler", ("cmaes",)),
    "random": ("RandomSampler", ()),
}
"""Optuna's class of each sampler, and the modules that it needs besides."""

MakeSampler: TypeAlias = Callable[[Mapping[str, Any] | None], Any]
"""An Optuna sampler, from the best configuration that is known before the first trial."""


class Study(Search):
    """One Optuna study.

    Args:
        sampler: Makes the study's own sampler.
        space: The search space.
    """

    def __init__(self, sampler: MakeSampler, space: SearchSpace) -> None:
        self._sampler, self._space = sampler, space
        self._distributions = optuna_distributions(space)
        self._known: list[Any] = []
        self._study: Any = None
        self._trial: Any = None

    def tell(self, unit: FloatArray, score: float) -> None:
        """Finish the trial that was asked for, or keep one that the study did not choose."""
        with quiet():
            if self._trial is not None:
                self._study.tell(self._trial, score)
                return
            known = _module().trial.create_trial(
                params=self._space.configuration(unit),
                distributions=self._distributions,
                value=score,
            )
            self._known.append(known)

    def ask(self) -> FloatArray:
        """Begin a trial."""
        with quiet():
            if self._study is None:
                self._study = self._begun()
            self._trial = self._study.ask(self._distributions)
        return np.array(self._space.unit(self._trial.params))

    def _begun(self) -> Any:
        """The study, with the trials that are known."""
        best = max(self._known, key=lambda trial: trial.value, default=None)
        sampler = self._sampler(None if best is None else best.params)
        study = _module().create_study(direction="maximize", sampler=sampler)
        study.add_trials(self._known)
        return study


class OptunaAgent(SearchAgent):
    """An Optuna sampler with its defaults, one study per row and episode.

    Args:
        problem: See `Agent`.
        seed: Seed of the samplers.
        sampler: "tpe", "gp" (Gaussian process, log expected improvement), "cma-es" or "random".
        startup_trials: Trials before the model takes over; None for the sampler's default, 10 for
            "tpe" and "gp", 1 for "cma-es". A start that the environment evaluated and the
            ``initial`` ones count.
        initial: Unit configurations (n, d) to evaluate first, in this order. CMA-ES, which learns
            from no others than its own, begins at the best of them.

    Raises:
        ValueError: The sampler does not exist, the number of trials is negative, or an initial
            configuration is not valid.
        ImportError: Optuna, or what the sampler needs, is not installed.
    """

    name = "optuna"

    def __init__(
        self,
        problem: Problem,
        *,
        seed: int = 0,
        sampler: str = "tpe",
        startup_trials: int | None = None,
        initial: Any = (),
    ) -> None:
        super().__init__(problem, seed=seed, initial=initial)
        if sampler not in SAMPLERS:
            raise ValueError(f"sampler = {sampler!r} must be one of {sorted(SAMPLERS)}")
        if startup_trials is not None and startup_trials < 0:
            raise ValueError(f"startup_trials = {startup_trials!r} must be None or >= 0")
        self._samplers = _module().samplers
        self._sampler, needed = SAMPLERS[sampler]
        for module in needed:
            optional(module, extra="bench", user=f"Optuna's {self._sampler}")
        self._settings = {} if startup_trials is None else {"n_startup_trials": startup_trials}

    def begin(self, random: np.random.Generator) -> Study:
        """A fresh study with a fresh sampler."""
        seed = int(random.integers(2**31))

        def sampler(best: Mapping[str, Any] | None) -> Any:
            begins_there = self._sampler == "CmaEsSampler" and len(self.initial)
            settings = {**self._settings, "x0": best} if begins_there else self._settings
            return getattr(self._samplers, self._sampler)(seed=seed, **settings)

        return Study(sampler, self.problem.space)


def _module() -> Any:
    return optional("optuna", extra="bench", user="an Optuna sampler")


@contextmanager
def quiet() -> Iterator[None]:
    """No lines about studies and trials, there are thousands; errors are raised anyway."""
    logging = _module().logging
    before = logging.get_verbosity()
    logging.set_verbosity(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # of `x0`, which 6.0 will not know
            yield
    finally:
        logging.set_verbosity(before)
