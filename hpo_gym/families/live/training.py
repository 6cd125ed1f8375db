"""Trainings of classifiers, and what they showed."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from hpo_gym.families.live.data import Problem
from hpo_gym.references import load

Model: TypeAlias = Callable[[float, int], Any]
"""Makes a classifier from a learning rate and a seed: it has scikit-learn's `partial_fit`, which
trains for one epoch, and `predict_proba`."""
Run: TypeAlias = tuple[float, int]
"""Learning rate and seed."""

_SMALLEST = np.finfo(np.float64).eps
"""Probability of a class, at least, where its logarithm is taken; as in `sklearn.metrics`."""
_MOST_STANDING = 32
_MOST_BYTES = 2**28


class Curve(NamedTuple):
    """What a training showed after each of E epochs."""

    chances: NDArray[np.float64]
    """(E, m) probabilities that the cases that are held out are positive."""
    loss: NDArray[np.float64]
    """(E,) mean cross-entropy of the training part."""


class Trainer:
    """Trains classifiers on a problem, and goes on with the latest ones where they stand.

    Args:
        problem: The problem.
        model: Makes classifiers; or where it is, see `hpo_gym.references.load`.

    Attributes:
        model: The function that makes classifiers.
    """

    def __init__(self, problem: Problem, model: str | Model) -> None:
        self._problem = problem
        self._cases = np.concatenate([problem.inputs, problem.held_inputs])
        self.model: Model = load(model) if isinstance(model, str) else model
        self._standing: OrderedDict[Run, tuple[Any, int]] = OrderedDict()
        self.model(1e-3, 0)  # imports what it needs, before time counts

    def __call__(self, run: Run, done: int, epochs: int) -> Curve:
        """Train, and show the epochs after ``done`` up to ``epochs``."""
        classifier, stands = self._standing.pop(run, (None, 0))
        if classifier is None or stands != done:
            classifier, stands = self.model(*run), 0
        shown = []
        for epoch in range(stands + 1, epochs + 1):
            self.train(classifier)
            if epoch > done:
                shown.append(self.look(classifier))
        self._standing[run] = classifier, epochs
        if len(self._standing) > _MOST_STANDING:
            self._standing.popitem(last=False)
        chances, loss = zip(*shown, strict=True)
        return Curve(np.array(chances), np.array(loss))

    def train(self, classifier: Any) -> None:
        """Train a classifier for one epoch."""
        with np.errstate(all="ignore"):  # large learning rates diverge
            classifier.partial_fit(self._problem.inputs, self._problem.targets, classes=[0, 1])

    def look(self, classifier: Any) -> tuple[NDArray[np.float64], float]:
        """Probabilities of the cases that are held out, and the loss of the others."""
        with np.errstate(all="ignore"):
            both = np.asarray(classifier.predict_proba(self._cases), dtype=np.float64)
        if both.shape != (len(self._cases), 2):
            raise ValueError(
                f"predict_proba gave the shape {both.shape} for {len(self._cases)} cases of two "
                f"classes: it must be {(len(self._cases), 2)}"
            )
        trained, held = np.split(both[:, 1], [len(self._problem.targets)])
        right = np.where(self._problem.targets == 1, trained, 1.0 - trained)
        loss = -np.log(np.clip(right, _SMALLEST, 1.0 - _SMALLEST)).mean()
        return held, float(loss)


class Curves:
    """The latest curves, which are 256 MiB at most."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Run, Curve] = OrderedDict()
        self._bytes = 0

    def get(self, run: Run) -> Curve | None:
        """The curve of a run, if it is there."""
        if run in self._kept:
            self._kept.move_to_end(run)
        return self._kept.get(run)

    def add(self, run: Run, curve: Curve) -> Curve:
        """The curve of a run, which continues the one that is there."""
        before = self._kept.pop(run, None)
        if before is not None:
            self._bytes -= before.chances.nbytes
            curve = Curve(*map(np.concatenate, zip(before, curve, strict=True)))
        self._kept[run] = curve
        self._bytes += curve.chances.nbytes
        while self._bytes > _MOST_BYTES and len(self._kept) > 1:
            self._bytes -= self._kept.popitem(last=False)[1].chances.nbytes
        return curve
