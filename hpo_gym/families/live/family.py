"""The live family: every evaluation trains a real classifier on real data.

The classifier is trained on 60 % of the cases (stratified, the same ones always), epoch by epoch,
in a process of its own. Precision, recall and F1 are those of one confusion matrix, of the other
40 % at the threshold; accuracy is that at the threshold 0.5; the loss is the mean cross-entropy of
the training part. Metrics are 0 where they would be 0 / 0. At the threshold 1 nothing is predicted
positive.

What a training showed after each epoch is kept by learning rate and seed: other thresholds and
fewer epochs are only counted, and more epochs go on where the training stands. A training that
raises an exception, takes too long, dies or gives probabilities that are not finite is a failed
evaluation, and is paid; all that others showed is still there. There is no known optimum.
"""

from __future__ import annotations

from math import nan
from typing import Any

import numpy as np

from hpo_gym.arrays import Columns, Floats, Namespace
from hpo_gym.executors.resident import Resident
from hpo_gym.families.classifier import ClassifierFamily, Metrics
from hpo_gym.families.counts import counted
from hpo_gym.families.live.classifiers import MODELS
from hpo_gym.families.live.data import named, problem
from hpo_gym.families.live.training import Curve, Curves, Model, Trainer
from hpo_gym.optional import optional
from hpo_gym.parameters import finite_number, plain
from hpo_gym.references import load, reference_to

_ROW = Floats()
_FAILED = Metrics(*[nan] * len(Metrics._fields))


