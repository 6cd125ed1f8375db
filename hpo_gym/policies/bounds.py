"""How large the numbers in a policy can become: those that overflow would end in NaN."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

LARGEST: Final = 1e30
"""What no value within a policy may exceed, for any observation in [-1, 1]; float32 has 3e38."""


def normalised_bounds(mean: NDArray[Any], scale: NDArray[Any], clip: float) -> NDArray[np.float64]:
    """Bounds of normalised observations, (size,).

    Raises:
        ValueError: A scale is not above 0, the clip is not, or an observation can become too large.
    """
    if not scale.min() > 0.0:
        raise ValueError(
            f"the array 'observation_scale' must be above 0, its smallest entry is {scale.min()}"
        )
    with np.errstate(over="ignore"):
        bounds = np.minimum((1.0 + np.abs(mean.astype(np.float64))) / scale, clip)
    return _checked(bounds, ["observation_mean", "observation_scale"])


def layer_bounds(
    inputs: NDArray[np.float64], weight: NDArray[Any], bias: NDArray[Any], *names: str
) -> NDArray[np.float64]:
    """Bounds of a linear layer's outputs, (out,).

    Args:
        inputs: (in,) bounds of its inputs.
        weight: (in, out).
        bias: (out,).
        names: What errors call these arrays.

    Raises:
        ValueError: An output can become too large.
    """
    with np.errstate(over="ignore"):
        bounds = inputs @ np.abs(weight.astype(np.float64)) + np.abs(bias)
    return _checked(bounds, names)


def check_deviation(log_std: NDArray[Any]) -> None:
    """Raise ValueError if a standard deviation is too large."""
    most = np.log(LARGEST)
    if log_std.max() > most:
        raise ValueError(
            f"the array 'log_std' must be at most {most:.4g}, its largest entry is {log_std.max()}"
        )


def _checked(bounds: NDArray[np.float64], names: Any) -> NDArray[np.float64]:
    largest = bounds.max()
    if not largest <= LARGEST:  # also where it is NaN
        raise ValueError(
            f"with the arrays {[*names]} values can reach {largest:.3g}; above {LARGEST:g} they "
            "would overflow and give NaN"
        )
    return bounds
