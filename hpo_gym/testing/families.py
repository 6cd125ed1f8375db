"""The conformance check of families of tasks."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

import numpy as np

from hpo_gym.arrays import Columns, Floats, Vectors
from hpo_gym.families import Family, KnownOptimum, make_family
from hpo_gym.rng import derive, uniforms
from hpo_gym.testing.declarations import check_attributes, check_description
from hpo_gym.testing.optima import check_optimum
from hpo_gym.testing.rollouts import kept

_ROWS, _ROW = Vectors(), Floats()
_TOLERANCE = 1e-9
"""How far rounding may take a score out of [0, 1], or move it on its way through features."""

_NOISE = 0.1
_CALLS = 16
"""Evaluations of an impure family: each may be a training run."""


def check_family(
    family: str | Mapping[str, Any] | Family, *, rows: int = 400, tasks: int = 4, seed: int = 7
) -> None:
    """Check that a family keeps its contract.

    Checked: its description; shapes and ranges of metrics, scores and features; that no metric is
    NaN, unless the family says that it may fail; that scores follow goals, and survive being shown
    as features; that one row equals many rows bit for bit; that noise depends on its draws alone;
    and, where the family knows its optima, that they are attained and never exceeded by random
    configurations. An impure family is evaluated 16 times, and nothing is repeated.

    A family with ``may_fail = False`` promises that its metrics are finite everywhere. No check can
    confirm that: it looks at the random configurations alone, as at everything else.

    Args:
        family: A family, its name or its description.
        rows: Random configurations for each comparison.
        tasks: Tasks of each split whose optima are checked.
        seed: Seed of the random configurations.

    Raises:
        AssertionError: The family breaks a contract.
        ValueError: There is no such family, or its name is unknown.
    """
    assert not isinstance(family, type), f"{family!r} is a class: check an instance of it"
    built = make_family(family)
    generator = np.random.default_rng(seed)
    check_attributes(built)
    check_description(built)
    for split, size in built.sizes.items():
        index = generator.integers(size, size=rows)
        scaled = _configurations(built, generator, rows)
        if not built.pure:
            with kept("evaluate() must give two tuples of floats for one row of an impure family"):
                _check_impure(built, split, int(index[0]), scaled)
            continue
        with kept("a family must compute one row of floats with Floats, many rows with Vectors"):
            _check_pure(built, split, index, scaled)
        if isinstance(built, KnownOptimum):
            with kept("frontier(), optimum(), best_score() and tasks() must know every task"):
                for task in np.unique(index)[:tasks].tolist():
                    parameters = built.sample(split, task)
                    check_optimum(built, parameters, scaled)
                    _check_tasks(built, split, task, parameters)


def _check_tasks(family: KnownOptimum, split: str, task: int, parameters: Any) -> None:
    """Environments learn the best score from `tasks`."""
    for metric in family.goals:
        told, best = family.tasks(split, task, metric)[1], family.best_score(parameters, metric)
        assert abs(told - best) <= _TOLERANCE, f"tasks: best score {told!r}, not {best!r}"


def _check_pure(family: Family, split: str, index: Any, scaled: Columns) -> None:
    """Evaluate many rows, then each of them again, and all of them with noise."""
    parameters = family.sample(split, index)
    metrics = family.noiseless(parameters, scaled, _ROWS)
    again = make_family(family.describe())
    _assert_same(
        metrics,
        again.noiseless(again.sample(split, index), scaled, _ROWS),
        "a family built from describe() evaluates differently",
    )
    _check_metrics(family, metrics, scaled)
    _check_rows(family, split, index, scaled, metrics)
    _check_noise(family, split, index, scaled)


def _check_impure(family: Family, split: str, task: int, scaled: Columns) -> None:
    """Evaluate some rows, each once, as a process does."""
    parameters, observed = family.sample(split, task), []
    points = [_row(scaled, row) for row in range(min(_CALLS, len(scaled[0])))]
    for key, point in enumerate(points):
        draws = uniforms(derive(key, 1), family.draws)
        exact, seen = family.evaluate(parameters, point, family.noise, draws, _ROW)
        _check_count(family, exact)
        _check_floats(family, seen)
        observed.append(seen)
    _check_metrics(family, tuple(np.array(observed).T), tuple(np.array(points).T))


def _configurations(family: Family, generator: np.random.Generator, rows: int) -> Columns:
    """Random scaled configurations, corners and centre of the space among them."""
    dimension = family.space.dimension
    unit = generator.uniform(-1.0, 1.0, size=(dimension, rows))
    special = [-1.0, 0.0, 1.0]
    if 3**dimension <= rows:
        unit[:, : 3**dimension] = np.array(list(product(special, repeat=dimension))).T
    else:  # too many: some of them
        unit[:, : rows // 2] = generator.choice(special, size=(dimension, rows // 2))
    return family.space.scaled(tuple(unit), _ROWS)


def _check_metrics(family: Family, metrics: Columns, scaled: Columns) -> None:
    """Metrics of configurations, noise-free or observed."""
    _check_count(family, metrics)
    for name, column in zip(family.metrics, metrics, strict=True):
        _check_column(name, column, len(scaled[0]))
    metrics = _without_failures(family, metrics, scaled)
    _check_ranges(family, metrics)
    _check_goals(family, metrics)
    _check_inverse(family, metrics)


def _check_count(family: Family, metrics: Any) -> None:
    given = len(metrics) if isinstance(metrics, (tuple, list, np.ndarray)) else type(metrics)
    assert given == len(family.metrics), (
        f"{given} instead of a tuple with one entry for each of the metrics {family.metrics}"
    )


def _check_floats(family: Family, metrics: Any) -> None:
    _check_count(family, metrics)
    assert all(isinstance(v, float) for v in metrics), f"one row gives {metrics}, not floats"


def _check_column(name: str, column: Any, rows: int) -> None:
    assert np.shape(column) == (rows,), f"{name} has the shape {np.shape(column)}, not ({rows},)"
    assert column.dtype == np.float64, f"{name} has the dtype {column.dtype}, not float64"


def _without_failures(family: Family, metrics: Columns, scaled: Columns) -> Columns:
    """The finite metrics; others may only be in a family that says so."""
    failed = ~np.isfinite(metrics)
    if family.may_fail is not True and failed.any():
        metric, row = np.argwhere(failed)[0].tolist()
        value = "NaN" if np.isnan(metrics[metric][row]) else metrics[metric][row]
        point = _row(scaled, row)
        values = zip(family.space.names, family.space.natural(point, _ROW), strict=True)
        raise AssertionError(
            f"metric {family.metrics[metric]!r} is {value} at {dict(values)}; return a finite "
            "number there, or set may_fail = True if such an evaluation has failed"
        )
    return tuple(column[~failed.any(axis=0)] for column in metrics)


def _check_ranges(family: Family, metrics: Columns) -> None:
    features = family.features(metrics, _ROWS)
    assert len(features) == len(family.metrics), f"{len(features)} features of {family.metrics}"
    shown = zip(family.metrics, features, strict=True)
    bounded = {f"the feature of {name!r}": feature for name, feature in shown}
    for metric in family.goals:
        bounded[f"the score of {metric!r}"] = family.score(metrics, metric, _ROWS)
    for name, column in zip(family.metrics, metrics, strict=True):
        assert np.isfinite(column).all(), f"{name} is not finite"
    for name, column in bounded.items():
        _check_column(name, column, len(metrics[0]))
        inside = (column >= 0.0) & (column <= 1.0 + _TOLERANCE)
        assert inside.all(), f"{name} leaves [0, 1]: {column[~inside][0]!r}"


def _check_goals(family: Family, metrics: Columns) -> None:
    """A better metric never has a lower score."""
    for metric, goal in family.goals.items():
        values = metrics[family.metrics.index(metric)]
        order = np.argsort(values if goal == "maximise" else -values, kind="stable")
        scores = family.score(metrics, metric, _ROWS)[order]
        assert (np.diff(scores) >= 0.0).all(), f"the score of {metric!r} does not {goal} it"


def _check_inverse(family: Family, metrics: Columns) -> None:
    """Tuners read the score from features."""
    read = family.metrics_of(family.features(metrics, _ROWS), _ROWS)
    assert len(read) == len(metrics), f"metrics_of() gives {len(read)} metrics of {len(metrics)}"
    for metric in family.goals:
        error = np.abs(family.score(read, metric, _ROWS) - family.score(metrics, metric, _ROWS))
        assert not (error > _TOLERANCE).any(), (
            f"metrics_of() is not the inverse of features(): the score of {metric!r} changes by "
            f"{error.max():g} on the way"
        )


def _check_rows(family: Family, split: str, index: Any, scaled: Columns, metrics: Columns) -> None:
    """One row at a time gives the same bits as all rows together."""
    for row in range(len(index)):
        parameters = family.sample(split, int(index[row]))
        configuration = _row(scaled, row)
        one = family.noiseless(parameters, configuration, _ROW)
        _check_floats(family, one)
        _assert_same(one, _row(metrics, row), f"one row differs from many at {configuration}")
        _assert_same(
            family.features(one, _ROW),
            _row(family.features(metrics, _ROWS), row),
            f"the features of one row differ at {configuration}",
        )
        for metric in family.goals:
            _assert_same(
                (family.score(one, metric, _ROW),),
                (float(family.score(metrics, metric, _ROWS)[row]),),
                f"the score of {metric!r} of one row differs at {configuration}",
            )


def _check_noise(family: Family, split: str, index: Any, scaled: Columns) -> None:
    """Observations are functions of task, configuration and draws: equal for one row and many."""
    noise = None if family.noise is None else _NOISE
    if family.draws == 0:
        assert family.noise == 0.0, "a family without draws must have no noise of its own"
        return
    rows, parameters = len(index), family.sample(split, index)
    keys = derive(np.arange(rows, dtype=np.uint64), 1)
    draws, others = (uniforms(key, family.draws) for key in (keys, derive(keys, 2)))
    exact, noisy = family.evaluate(parameters, scaled, noise, draws, _ROWS)
    _assert_same(exact, family.noiseless(parameters, scaled, _ROWS), "evaluate() is not exact")
    again = family.evaluate(parameters, scaled, noise, draws, _ROWS)[1]
    _assert_same(noisy, again, "equal draws, other noise")
    _check_metrics(family, noisy, scaled)
    other = family.evaluate(parameters, scaled, noise, others, _ROWS)[1]
    assert _differ(noisy, other), "other draws hardly change any metric"
    assert _differ(noisy, exact), "no metric is noisy"
    for row in range(rows):
        configuration = _row(scaled, row)
        one = family.evaluate(
            family.sample(split, int(index[row])),
            configuration,
            noise,
            _row(draws, row),
            _ROW,
        )[1]
        _check_floats(family, one)
        _assert_same(one, _row(noisy, row), "the noise of one row differs from that of many")


def _row(columns: Columns, row: int) -> tuple[float, ...]:
    return tuple(float(column[row]) for column in columns)


def _differ(left: Columns, right: Columns) -> bool:
    """Whether one of the metrics differs in more than a quarter of the rows: tasks may be exact."""
    return any((one != two).mean() > 0.25 for one, two in zip(left, right, strict=True))


def _assert_same(left: Any, right: Any, message: str) -> None:
    for one, other in zip(left, right, strict=True):
        same = np.array_equal(one, other, equal_nan=True)
        assert same, f"{message}: {one!r} against {other!r}"