class LiveFamily(ClassifierFamily):
    """Trainings of a classifier, as the module's text says; noise is that of the training seed.

    Args:
        data: A data set of scikit-learn: "breast_cancer" (the default), "digits", "iris" or "wine".
        X: (rows, columns) finite numbers, instead of ``data``; with ``y``.
        y: (rows,) classes, numbers or texts; at least 5 cases of the positive one and 5 others.
        positive: The class that is to be found, against all others; None for the smallest one, the
            first of equals.
        model: "logistic" or "mlp", see `hpo_gym.families.live.classifiers`; or a function of a
            learning rate and a seed that makes a classifier with scikit-learn's `partial_fit`,
            which trains for one epoch, and `predict_proba`; or where that function is,
            "module:function" or "path/to/file.py:function".
        seeds: Number of training seeds, of which an evaluation draws one. With one seed, an
            evaluation gives the same when it is repeated.
        time_limit: Seconds that a training may take; then it is killed.

    Raises:
        ImportError: scikit-learn is needed and not installed.
        ValueError: The data are not those of a classification problem, or an argument is out of
            bounds.

    Example:
        >>> import numpy as np
        >>> from hpo_gym import TuningEnv
        >>> from hpo_gym.families import LiveFamily
        >>> X = np.random.default_rng(0).normal(size=(200, 3))
        >>> env = TuningEnv(family=LiveFamily(X=X, y=X[:, 0] > X[:, 1]), start="none")
        >>> observation, info = env.reset(seed=0)
        >>> observation, reward, terminated, truncated, info = env.step([0.0, -0.8, 0.4])
        >>> info["epochs"], info["failed"], info["f1"] > 0.9
        (11, False, True)
        >>> env.close()
    """

    name = "live"
    noise = None
    draws = 1
    pure = False
    may_fail = True

    def __init__(
        self,
        data: str | None = None,
        *,
        X: Any = None,  # noqa: N803 - scikit-learn's name
        y: Any = None,
        positive: Any = None,
        model: str | Model = "logistic",
        seeds: int = 1,
        time_limit: float = 60.0,
    ) -> None:
        if (X is None) != (y is None) or (X is not None and data is not None):
            raise ValueError("give data or X and y: the name of a data set, or both arrays")
        if isinstance(seeds, bool) or not isinstance(seeds, int) or not 1 <= seeds <= 2**31:
            raise ValueError(f"seeds = {seeds!r} must be a whole number in [1, {2**31}]")
        if not finite_number("time_limit", time_limit) > 0.0:
            raise ValueError(f"time_limit = {time_limit!r} must be above 0 s")
        self._data = "breast_cancer" if data is None and X is None else data
        self._arrays = None if X is None else (X, y)
        self._positive, self._model, self.seeds = plain(positive), model, seeds
        self.time_limit = time_limit
        self.maker = _model(model)
        inputs, classes = named(self._data) if self._arrays is None else self._arrays
        self.problem = problem(inputs, classes, self._positive)
        self.positives = float(self.problem.held_targets.sum())
        self.negatives = float(len(self.problem.held_targets)) - self.positives
        self._curves, self._trainer = Curves(), Resident(Trainer, self.problem, self.maker)

    def check_noise(self, noise: float) -> None:
        """Raise ValueError: the training seeds decide on the noise."""
        raise ValueError(
            f"noise = {noise!r}: family {self.name!r} has the noise of its training seeds and no "
            "other; leave noise at None"
        )

    def evaluate(
        self, parameters: Any, scaled: Columns, noise: float | None, draws: Columns, xp: Namespace
    ) -> tuple[Metrics, Metrics]:
        """Train with the seed that is drawn, as far as it was not done before, and count.

        Raises:
            RuntimeError: The training raised an exception, or its process hung or died.
        """
        thr, epochs, lr = self.space.natural(scaled, _ROW)
        curve = self._curve((float(lr), int(draws[0] * self.seeds)), round(epochs))
        metrics = self.metrics_after(curve, round(epochs) - 1, float(thr))
        return metrics, metrics

    def _curve(self, run: tuple[float, int], epochs: int) -> Curve:
        """What a training showed in at least so many epochs."""
        known = self._curves.get(run)
        done = 0 if known is None else len(known.loss)
        if known is not None and done >= epochs:
            return known
        return self._curves.add(run, self._trainer(run, done, epochs, limit=self.time_limit))

    def metrics_after(self, curve: Curve, epoch: int, thr: float) -> Metrics:
        """The metrics at an epoch of a curve and a threshold; NaN where they are not finite."""
        chances, loss = curve.chances[epoch], float(curve.loss[epoch])
        if not (np.isfinite(chances).all() and np.isfinite(loss)):
            return _FAILED
        truth = self.problem.held_targets == 1

        def count(found: Any) -> tuple[float, float]:
            return float((found & truth).sum()), float((found & ~truth).sum())

        at_thr, at_half = count((chances >= thr) & (thr < 1.0)), count(chances >= 0.5)
        return counted(self, *at_thr, *at_half, loss, _ROW)

    def describe(self) -> dict[str, Any]:
        """See `Family`.

        Raises:
            ValueError: The model cannot be found by another process.
        """
        data: dict[str, Any] = {"data": self._data}
        if self._arrays is not None:
            data = {
                name: np.asarray(a).tolist() for name, a in zip("Xy", self._arrays, strict=True)
            }
        model = self._model
        return {
            **super().describe(),
            **data,
            "positive": self._positive,
            "model": model if isinstance(model, str) else reference_to(model),
            "seeds": self.seeds,
            "time_limit": self.time_limit,
        }

    def close(self) -> None:
        """End the process of the trainings; a further evaluation begins another."""
        self._trainer.close()


def _model(given: Any) -> str | Model:
    """The function that makes classifiers, or where it is."""
    if isinstance(given, str) and ":" not in given:
        if given not in MODELS:
            raise ValueError(
                f"model = {given!r} must be one of {[*MODELS]}, a function, or where one is"
            )
        optional("sklearn", extra="sklearn", user=f"the model {given!r}")
        return MODELS[given]
    found: str | Model = given
    if not callable(load(given) if isinstance(given, str) else given):
        raise ValueError(f"model = {given!r} must be callable: it makes a classifier")
    return found
