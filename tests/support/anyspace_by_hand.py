"""A random function of the anyspace family, number by number in plain Python."""

from __future__ import annotations

import math


def canonical(layout, task, point):
    """Where a point is evaluated."""
    moved = list(point)
    cells, group = layout.cells[task].tolist(), layout.group[task].tolist()
    for i, x in enumerate(point):
        if cells[i]:
            moved[i] = (min(int(x * cells[i]), cells[i] - 1) + 0.5) / cells[i]
        if group[i]:
            members = [j for j, other in enumerate(group) if other == group[i]]
            winner = max(members, key=lambda j: (point[j], -j))
            moved[i] = float(i == winner)
    return moved


def height(f, task, x):
    """The height at a canonical point, None where the evaluation fails."""
    places = range(len(x))
    side = sum((x[i] - 0.5) * f.failing[task][i] for i in places)
    if side > f.failing_at[task]:
        return None
    raw = 0.0
    for w, amplitude in enumerate(f.amplitude[task]):
        turn = sum(f.frequency[task][w][i] * x[i] for i in places)
        raw += amplitude * math.cos(turn + f.phase[task][w])
    for i in places:
        away = sum(f.mixing[task][i][j] * (x[j] - f.centre[task][j]) for j in places)
        side = f.lean[task][i] if away > 0 else 1.0
        raw -= 2 * f.weight[task][i] * side * (away**2 + 1e-4) ** (f.exponent[task][i] / 2)
        turn = 2 * math.pi * f.ripples[task][i] * (x[i] - f.centre[task][i])
        raw += f.ripple[task][i] * math.cos(turn)
    beyond = sum((x[i] - 0.5) * f.cliff[task][i] for i in places) - f.cliff_at[task]
    logit = min(max(f.cliff_steep[task] * beyond, -40.0), 40.0)
    raw -= f.cliff_height[task] / (1 + math.exp(-logit))

    missing = max((f.best[task] - raw) / f.scale[task], 1e-12) ** f.bend[task]
    if missing > 1:
        bound = f.bound[task]
        missing = 1 + bound * math.tanh((missing - 1) / bound)
    missing = min(missing, f.plateau[task]) / min(f.plateau[task], 1.0)
    if f.steps[task]:
        missing = math.ceil(missing * f.steps[task] - 1e-3) / f.steps[task]
    return 1 - missing
