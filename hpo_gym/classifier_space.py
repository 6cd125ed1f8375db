"""The search space of a binary classifier: decision threshold, epochs, learning rate."""

from __future__ import annotations

from hpo_gym.parameters import Float, Integer, Parameter
from hpo_gym.space import SearchSpace

SPACE = SearchSpace(
    {
        "thr": Float(0.0, 1.0),
        "epochs": Integer(1, 100, nearest=True),
        "lr": Float(1e-4, 10**0.8, log=True),
    }
)


def is_of_classifier(space: SearchSpace) -> bool:
    """Whether a space is that of a binary classifier.

    Its parameters are "thr", "epochs" and "lr", in any order, of the kinds of those of `SPACE`, and
    their bounds lie within: the decision threshold in [0, 1], whole epochs in [1, 100], the
    learning rate in [1e-4, 10^0.8]. Axes may be logarithmic or not.
    """
    return len(space.names) == len(SPACE.names) and has_parameters_of_classifier(space)


def has_parameters_of_classifier(space: SearchSpace) -> bool:
    """Whether all parameters are such as `is_of_classifier` asks for; some may be missing."""
    return all(_fits(name, own) for name, own in space.parameters.items())


def _fits(name: str, own: Parameter) -> bool:
    widest = SPACE.parameters.get(name)
    if not isinstance(own, (Float, Integer)) or not isinstance(widest, type(own)):
        return False
    try:
        for bound in (own.low, own.high):
            widest.unit(name, bound)
    except ValueError:  # outside, by more than rounding
        return False
    return True
