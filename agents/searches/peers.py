"""Ax and SMAC3, by their ask-and-tell interfaces, with four evaluations before their models.

Sources: Olson et al., "Ax: a platform for adaptive experimentation" (AutoML 2025), https://ax.dev;
Lindauer et al., "SMAC3: a versatile Bayesian optimization package for hyperparameter optimization"
(JMLR 2022), https://automl.github.io/SMAC3.
"""

from __future__ import annotations

import logging
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from hpo_gym.optional import optional
from hpo_gym.parameters import Categorical, Integer
from hpo_gym.space import SearchSpace

INITIAL = 4
"""Evaluations before the models take over, as many as those of the agent "gp-4"."""


class Peer(ABC):
    """A library's optimizer; several configurations may be asked for before one is told.

    What was not asked for may be told, too. Where the library has no new configuration left, random
    ones follow. It knows a choice by its index, as a string.

    Args:
        space: The search space.
        seed: Seed of the random configurations.
    """

    def __init__(self, space: SearchSpace, seed: int) -> None:
        self.space = space
        self._random = np.random.default_rng(seed)
        self._running: list[tuple[dict[str, Any], Any]] = []

    def ask(self) -> dict[str, Any]:
        """A configuration to evaluate."""
        with _quiet():
            try:
                trial, values = self._begin()
            except self._exhausted():
                unit = self._random.uniform(-1.0, 1.0, self.space.dimension)
                values = self._values(self.space.configuration(unit))
                trial = self._add(values)
        parameters = self.space.parameters.items()
        configuration = {name: p.value(values[name]) for name, p in parameters}
        self._running.append((configuration, trial))
        return dict(configuration)

    def tell(self, configuration: Mapping[str, Any], score: float) -> None:
        """Finish the first trial of this configuration that runs; higher scores are better."""
        with _quiet():
            self._finish(self._taken(configuration), score)

    def fail(self, configuration: Mapping[str, Any]) -> None:
        """Finish it without a score."""
        with _quiet():
            self._finish(self._taken(configuration), None)

    def _taken(self, configuration: Mapping[str, Any]) -> Any:
        for place, (running, trial) in enumerate(self._running):
            if running == configuration:
                del self._running[place]
                return trial
        return self._add(self._values(configuration))

    def _values(self, configuration: Mapping[str, Any]) -> dict[str, Any]:
        """A configuration as the library has it."""
        values = dict(configuration)
        for name, p in self.space.parameters.items():
            if isinstance(p, Categorical):
                values[name] = str(np.argmax(p.unit(name, values[name])))
        return values

    @abstractmethod
    def _exhausted(self) -> tuple[type[Exception], ...]:
        """What the library raises where it has no new configuration."""

    @abstractmethod
    def _begin(self) -> tuple[Any, Mapping[str, Any]]:
        """A trial that was begun, and its values."""

    @abstractmethod
    def _add(self, values: Mapping[str, Any]) -> Any:
        """A trial of these values, begun."""

    @abstractmethod
    def _finish(self, trial: Any, score: float | None) -> None:
        """End a trial; None: it failed."""


class Ax(Peer):
    """Ax's `Client`: the middle of the space, three Sobol points, then BoTorch's Gaussian process.

    By default Ax begins with five points, the middle among them. It begins with more where others
    fail, and where fewer than two have been told. A failed trial is abandoned: Ax learns nothing
    from it, and does not ask for it again.

    Args:
        space: The search space.
        seed: Seed of all its random numbers, >= 0.

    Raises:
        ImportError: Ax is not installed.
    """

    def __init__(self, space: SearchSpace, seed: int) -> None:
        super().__init__(space, seed)
        with _quiet():
            api = _module("ax.api.client")
            self._client = api.Client(random_seed=seed)
            self._client.configure_experiment([self._parameter(name) for name in space.names])
            self._client.configure_optimization("score")
            self._client.configure_generation_strategy(
                initialization_budget=INITIAL,
                initialization_random_seed=seed,
                allow_exceeding_initialization_budget=True,  # more workers than that may wait
            )

    def _parameter(self, name: str) -> Any:
        configs = _module("ax.api.configs")
        p = self.space.parameters[name]
        if isinstance(p, Categorical):
            choices = [str(index) for index in range(len(p.choices))]
            return configs.ChoiceParameterConfig(name, choices, "str", is_ordered=False)
        kind, scaling = "int" if isinstance(p, Integer) else "float", "log" if p.log else "linear"
        return configs.RangeParameterConfig(name, (p.low, p.high), kind, scaling=scaling)

    def _exhausted(self) -> tuple[type[Exception], ...]:
        return (_module("ax.exceptions.core").SearchSpaceExhausted,)

    def _begin(self) -> tuple[int, Mapping[str, Any]]:
        ((trial, values),) = self._client.get_next_trials(max_trials=1).items()
        return trial, values

    def _add(self, values: Mapping[str, Any]) -> int:
        return int(self._client.attach_trial(dict(values)))

    def _finish(self, trial: int, score: float | None) -> None:
        if score is None:
            self._client.mark_trial_abandoned(trial)
        else:
            self._client.complete_trial(trial, {"score": float(score)})


