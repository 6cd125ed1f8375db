"""The tuners that are compared, all by ask and tell on a search space."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeAlias

import numpy as np

from agents.searches.peers import LIBRARIES
from hpo_gym import Categorical, Float, Integer, Tuner
from hpo_gym.integrations.optuna import LearnedSampler
from hpo_gym.integrations.optuna_space import optuna_distributions
from hpo_gym.optional import optional
from hpo_gym.policies.anyspace.policy import ALGORITHM, AnySpacePolicy
from hpo_gym.policies.archive import read_json
from hpo_gym.policies.policy import Policy
from hpo_gym.space import SearchSpace
from hpo_gym.tuners.policy_tuner import PolicyTuner, policy_tuner


class AskTell(Protocol):
    """What `Tuner`, `Study` and Ax have in common; several may be asked for before one is told."""

    def ask(self) -> dict[str, Any]:
        """A configuration to evaluate."""
        ...

    def tell(self, configuration: Mapping[str, Any], result: float, /) -> None:
        """Its score, higher is better."""
        ...

    def fail(self, configuration: Mapping[str, Any], /) -> None:
        """It gave nothing."""
        ...


class Study:
    """An Optuna study.

    Args:
        space: The search space.
        sampler: The study's own.
    """

    def __init__(self, space: SearchSpace, sampler: Any) -> None:
        self._optuna = _optuna()
        self._distributions = optuna_distributions(space)
        with _quiet():
            self._study = self._optuna.create_study(direction="maximize", sampler=sampler)
        self._running: list[Any] = []

    def ask(self) -> dict[str, Any]:
        """Begin a trial."""
        with _quiet():
            self._running.append(self._study.ask(self._distributions))
        return dict(self._running[-1].params)

    def tell(self, configuration: Mapping[str, Any], result: float) -> None:
        """Finish the first trial of this configuration that runs."""
        with _quiet():
            self._study.tell(self._taken(configuration), result)

    def fail(self, configuration: Mapping[str, Any]) -> None:
        """Finish it as failed."""
        with _quiet():
            self._study.tell(self._taken(configuration), state=self._optuna.trial.TrialState.FAIL)

    def _taken(self, configuration: Mapping[str, Any]) -> Any:
        trial = next(t for t in self._running if t.params == configuration)
        self._running.remove(trial)
        return trial


class Trained:
    """A policy of `AnySpaceHPO-v0`; until it is told, it asks for the same again.

    Args:
        tuner: The policy's tuner.
    """

    def __init__(self, tuner: PolicyTuner) -> None:
        self.ask, self._tuner = tuner.ask, tuner

    def tell(self, configuration: Mapping[str, Any], result: float) -> None:
        """Tell the metric of functions of known height, `hpo_gym.families.relative`."""
        self._tuner.tell(configuration, {"value": result})

    def fail(self, configuration: Mapping[str, Any]) -> None:
        """Tell that there was none."""
        self._tuner.tell(configuration, None)


Make: TypeAlias = Callable[[SearchSpace, int, int], AskTell]
"""From the search space, the budget and the seed to a tuner that has not begun."""


class Contestant(NamedTuple):
    """A tuner that takes part."""

    make: Make
    plans: bool = False
    """Whether it does something else with another budget."""
    version: str = ""
    """Changes with what it learned: rows of another version are kept apart."""


def _optuna() -> Any:
    return optional("optuna", extra="bench", user="scripts.anyspace")


def _sampler(name: str, **settings: Any) -> Contestant:
    def make(space: SearchSpace, budget: int, seed: int) -> AskTell:
        with _quiet():
            sampler = getattr(_optuna().samplers, name)(seed=seed, **settings)
        return Study(space, sampler)

    return Contestant(make)


def _peer(library: str) -> Contestant:
    return Contestant(lambda space, budget, seed: LIBRARIES[library](space, seed))


def _sobol(space: SearchSpace, budget: int, seed: int) -> AskTell:
    return Tuner(space, budget=budget, seed=seed, policy="sobol")


def _learned(file: Path) -> Contestant:
    """The tuner with these weights."""
    policy = AnySpacePolicy.load(file)

    def make(space: SearchSpace, budget: int, seed: int) -> AskTell:
        return Tuner(space, budget=budget, seed=seed, policy=policy)

    return Contestant(make, True, _version(make))


def _handed_over(first: int, file: Path) -> Contestant:
    """Learned for so many evaluations, then Optuna's Gaussian process on the same study."""
    policy = AnySpacePolicy.load(file)

    def make(space: SearchSpace, budget: int, seed: int) -> AskTell:
        with _quiet():
            process = _optuna().samplers.GPSampler(seed=seed, n_startup_trials=first)
            hand_over = min(first, budget)
            sampler = LearnedSampler(
                budget=budget, hand_over=hand_over, fallback=process, seed=seed, policy=policy
            )
        return Study(space, sampler)

    return Contestant(make, True, _learned(file).version)


