"""The conformance check of families of tasks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import product
from typing import Any

import numpy as np

from hpo_gym.arrays import Columns, Floats, Vectors
from hpo_gym.families import Family, make_family
from hpo_gym.rng import derive, normals

_ROWS, _ROW = Vectors(), Floats()
_TOLERANCE = 1e-9
"""Error of an optimum, and how far rounding may take a score out of [0, 1]."""

_NOISE = 0.1


def check_family(
    family: str | Mapping[str, Any] | Family, *, rows: int = 400, tasks: int = 4, seed: int = 7
) -> None:
    """Check that a family offers what the dynamics need.

    Checked: its description; that one row equals many rows bit for bit; shapes and ranges of
    metrics, scores and features; that scores follow goals; that noise depends on its key alone;
    and that optima are attained and never exceeded by random configurations.

    Args:
        family: A family, its name or its description.
        rows: Random configurations for each comparison.
        tasks: Tasks of each split whose optima are checked.
        seed: Seed of the random configurations.

    Raises:
        AssertionError: The family breaks a contract.
    """
    built = make_family(family)
    generator = np.random.default_rng(seed)
    _check_description(built)
    for split, size in built.sizes.items():
        index = generator.integers(size, size=rows)
        parameters = built.sample(split, index)
        scaled = _configurations(built, generator, rows)
        metrics = built.noiseless(parameters, scaled, _ROWS)
        again = make_family(built.describe())
        _assert_same(
            metrics,
            again.noiseless(again.sample(split, index), scaled, _ROWS),
            "a family built from describe() evaluates differently",
        )
        _check_ranges(built, metrics, rows)
        _check_goals(built, metrics)
        _check_rows(built, split, index, scaled, metrics)
        for task in np.unique(index)[:tasks].tolist():
            _check_optimum(built, built.sample(split, task), scaled)
        _check_noise(built, split, index, scaled)


def _check_description(family: Family) -> None:
    description = family.describe()
    text = json.dumps(description)
    again = make_family(json.loads(text))
    assert type(again) is type(family), f"describe() {text} makes a {type(again)}"
    assert again.describe() == description, f"describe() {text} makes {again.describe()}"
    assert description["name"] == family.name, f"describe() {text} has another name"
    assert description["version"] == family.version, f"describe() {text} has another version"
    assert family.metrics, "a family needs at least one metric"
    assert family.goals, "a family needs at least one metric with a goal"
    for metric, goal in family.goals.items():
        assert metric in family.metrics, f"the goal of {metric!r} belongs to no metric"
        assert goal in ("maximise", "minimise"), f"the goal of {metric!r} is {goal!r}"
    names = [*family.space.names, *family.metrics]
    assert len(set(names)) == len(names), f"parameters and metrics share a name: {names}"
    for split, size in family.sizes.items():
        assert isinstance(size, int) and size >= 1, f"split {split!r} has the size {size!r}"


def _configurations(family: Family, generator: np.random.Generator, rows: int) -> Columns:
    """Random scaled configurations, corners and centre of the space among them."""
    dimension = family.space.dimension
    unit = generator.uniform(-1.0, 1.0, size=(dimension, rows))
    special = [-1.0, 0.0, 1.0]
    if 3**dimension <= rows:
        unit[:, : 3**dimension] = np.array(list(product(special, repeat=dimension))).T
    else:
        unit[:, : rows // 2] = generator.choice(special, size=(dimension, rows // 2))
    return family.space.scaled(tuple(unit), _ROWS)


def _check_ranges(family: Family, metrics: Columns, rows: int) -> None:
    assert len(metrics) == len(family.metrics), f"{len(metrics)} columns for {family.metrics}"
    features = family.features(metrics, _ROWS)
    assert len(features) == len(family.metrics), f"{len(features)} features of {family.metrics}"
    bounded = {f"feature {i}": feature for i, feature in enumerate(features)}
    for metric in family.goals:
        bounded[f"score of {metric!r}"] = family.score(metrics, metric, _ROWS)
    columns = dict(zip(family.metrics, metrics, strict=True)) | bounded
    for name, column in columns.items():
        assert np.shape(column) == (rows,), f"{name} has the shape {np.shape(column)}"
        assert column.dtype == np.float64, f"{name} has the dtype {column.dtype}"
        assert np.isfinite(column).all(), f"{name} is not finite"
    for name, column in bounded.items():
        inside = (column >= 0.0) & (column <= 1.0 + _TOLERANCE)
        assert inside.all(), f"{name} leaves [0, 1]: {column[~inside][0]!r}"


def _check_goals(family: Family, metrics: Columns) -> None:
    """A better metric never has a lower score."""
    for metric, goal in family.goals.items():
        values = metrics[family.metrics.index(metric)]
        order = np.argsort(values if goal == "maximise" else -values, kind="stable")
        scores = family.score(metrics, metric, _ROWS)[order]
        assert (np.diff(scores) >= 0.0).all(), f"the score of {metric!r} does not {goal} it"


def _check_rows(family: Family, split: str, index: Any, scaled: Columns, metrics: Columns) -> None:
    """One row at a time gives the same bits as all rows together."""
    for row in range(len(index)):
        parameters = family.sample(split, int(index[row]))
        configuration = tuple(float(column[row]) for column in scaled)
        one = family.noiseless(parameters, configuration, _ROW)
        many = tuple(float(column[row]) for column in metrics)
        assert all(isinstance(value, float) for value in one), f"one row gives {one}, not floats"
        _assert_same(one, many, f"one row differs from many at {configuration}")
        _assert_same(
            family.features(one, _ROW),
            tuple(float(column[row]) for column in family.features(metrics, _ROWS)),
            f"the features of one row differ at {configuration}",
        )
        for metric in family.goals:
            _assert_same(
                (family.score(one, metric, _ROW),),
                (float(family.score(metrics, metric, _ROWS)[row]),),
                f"the score of {metric!r} of one row differs at {configuration}",
            )


def _check_optimum(family: Family, parameters: Any, scaled: Columns) -> None:
    for metric in family.goals:
        levels, best = family.frontier(parameters, metric)
        assert np.shape(best) == np.shape(levels[0]), "frontier: one score for each level"
        resources = np.asarray(family.resource(levels), dtype=np.float64)
        assert (np.diff(resources) > 0.0).all(), "frontier: the cheapest level must come first"
        reached = family.score(family.noiseless(parameters, levels, _ROWS), metric, _ROWS)
        worst = np.abs(reached - best).max()
        assert worst <= _TOLERANCE, f"frontier: {metric!r} claims a score {worst:g} off the truth"
        for (name, parameter), column in zip(family.space.parameters.items(), levels, strict=True):
            low, high = parameter.scaled_bounds
            inside = (column >= low) & (column <= high)
            assert inside.all(), f"frontier: {name} leaves the search space"
        score = family.score(family.noiseless(parameters, scaled, _ROWS), metric, _ROWS)
        level = np.searchsorted(resources, family.resource(scaled), side="right") - 1
        bound = np.maximum.accumulate(best)[np.maximum(level, 0)]
        excess = (score - bound).max()
        assert excess <= _TOLERANCE, f"frontier: {metric!r} is exceeded by {excess:g}"
        configuration, value = family.optimum(parameters, metric)
        assert abs(value - best.max()) <= _TOLERANCE, (
            f"optimum: {value!r} is not the frontier's best {best.max()!r}"
        )
        exact = family.noiseless(parameters, configuration, _ROW)
        attained = family.score(exact, metric, _ROW)
        assert abs(attained - value) <= _TOLERANCE, f"optimum: {value!r} claimed, {attained!r} true"
        assert value > 0.0, f"optimum: regret of {metric!r} is undefined where the best score is 0"
        best_score = family.best_score(parameters, metric)
        assert abs(best_score - value) <= _TOLERANCE, (
            f"best_score {best_score!r} is not the optimum {value!r}"
        )


def _check_noise(family: Family, split: str, index: Any, scaled: Columns) -> None:
    """Observations are functions of task, configuration and draws: equal for one row and many."""
    noise = None if family.noise is None else _NOISE
    if family.noise_draws == 0:
        assert family.noise == 0.0, "a family without draws must have no noise of its own"
        return
    rows, parameters = len(index), family.sample(split, index)
    keys = derive(np.arange(rows, dtype=np.uint64), 1)
    xi, others = (normals(key, family.noise_draws, _ROWS) for key in (keys, derive(keys, 2)))
    exact, noisy = family.evaluate(parameters, scaled, noise, xi, _ROWS)
    _assert_same(exact, family.noiseless(parameters, scaled, _ROWS), "evaluate() is not exact")
    again = family.evaluate(parameters, scaled, noise, xi, _ROWS)[1]
    _assert_same(noisy, again, "equal draws, other noise")
    _check_ranges(family, noisy, rows)
    other = family.evaluate(parameters, scaled, noise, others, _ROWS)[1]
    assert any((one != two).mean() > 0.5 for one, two in zip(noisy, other, strict=True)), (
        "other draws hardly change any metric"
    )
    assert any((one != two).mean() > 0.5 for one, two in zip(noisy, exact, strict=True)), (
        "no metric is noisy"
    )
    for row in range(rows):
        configuration = tuple(float(column[row]) for column in scaled)
        draws = normals(int(keys[row]), family.noise_draws, _ROW)
        one = family.evaluate(
            family.sample(split, int(index[row])), configuration, noise, draws, _ROW
        )[1]
        assert all(isinstance(value, float) for value in one), f"one row gives {one}, not floats"
        _assert_same(
            one,
            tuple(float(column[row]) for column in noisy),
            "the noise of one row differs from that of many",
        )


def _assert_same(left: Any, right: Any, message: str) -> None:
    for one, other in zip(left, right, strict=True):
        assert np.array_equal(one, other), f"{message}: {one!r} against {other!r}"
