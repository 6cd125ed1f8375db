"""Search spaces of mixed parameters, given and random."""

from __future__ import annotations

import numpy as np

from hpo_gym import Categorical, Float, Integer, SearchSpace

MIXED = SearchSpace(
    {
        "dropout": Float(0.0, 0.5),
        "lr": Float(1e-5, 1e-1, log=True),
        "layers": Integer(1, 8),
        "optimizer": Categorical(["adam", "sgd", "rmsprop"]),
        "width": Integer(16, 1024, log=True),
        "bias": Categorical((True, False)),
        "epochs": Integer(1, 100, nearest=True),
        "weight_decay": Float(1e-6, 1.0, log=True),
        "seed": Integer(-5, 5),
        "shift": Float(-2.0, 3.0),
        "batch": Integer(1, 2**20, log=True),
        "degree": Categorical([1, 2.5, "three", None]),
    }
)


def random_parameter(generator):
    """A parameter of a random kind."""
    kind = generator.integers(6)
    low = 10.0 ** generator.uniform(-6, 3)
    if kind < 2:
        return Float(
            low if kind else -low, low * 10.0 ** generator.uniform(0.01, 6), log=bool(kind == 1)
        )
    if kind == 5:
        return Categorical([f"choice {i}" for i in range(generator.integers(2, 7))])
    first = int(generator.integers(1, 1000)) - (kind != 3) * 500
    last = first + int(10.0 ** generator.uniform(0, 9))
    return Integer(first, last, log=bool(kind == 3), nearest=bool(kind == 4))


def random_space(generator):
    """1 to 20 random parameters."""
    count = int(generator.integers(1, 21))
    return SearchSpace({f"p{i}": random_parameter(generator) for i in range(count)})


def random_value(parameter, generator):
    """A natural value inside the bounds."""
    if isinstance(parameter, Categorical):
        return parameter.choices[generator.integers(len(parameter.choices))]
    if isinstance(parameter, Integer):
        return int(generator.integers(parameter.low, parameter.high, endpoint=True))
    return float(generator.uniform(parameter.low, parameter.high))


def spaces():
    """`MIXED` and 100 random spaces, with the generator."""
    generator = np.random.default_rng(3)
    return [(MIXED, generator), *[(random_space(generator), generator) for _ in range(100)]]
