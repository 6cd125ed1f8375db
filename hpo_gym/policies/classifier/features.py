"""What the tuner for classifiers reads besides what the tuner for any space does.

It knows which coordinate is which, and that the score is F1: a number between 0 and 1 that says how
good a classifier is, and not only how it compares with others.
"""

from __future__ import annotations

from typing import Any

from hpo_gym.policies.anyspace import features

ROLES = 3
"""Threshold, epochs, learning rate, in this order."""
TOKEN_SIZE, QUERY_SIZE = features.TOKEN_SIZE + ROLES + 1, features.QUERY_SIZE + ROLES + 1


def extended(
    tokens: Any, query: features.Query, scores: Any, seen: features.Gathered, lib: Any
) -> tuple[Any, features.Query]:
    """Tokens (n, t, 3, TOKEN_SIZE) and the query, of QUERY_SIZE features.

    Args:
        tokens: Those of any space, (n, t, 3, k).
        query: That of any space.
        scores: (n, t) F1, 0 where it is not known.
        seen: The history.
        lib: NumPy or torch.
    """
    n = len(scores)
    roles = lib.eye(ROLES, dtype=scores.dtype)
    level = (scores - 0.5) * seen.told
    best = level[lib.arange(n), seen.best][:, None]
    of_coordinate = tokens[..., :1] * 0.0
    of_query = query.features[..., :1] * 0.0
    tokens = lib.concatenate(
        [tokens, of_coordinate + roles, of_coordinate + level[:, :, None, None]], -1
    )
    facts = lib.concatenate([query.features, of_query + roles, of_query + best[..., None]], -1)
    return tokens, query._replace(features=facts)
