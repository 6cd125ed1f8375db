"""Classifiers of scikit-learn that live trainings know by name.

They are close to those of the family `recorded`: plain SGD on the cross-entropy, and a learning
rate that means a step for the mean over 32 cases. First weights are those of scikit-learn.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from hpo_gym.optional import optional

_BATCH = 32


def logistic(lr: float, seed: int) -> Any:
    """Logistic regression: a step after each case, of a 32nd of the learning rate."""
    linear = optional("sklearn.linear_model", extra="sklearn", user="logistic regression")
    return linear.SGDClassifier(
        loss="log_loss",
        penalty=None,
        learning_rate="constant",
        eta0=lr / _BATCH,
        random_state=_random(seed),
    )


def mlp(lr: float, seed: int) -> Any:
    """One hidden layer of 32 rectified units: a step after each 32 cases."""
    networks = optional("sklearn.neural_network", extra="sklearn", user="a neural network")
    return networks.MLPClassifier(
        (32,),
        solver="sgd",
        batch_size=_BATCH,
        learning_rate_init=lr,
        alpha=0.0,
        momentum=0.0,
        random_state=_random(seed),
    )


MODELS = {"logistic": logistic, "mlp": mlp}


def _random(seed: int) -> np.random.RandomState:
    """A generator, which goes on from epoch to epoch; a number would begin again with each."""
    return np.random.RandomState(seed)
