"""Where nudges lead along one axis.

Along an axis a tuner can stand on 21 nodes: the 10 points of the lattice on which it began (a
notch is a tenth of the range), numbered from below, and then the 11 points of the lattice that a
wall gives, because a move that would leave the cube is cut short at the wall.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hpo_gym.tuners.agent import FloatArray, IntArray

OWN, WALL = 10, 11
"""Nodes of the lattice of the start, and of that of the walls."""
NODES = OWN + WALL
FARTHEST = 10
"""No node is farther than this from any of the lattice of the start."""
_DOWN, _UP = -1, 1


class Axis(NamedTuple):
    """The nodes of one axis for n rows."""

    nodes: FloatArray
    """(n, 21) unit coordinates."""
    origin: IntArray
    """(n,) node of the present position."""


def lattice(unit: FloatArray, step: float) -> Axis:
    """The nodes around present coordinates (n,)."""
    origin = np.minimum(np.floor((unit + 1.0) / step + 1e-6).astype(np.int64), OWN - 1)
    own = unit[:, None] + step * (np.arange(OWN) - origin[:, None])
    wall = np.broadcast_to(-1.0 + step * np.arange(WALL), (len(unit), WALL))
    return Axis(np.clip(np.hstack((own, wall)), -1.0, 1.0), origin)


def routes() -> tuple[IntArray, IntArray, IntArray]:
    """Shortest routes from every node of the start's lattice to every node, each (10, 21).

    Returns:
        Direction of the first leg (down or up), its number of moves, and the number of moves
        back from the wall that follow.
    """
    origin, node = np.arange(OWN)[:, None], np.arange(NODES)[None, :]
    wall = node - OWN
    below, above = origin + 1, OWN - origin  # moves to each wall
    by_floor = below + wall <= above + (WALL - 1 - wall)
    own = node < OWN
    first = np.where(own, np.sign(node - origin), np.where(by_floor, _DOWN, _UP))
    out = np.where(own, np.abs(node - origin), np.where(by_floor, below, above))
    back = np.where(own, 0, np.where(by_floor, wall, WALL - 1 - wall))
    return first, out, back


def neighbours() -> tuple[IntArray, IntArray]:
    """The two nodes from which a move leads to a node, and the moves' directions, each (2, 21).

    Inside a lattice these are the nodes below and above. The ends of the start's lattice have only
    one of them, so the other entry is the node itself, without a move. The walls are entered from
    their own lattice, and from the nearest end of the start's.
    """
    node = np.arange(NODES)
    sources = np.stack((node - 1, node + 1))
    signs = np.repeat([[_UP], [_DOWN]], NODES, axis=1)
    for side, end, source, sign in (
        (0, 0, 0, 0),
        (1, OWN - 1, OWN - 1, 0),
        (0, OWN, 0, _DOWN),
        (1, NODES - 1, OWN - 1, _UP),
    ):
        sources[side, end], signs[side, end] = source, sign
    return sources, signs


def move_action(axis: Any, sign: NDArray[Any]) -> IntArray:
    """Discrete actions that move an axis (an int or (n,)) down, not at all or up."""
    return np.where(sign == 0, 0, 2 * axis + 1 + (sign > 0))
