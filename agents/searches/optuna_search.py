"""Optuna's samplers, by its ask-and-tell interface, as a practitioner would call them.

The search space is the environment's: floats, whole epochs, learning rates on a log scale. The
study maximises the observed score and knows nothing else. Source: Akiba et al., "Optuna: A
next-generation hyperparameter optimization framework" (KDD 2019); https://optuna.org.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

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
}
"""Optuna's class of each sampler, and the modules that it needs besides."""


class Study(Search):
    """One Optuna study.

    Args:
        sampler: An Optuna sampler of its own.
        space: The search space.
        initial: Configurations to try first, by natural values.
    """

    def __init__(
        self, sampler: Any, space: SearchSpace, initial: Sequence[Mapping[str, Any]] = ()
    ) -> None:
        self._space = space
        self._distributions = optuna_distributions(space)
        with _quiet():
            self._study = _module().create_study(direction="maximize", sampler=sampler)
            for configuration in initial:
                self._study.enqueue_trial(dict(configuration))
        self._trial: Any = None

    def tell(self, unit: FloatArray, score: float) -> None:
        """Finish the trial that was asked for, or add one that the environment chose."""
        with _quiet():
            if self._trial is not None:
                self._study.tell(self._trial, score)
                return
            known = _module().trial.create_trial(
                params=self._space.configuration(unit),
                distributions=self._distributions,
                value=score,
            )
            self._study.add_trial(known)

    def ask(self) -> FloatArray:
        """Begin a trial."""
        with _quiet():
            self._trial = self._study.ask(self._distributions)
        return np.array(self._space.unit(self._trial.params))


class OptunaAgent(SearchAgent):
    """An Optuna sampler with its defaults, one study per row and episode.

    Args:
        problem: See `Agent`.
        seed: Seed of the samplers.
        sampler: "tpe", "gp" (Gaussian process, log expected improvement) or "cma-es".
        startup_trials: Trials before the model takes over; None for the sampler's default, 10 for
            "tpe" and "gp", 1 for "cma-es". A start that the environment evaluated and the
            ``initial`` ones count.
        initial: Unit configurations (n, d) to evaluate first, in this order.

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
        super().__init__(problem, seed=seed)
        if sampler not in SAMPLERS:
            raise ValueError(f"sampler = {sampler!r} must be one of {sorted(SAMPLERS)}")
        if startup_trials is not None and startup_trials < 0:
            raise ValueError(f"startup_trials = {startup_trials!r} must be None or >= 0")
        self._initial = self._read_initial(initial)
        self._samplers = _module().samplers
        self._sampler, needed = SAMPLERS[sampler]
        for module in needed:
            optional(module, extra="bench", user=f"Optuna's {self._sampler}")
        self._settings = {} if startup_trials is None else {"n_startup_trials": startup_trials}

    def begin(self, random: np.random.Generator) -> Study:
        """A fresh study with a fresh sampler."""
        sampler_class = getattr(self._samplers, self._sampler)
        sampler = sampler_class(seed=int(random.integers(2**31)), **self._settings)
        return Study(sampler, self.problem.space, self._initial)

    def _read_initial(self, initial: Any) -> list[dict[str, Any]]:
        space = self.problem.space
        units = [np.asarray(unit, dtype=np.float64) for unit in initial]
        if any(u.shape != (space.dimension,) or not (np.abs(u) <= 1.0).all() for u in units):
            raise ValueError(
                f"initial = {initial!r} must be unit configurations: {space.dimension} numbers "
                "in [-1, 1] each"
            )
        return [space.configuration(unit) for unit in units]


def _module() -> Any:
    return optional("optuna", extra="bench", user="an Optuna sampler")


@contextmanager
def _quiet() -> Iterator[None]:
    """No log lines about studies and trials, there are thousands; errors are raised anyway."""
    logging = _module().logging
    before = logging.get_verbosity()
    logging.set_verbosity(logging.ERROR)
    try:
        yield
    finally:
        logging.set_verbosity(before)
