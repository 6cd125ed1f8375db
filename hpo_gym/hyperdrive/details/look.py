"""What there is to see of a run at one moment, as JSON for the page."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hpo_gym.hyperdrive import ranking
from hpo_gym.hyperdrive.family_config import FamilyRunConfig
from hpo_gym.hyperdrive.hyperdrive_run import HyperDriveRun
from hpo_gym.hyperdrive.journal import TERMINAL, ChildRow, reading
from hpo_gym.hyperdrive.parameter_expressions import Expression
from hpo_gym.hyperdrive.runconfig import HyperDriveConfig
from hpo_gym.hyperdrive.space import leaves

Json = dict[str, Any]

MOST_POINTS = 200
"""So many points of a curve are drawn: more cannot be seen."""
MOST_OPTIONS = 12
"""A choice among more numbers than these has an axis of numbers."""


def look_at(run: HyperDriveRun, config: HyperDriveConfig) -> Json:
    """What there is to see of a run now.

    Args:
        run: The run.
        config: Its configuration.
    """
    status = run.get_status()  # first: what has ended by then is in the facts and the rows
    facts = reading(run.folder).facts
    return described(run.id, run.experiment.name, status, facts, config, run.rows())


def described(
    run_id: str,
    experiment: str,
    status: str,
    facts: Mapping[str, Any],
    config: HyperDriveConfig,
    rows: Sequence[ChildRow],
) -> Json:
    """What there is to see of a run.

    Args:
        run_id: The run's id.
        experiment: The experiment's name.
        status: The run's state.
        facts: What its journal keeps of the whole run.
        config: Its configuration.
        rows: Its children.

    Returns:
        What page.js draws. No number in it is infinite or NaN: these are None in curves, and texts
        elsewhere.
    """
    values = [dict(_flat(row.configuration)) for row in rows]
    parameters = _parameters(config, values)
    space = config.hyperparameter_sampling.parameter_space
    best = ranking.ranked(rows, config.goal)[:1]
    return {
        "id": run_id,
        "experiment": experiment,
        "status": status,
        "terminal": status in TERMINAL,
        "now": time.time(),
        "started": facts["started"],
        "ended": facts.get("ended"),
        "total": facts.get("total", config.max_total_runs),
        "metric": config.primary_metric_name,
        "goal": config.goal,
        "virtual": isinstance(config.run_config, FamilyRunConfig),
        "properties": _properties(config),
        "space": [[name, _call(value)] for name, value in space.items()],
        "parameters": parameters,
        "best": best[0].number if best else None,
        "children": [
            _child(row, config.goal, [_cell(known, each) for each in parameters])
            for row, known in zip(rows, values, strict=True)
        ],
    }


def _properties(config: HyperDriveConfig) -> dict[str, str]:
    """What was submitted, in words."""
    sampling, policy = config.hyperparameter_sampling, config.policy
    return {
        "sampling": _named(type(sampling).__name__, sampling.properties or {}),
        "policy": _named(type(policy).__name__, policy.to_json().get("properties", {})),
        "children": f"{config.max_total_runs}, {config.max_concurrent_runs} at a time",
        "target": _target(config.run_config),
    }


def _named(name: str, settings: Mapping[str, Any]) -> str:
    given = ", ".join(f"{key}={value!r}" for key, value in settings.items())
    return f"{name}({given})" if given else name


def _target(target: Any) -> str:
    if isinstance(target, FamilyRunConfig):
        return f"task {target.task} of the split {target.split} of {target.family.name}"
    command = [target.script, *target.arguments] if target.command is None else target.command
    return command if isinstance(command, str) else " ".join(map(str, command))


def _call(value: Expression) -> str:
    """An expression as it is written."""
    name, arguments = value
    given = arguments[0] if name == "choice" else arguments
    return f"{name}({', '.join(map(repr, given))})"


def _flat(configuration: Mapping[str, Any], path: str = "") -> Iterable[tuple[str, Any]]:
    """The values of a configuration by their paths, as in the spaces within a space."""
    for name, value in configuration.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{path}{name}.")
        else:
            yield f"{path}{name}", value


def _parameters(config: HyperDriveConfig, values: Sequence[Mapping[str, Any]]) -> list[Json]:
    """A column of the table and an axis for each hyperparameter that a child has."""
    expressions: dict[str, list[Expression]] = {}
    for name, value in leaves(config.hyperparameter_sampling.parameter_space):
        expressions.setdefault(name, []).append(value)
    found: dict[str, list[Any]] = {}
    for known in values:
        for name, value in known.items():
            found.setdefault(name, []).append(value)
    names = [name for name in dict.fromkeys([*expressions, *found]) if name in found]
    return [_parameter(name, expressions.get(name, []), found[name]) for name in names]


def _parameter(name: str, expressions: Sequence[Expression], values: Sequence[Any]) -> Json:
    """How the values of a hyperparameter are drawn: as numbers, their logarithms, or options."""
    declared = [
        option
        for kind, arguments in expressions
        if kind == "choice"
        for option in arguments[0]
        if not isinstance(option, dict)
    ]
    distinct = list({_text(value): value for value in [*declared, *values]}.values())
    numeric = all(_is_number(value) for value in distinct)
    if not numeric or (declared and len(distinct) <= MOST_OPTIONS):
        options = sorted(distinct) if numeric else distinct
        return {"name": name, "scale": "options", "options": [_text(each) for each in options]}
    log = any("log" in kind for kind, _ in expressions) and min(values, default=1) > 0
    return {"name": name, "scale": "log" if log else "linear"}


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _text(value: Any) -> str:
    """A value as a script is given it."""
    return value if isinstance(value, str) else str(value)


def _cell(known: Mapping[str, Any], parameter: Json) -> float | str | None:
    """A child's value of a hyperparameter, None where it has none."""
    name = parameter["name"]
    if name not in known:
        return None
    return _text(known[name]) if parameter["scale"] == "options" else known[name]


def _child(row: ChildRow, goal: str, values: list[float | str | None]) -> Json:
    shown = _thinned(row, goal)
    return {
        "number": row.number,
        "status": row.status,
        "terminated": row.terminated,
        "started": row.started,
        "ended": row.ended,
        "message": row.message,
        "values": values,
        "intervals": len(row.curve),
        "last": _rounded(row.curve[-1]) if row.curve else None,
        "best": _rounded(row.best(goal)),
        "x": [index + 1 for index in shown],
        "y": [_drawn(row.curve[index]) for index in shown],
    }


def _thinned(row: ChildRow, goal: str) -> Sequence[int]:
    """Indices of the points of a curve that are drawn: its ends and its best are among them."""
    length = len(row.curve)
    if length <= MOST_POINTS:
        return range(length)
    step = math.ceil(length / (MOST_POINTS - 2))
    best = row.best(goal)
    kept = {*range(0, length, step), length - 1}
    return sorted(kept if best is None else kept | {row.curve.index(best)})


def _rounded(value: float | None) -> float | str | None:
    """A number of 8 digits, as HyperDrive shows it."""
    if value is None:
        return None
    return float(f"{value:.8g}") if math.isfinite(value) else str(value)


def _drawn(value: float) -> float | None:
    """Six digits: more than can be seen."""
    return float(f"{value:.6g}") if math.isfinite(value) else None
