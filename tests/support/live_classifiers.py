"""Small classifiers for live trainings, which leave marks, and go wrong in many ways."""

from __future__ import annotations

import os
import signal
import time
from functools import partial
from pathlib import Path

import numpy as np

from hpo_gym.families import LiveFamily


class Quick:
    """Logistic regression; a step of gradient descent is an epoch.

    With ``log``, a file, each epoch leaves a line there. From the learning rate 1 on, it goes wrong
    as ``mode`` says.
    """

    def __init__(self, lr, seed, *, mode=None, log=None):
        self.lr, self.log, self.mode = lr, log, mode if lr >= 1.0 else None
        self.weights = 0.01 * np.random.default_rng(seed).standard_normal(64)

    def partial_fit(self, inputs, targets, classes):
        assert classes == [0, 1]
        if self.log is not None:
            with Path(self.log).open("a") as file:
                file.write(f"{self.lr!r}\n")
        self._go_wrong()
        self.weights = self.weights[: inputs.shape[1]]
        error = targets - self._chances(inputs)
        self.weights += self.lr * inputs.T @ error / len(targets)

    def _go_wrong(self):
        if self.mode == "raises":
            raise ArithmeticError("it went wrong")
        if self.mode == "hangs":
            time.sleep(60.0)
        if self.mode == "dies":
            os.kill(os.getpid(), signal.SIGKILL)

    def _chances(self, inputs):
        return 1.0 / (1.0 + np.exp(-inputs @ self.weights[: inputs.shape[1]]))

    def predict_proba(self, inputs):
        chances = self._chances(inputs)
        if self.mode == "NaN":
            chances[-1] = np.nan
        return chances if self.mode == "one column" else np.stack([1.0 - chances, chances], 1)


def quick(lr, seed):
    return Quick(lr, seed)


def data(rows=60, columns=3, seed=0):
    """Inputs and classes, which a line tells apart but for some cases."""
    generator = np.random.default_rng(seed)
    inputs = generator.standard_normal((rows, columns))
    noisy = inputs.sum(axis=1) + generator.standard_normal(rows)
    return inputs, (noisy > 0.5).astype(int)


def family(*, mode=None, log=None, **arguments):
    """A family of these classifiers."""
    inputs, classes = data()
    model = partial(Quick, mode=mode, log=None if log is None else str(log))
    return LiveFamily(X=inputs, y=classes, **{"model": model, **arguments})


def described():
    """The description of one, as options have it."""
    inputs, classes = data()
    return LiveFamily(X=inputs, y=classes, model="live_classifiers:quick").describe()


class Log:
    """How many epochs were trained since the last look."""

    def __init__(self, path):
        self.path, self.read = path, 0

    def new(self):
        lines = self.path.read_text().splitlines() if self.path.exists() else []
        self.read, before = len(lines), self.read
        return [float(line) for line in lines[before:]]