def _trained(file: Path) -> Contestant:
    """A policy that was trained in the environment, by any algorithm."""
    policy = Policy.load(file)

    def make(space: SearchSpace, budget: int, seed: int) -> AskTell:
        return Trained(policy_tuner(policy, space, budget))

    return Contestant(make, version=_version(make))


def _of_file(file: Path) -> Contestant:
    """The policy in a file, of whichever kind."""
    algorithm = read_json(file.with_suffix(".json")).get("algorithm")
    return _learned(file) if algorithm == ALGORITHM else _trained(file)


def _version(make: Make) -> str:
    """Changes with what is proposed, not with how it is written: a digest of a short run."""
    tuner = make(_PROBE, 12, 0)
    points = []
    for _ in range(12):
        points.append(_PROBE.unit(tuner.ask()))
        score = 1.0 / (1.0 + float(np.square(points[-1]).sum()))
        tuner.tell(_PROBE.configuration(points[-1]), score)
    # Rounded, because the last digits are another machine's.
    digits = (np.round(points, 3) + 0.0).astype("<f4")
    return hashlib.sha256(digits.tobytes()).hexdigest()[:8]


_PROBE = SearchSpace(
    {
        "rate": Float(1e-5, 1.0, log=True),
        "share": Float(0.0, 1.0),
        "depth": Integer(1, 12),
        "kind": Categorical(("a", "b", "c")),
    }
)


_NAMED: dict[str, Callable[[], Contestant]] = {
    "random": lambda: _sampler("RandomSampler"),
    "sobol": lambda: Contestant(_sobol),
    "tpe": lambda: _sampler("TPESampler"),
    "tpe-5": lambda: _sampler("TPESampler", n_startup_trials=5),
    "cma-es": lambda: _sampler("CmaEsSampler"),
    "gp": lambda: _sampler("GPSampler"),
    "gp-4": lambda: _sampler("GPSampler", n_startup_trials=4),
    "ax": lambda: _peer("ax"),
    "smac": lambda: _peer("smac"),
    "learned": lambda: _learned(AnySpacePolicy.pretrained_path()),
    "learned-1": lambda: _learned(AnySpacePolicy.pretrained_path(1)),
    "learned-2": lambda: _learned(AnySpacePolicy.pretrained_path(2)),
    "learned-4-gp": lambda: _handed_over(4, AnySpacePolicy.pretrained_path()),
    "learned-6-gp": lambda: _handed_over(6, AnySpacePolicy.pretrained_path()),
}
TUNERS = tuple(_NAMED)
"""Names of the tuners."""
USUAL = tuple(name for name in TUNERS if name not in LIBRARIES)
"""Those that the extra "bench" installs: the others need "peers"."""


@cache
def contestant(name: str) -> Contestant:
    """A tuner.

    Args:
        name: One of `TUNERS`, or the npz file of a policy for any space or of `AnySpaceHPO-v0`.

    Raises:
        ValueError: There is no such tuner, or the file is not one.
        OSError: There is no such file.
    """
    if name.endswith(".npz"):
        return _of_file(Path(name))
    if name not in _NAMED:
        raise ValueError(f"tuner {name!r} must be one of {[*TUNERS]}, or an npz file")
    return _NAMED[name]()


@contextmanager
def _quiet() -> Iterator[None]:
    """Without Optuna's log lines and warnings."""
    _optuna().logging.set_verbosity(_optuna().logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
