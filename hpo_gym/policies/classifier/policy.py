"""`ClassifierPolicy`: a trained tuner of threshold, epochs and learning rate, in NumPy."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from hpo_gym.arrays import Vectors
from hpo_gym.classifier_space import SPACE, has_parameters_of_classifier, is_of_classifier
from hpo_gym.policies.anyspace import network
from hpo_gym.policies.anyspace.policy import AnySpacePolicy
from hpo_gym.space import SearchSpace

from .features import QUERY_SIZE, TOKEN_SIZE, extended

STARTS = 16
"""Number of configurations that it knows to be good."""
METRIC, GOAL = "f1", "maximize"
_ROUNDING = 1e-6
"""F1 that somebody computed may lie so far outside [0, 1]."""

_NEAR = 0.01
"""Points that are nearer along every axis are the same but for rounding."""

_XP = Vectors()


class ClassifierPolicy(AnySpacePolicy):
    """Proposes the next configuration of a binary classifier, from F1 of the evaluations so far.

    It is the tuner for any space, trained further on classifiers. It begins with a configuration
    that is good on many of them; where the tuner for any space is shown points that fill gaps, it
    is shown the next of a list of such configurations, the array "starts", (16, 3) unit
    configurations in [0, 1] of `hpo_gym.classifier_space.SPACE`.

    Args and attributes are those of `AnySpacePolicy`; "algorithm" is "classifier".
    """

    algorithm: ClassVar[str] = "classifier"
    folder: ClassVar[Path] = Path(__file__).parent / "pretrained"
    default_seed: ClassVar[int] = 2  # the best of three on recorded-validation

    @classmethod
    def shapes(cls) -> dict[str, tuple[int, ...]]:
        """Shapes of the arrays by name."""
        return {**network.shapes(TOKEN_SIZE, QUERY_SIZE), "starts": (STARTS, SPACE.dimension)}

    def propose(
        self,
        space: SearchSpace,
        unit: NDArray[np.float64],
        scores: NDArray[np.float64],
        filler: NDArray[np.float64],
        *,
        budget: int,
    ) -> NDArray[np.float64]:
        """The next unit configuration; see `AnySpacePolicy.propose`.

        Args:
            space: Of a classifier, see `hpo_gym.classifier_space.is_of_classifier`. As long as no
                score is known it may have only some of the three parameters, as in the first
                trial of a study: then the next of the list of good configurations is proposed.
            unit: (n, 3) and
            scores: (n,) F1 in [0, 1]; NaN while running, -inf if failed.
            filler: (3,) comes in where the list of good configurations ends.
            budget: Number of evaluations that are planned in all.

        Raises:
            ValueError: The space is of no classifier, or a score lies outside [0, 1].
        """
        asked, starts = len(scores), self.arrays["starts"]
        part = len(space.names) < len(SPACE.names) and not np.isfinite(scores).any()
        check_space(space, part=part)
        if part or not asked:
            return _unit(space, starts[asked % STARTS])
        for score in scores[np.isfinite(scores)]:
            check_score(float(score))
        history = _points(space, unit)
        # Where evaluations of others came first, the list is still to begin.
        begun = (np.abs(history - starts[0]).max(axis=1) < _NEAR).any()
        place = asked if begun else asked - 1
        gap = starts[place] if place < STARTS else _points(space, filler[None])[0]
        point = self._point(SPACE, history, scores, gap, budget, _extended)
        return _unit(space, point)


def check_space(space: SearchSpace, *, part: bool = False) -> None:
    """Raise ValueError unless the space is that of a classifier, or part of it."""
    if not (has_parameters_of_classifier if part else is_of_classifier)(space):
        raise ValueError(
            f"the space {space!r} is not that of a classifier: a Float thr in [0, 1], an Integer "
            "epochs in [1, 100], a Float lr in [1e-4, 10**0.8], none with a step, no others; use "
            "policy='anyspace'"
        )


def check_goal(goal: str) -> None:
    """Raise ValueError unless what is tuned is maximised."""
    if goal != GOAL:
        raise ValueError(
            f"goal = {goal!r}: the policy 'classifier' knows F1, which is to be maximised; use "
            "policy='anyspace'"
        )


def check_score(score: float) -> None:
    """Raise ValueError unless the score may be an F1."""
    if not -_ROUNDING <= score <= 1.0 + _ROUNDING:
        raise ValueError(
            f"the score {score!r} must be an F1, in [0, 1]; for other scores use policy='anyspace'"
        )


_extended = partial(extended, lib=np)


def _points(space: SearchSpace, unit: NDArray[np.float64]) -> NDArray[np.float64]:
    """Unit configurations (n, 3) of a space as those of `SPACE`, in [0, 1]."""
    columns = space.natural(space.scaled(tuple(np.asarray(unit, dtype=np.float64).T), _XP), _XP)
    natural = dict(zip(space.names, columns, strict=True))
    scaled = (natural["thr"], natural["epochs"], np.log10(natural["lr"]))
    return np.asarray(0.5 * (np.stack(SPACE.position(scaled), axis=1) + 1.0))


def _unit(space: SearchSpace, point: NDArray[np.float64]) -> NDArray[np.float64]:
    """The unit configuration (3,) of a space that is nearest to a point of `SPACE` in [0, 1]."""
    values = SPACE.configuration(2.0 * np.asarray(point, dtype=np.float64) - 1.0)
    bounded = {
        name: min(max(values[name], parameter.low), parameter.high)  # type: ignore[union-attr]
        for name, parameter in space.parameters.items()
    }
    return np.array(space.unit(bounded))