class Smac(Peer):
    """SMAC3's facade for hyperparameters: four Sobol points, then random forests.

    By default its Sobol points are 10 for each parameter, and at most a quarter of the budget: here
    they are the same for every budget, so it does the same at the beginning of a longer run. As by
    default, a new forest is grown after every eight configurations that it gave. A failed trial
    crashed at the worst cost so far: forests refuse SMAC's own, which is infinite.

    Args:
        space: The search space.
        seed: Seed of all its random numbers, in [0, 2**32).

    Raises:
        ImportError: SMAC3 is not installed.
    """

    def __init__(self, space: SearchSpace, seed: int) -> None:
        super().__init__(space, seed)
        with _quiet(), TemporaryDirectory() as folder:  # it writes there, once
            smac = _module("smac")
            self._configurations = self._configuration_space(seed)
            scenario = smac.Scenario(
                self._configurations,
                output_directory=Path(folder),
                deterministic=True,
                n_trials=10_000,  # never reached: nothing may depend on the budget
                seed=seed,
            )
            facade = smac.HyperparameterOptimizationFacade
            initial = facade.get_initial_design(scenario, n_configs=INITIAL, max_ratio=1.0)
            self._facade = facade(
                scenario,
                initial_design=initial,
                acquisition_maximizer=_repeatable(facade.get_acquisition_maximizer(scenario)),
                logging_level=False,
                overwrite=True,
            )
            self._history = _module("smac.runhistory")
        self._costs: list[float] = []

    def _configuration_space(self, seed: int) -> Any:
        module = _module("ConfigSpace")
        space = module.ConfigurationSpace(seed=seed)
        for name, p in self.space.parameters.items():
            if isinstance(p, Categorical):
                choices = [str(index) for index in range(len(p.choices))]
                space.add(module.CategoricalHyperparameter(name, choices))
            else:
                kind = module.Integer if isinstance(p, Integer) else module.Float
                space.add(kind(name, (p.low, p.high), log=p.log))
        return space

    def _exhausted(self) -> tuple[type[Exception], ...]:
        exceptions = _module("smac.main.exceptions")
        return StopIteration, exceptions.ConfigurationSpaceExhaustedException

    def _begin(self) -> tuple[Any, Mapping[str, Any]]:
        trial = self._facade.ask()
        return trial, trial.config

    def _add(self, values: Mapping[str, Any]) -> Any:
        module = _module("ConfigSpace")
        return self._trial(module.Configuration(self._configurations, values=dict(values)))

    def _trial(self, configuration: Any) -> Any:
        return self._history.TrialInfo(configuration, seed=0)  # that of deterministic functions

    def _finish(self, trial: Any, score: float | None) -> None:
        status = self._history.StatusType.SUCCESS
        if score is None:
            status = self._history.StatusType.CRASHED
            cost = max(self._costs, default=0.0)
        else:
            cost = -float(score)
            self._costs.append(cost)
        self._facade.tell(trial, self._history.TrialValue(cost, status=status), save=False)


def _repeatable(maximizer: Any) -> Any:
    """SMAC's maximizer, whose local searches begin in an order that is the same in every process.

    They begin from a set of configurations, which are hashed as strings.
    """
    search = maximizer._local_search
    starts = search._get_init_points_from_previous_configs
    search._get_init_points_from_previous_configs = lambda *args: sorted(starts(*args), key=repr)
    return maximizer


LIBRARIES: Mapping[str, type[Ax] | type[Smac]] = {"ax": Ax, "smac": Smac}
"""The optimizer of each library."""


def _module(name: str) -> Any:
    return optional(name, extra="peers", user="a tuner of Ax or SMAC3")


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the libraries' log lines and warnings; errors are raised anyway."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
