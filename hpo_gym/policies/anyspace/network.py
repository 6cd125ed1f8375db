"""The network of the tuner for any space, for NumPy and torch alike.

One query for each coordinate attends to its evaluations, then to the other coordinates of the same
choice and to all other coordinates, a few rounds; the answer is a point between the incumbent, a
point that fills a gap and the guesses of the surrogate model, plus an offset that is the smaller,
the surer the model is. It does not depend on the order of the coordinates or of the evaluations
(Zaheer et al., "Deep sets", NeurIPS 2017; Lee et al., "Set transformer", ICML 2019).

With one query a coordinate, keys and values need not be computed for every evaluation: the query is
brought to where the tokens are, and the weighted mean of the tokens is brought back.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .features import BASES, QUERY_SIZE, TOKEN_SIZE, Query

HIDDEN, HEADS, LAYERS = 48, 4, 2
_LEAST_SHARE = 0.05
"""Shares of the bases below it are 0; one of them is always above."""


def shapes(tokens: int = TOKEN_SIZE, query: int = QUERY_SIZE) -> dict[str, tuple[int, ...]]:
    """Shapes of the weights by name, given how many numbers tokens and queries are."""
    h = HIDDEN
    linear: dict[str, tuple[int, ...]] = {
        "token_0": (tokens, h),
        "token_1": (h, h),
        "evaluation": (h, h),
        "query_0": (query, h),
        "query_1": (h, h),
        "answer": (h, 1 + BASES),
        "answer_of_all": (h, BASES),
    }
    for layer in range(LAYERS):
        linear |= {
            f"look_{layer}": (h, HEADS * h),
            f"seen_{layer}": (HEADS * h, h),
            f"choice_{layer}": (h, h),
            f"across_{layer}": (h, 3 * h),
            f"crossed_{layer}": (h, h),
            f"wide_{layer}": (h, 2 * h),
            f"narrow_{layer}": (2 * h, h),
        }
    biases: dict[str, tuple[int, ...]] = {
        f"{name}_bias": shape[1:] for name, shape in linear.items()
    }
    return linear | biases


def initial(random: np.random.Generator) -> dict[str, NDArray[np.float32]]:
    """Weights before the training."""
    weights = {}
    for name, shape in shapes().items():
        scale = 0.0 if name.endswith("_bias") else 1.0 / math.sqrt(shape[0])
        if name.startswith("answer"):
            scale *= 0.01
        weights[name] = (scale * random.standard_normal(shape)).astype(np.float32)
    # Begin with the surrogate's guesses, above all that of largest expected improvement.
    weights["answer_of_all_bias"][:] = -2.0, -2.0, 3.0, 1.0
    return weights


def proposal(weights: Mapping[str, Any], tokens: Any, query: Query, together: Any, lib: Any) -> Any:
    """The next points (n, D), which may lie outside [0, 1].

    Args:
        weights: Arrays of `shapes`.
        tokens: (n, t, D, TOKEN_SIZE), or None before any evaluation.
        query: See `features.queries`.
        together: See `features.Coordinates`.
        lib: NumPy or torch.
    """

    def linear(name: str, values: Any) -> Any:
        return values @ weights[name] + weights[f"{name}_bias"]

    def relu(values: Any) -> Any:
        return values * (values > 0.0)

    if tokens is not None:
        tokens = linear("token_1", relu(linear("token_0", tokens)))
        of_evaluation = relu(linear("evaluation", tokens.sum(2) / tokens.shape[2]))
        tokens = lib.swapaxes(tokens + of_evaluation[:, :, None], 1, 2)
    state = linear("query_1", relu(linear("query_0", query.features)))
    for layer in range(LAYERS):
        if tokens is not None:
            look = linear(f"look_{layer}", _normal(state, lib))
            state = state + linear(f"seen_{layer}", _seen(look, tokens, lib))
        normal = _normal(state, lib)
        state = state + linear(f"choice_{layer}", together @ normal)
        state = state + linear(f"crossed_{layer}", _crossed(linear(f"across_{layer}", normal), lib))
        state = state + linear(
            f"narrow_{layer}", relu(linear(f"wide_{layer}", _normal(state, lib)))
        )
    state = _normal(state, lib)
    answer = linear("answer", state)
    of_all = linear("answer_of_all", state.sum(1) / state.shape[1])[:, None]
    share = _softmax(answer[..., 1:] + of_all, lib)
    # Small shares are none: what fills gaps must not disturb what refines.
    share = (share - _LEAST_SHARE) * (share > _LEAST_SHARE)
    share = share / share.sum(-1)[..., None]
    return (share * query.bases).sum(-1) + query.reach * answer[..., 0]


def _normal(values: Any, lib: Any) -> Any:
    """Values with mean 0 and deviation 1 along the last axis."""
    size = values.shape[-1]  # sums, because NumPy's means take twice as long
    away = values - values.sum(-1)[..., None] / size
    return away / lib.sqrt((away * away).sum(-1)[..., None] / size + 1e-5)


def _softmax(values: Any, lib: Any) -> Any:
    """Along the last axis. Large values are cut: exp(30) is as good as certain."""
    powers = lib.exp(values.clip(-30.0, 30.0))
    return powers / powers.sum(-1)[..., None]


def _seen(look: Any, tokens: Any, lib: Any) -> Any:
    """Means of the tokens (n, D, t, h), weighted by HEADS looks (n, D, HEADS h): as look."""
    n, size, _, h = tokens.shape
    look = look.reshape(n, size, HEADS, h)
    share = _softmax(look @ tokens.mT / math.sqrt(h), lib)
    return (share @ tokens).reshape(n, size, HEADS * h)


def _crossed(across: Any, lib: Any) -> Any:
    """What coordinates see of each other: self-attention on queries, keys, values (n, D, 3 h)."""
    n, size, width = across.shape
    h = width // 3
    heads = lib.swapaxes(across.reshape(n, size, 3 * HEADS, h // HEADS), 1, 2)
    query, key, value = heads[:, :HEADS], heads[:, HEADS : 2 * HEADS], heads[:, 2 * HEADS :]
    share = _softmax(query @ key.mT / math.sqrt(h // HEADS), lib)
    return lib.swapaxes(share @ value, 1, 2).reshape(n, size, h)
