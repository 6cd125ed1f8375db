"""Models of scikit-learn, with search spaces that suit most data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hpo_gym.commands.tune.tables import Table
from hpo_gym.parameters import Categorical, Float, Integer, Parameter
from hpo_gym.references import load
from hpo_gym.space import SearchSpace

_MOST_CATEGORIES = 30
"""So many values of a column of text get a column each; the rarest share one."""


@dataclass(frozen=True)
class Model:
    """A model and what to tune.

    Attributes:
        classes: The estimator for each task, as "module:class".
        space: Parameters of both.
        more: Further parameters for each task.
        settings: What stays as it is.
        scaled: Whether it wants inputs, and targets that are numbers, of mean 0 and deviation 1.
    """

    classes: Mapping[str, str]
    space: Mapping[str, Parameter]
    more: Mapping[str, Mapping[str, Parameter]] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    scaled: bool = False


def _classes(module: str, classifier: str, regressor: str) -> dict[str, str]:
    names = {"classification": classifier, "regression": regressor}
    return {task: f"sklearn.{module}:{name}" for task, name in names.items()}


_BALANCE = {"class_weight": Categorical([None, "balanced"])}

MODELS: Mapping[str, Model] = {
    "linear": Model(
        _classes("linear_model", "LogisticRegression", "Ridge"),
        {},
        {
            "classification": {"C": Float(1e-4, 1e3, log=True), **_BALANCE},
            "regression": {"alpha": Float(1e-3, 1e4, log=True)},
        },
        {"random_state": 0, "max_iter": 1000},
        scaled=True,
    ),
    "forest": Model(
        _classes("ensemble", "RandomForestClassifier", "RandomForestRegressor"),
        {
            "max_features": Float(0.05, 1.0),
            "min_samples_leaf": Integer(1, 30, log=True),
            "max_depth": Integer(2, 40, log=True),
        },
        {"classification": _BALANCE},
        {"n_estimators": 200, "random_state": 0},
    ),
    "boosting": Model(
        _classes("ensemble", "HistGradientBoostingClassifier", "HistGradientBoostingRegressor"),
        {
            "learning_rate": Float(1e-2, 0.5, log=True),
            "max_iter": Integer(20, 300, log=True),
            "max_leaf_nodes": Integer(4, 100, log=True),
            "min_samples_leaf": Integer(2, 60, log=True),
            "l2_regularization": Float(1e-6, 1e2, log=True),
        },
        settings={"early_stopping": False, "random_state": 0},
    ),
    "svm": Model(
        _classes("svm", "SVC", "SVR"),
        {"C": Float(1e-2, 1e3, log=True), "gamma": Float(1e-4, 1e1, log=True)},
        {"classification": _BALANCE, "regression": {"epsilon": Float(1e-3, 1.0, log=True)}},
        scaled=True,
    ),
    "neighbors": Model(
        _classes("neighbors", "KNeighborsClassifier", "KNeighborsRegressor"),
        {
            "n_neighbors": Integer(1, 50, log=True),
            "weights": Categorical(["uniform", "distance"]),
            "p": Categorical([1, 2]),
        },
        scaled=True,
    ),
    "mlp": Model(
        _classes("neural_network", "MLPClassifier", "MLPRegressor"),
        {
            "hidden_layer_sizes": Integer(8, 256, log=True),
            "learning_rate_init": Float(1e-4, 1e-1, log=True),
            "alpha": Float(1e-6, 1e1, log=True),
            "max_iter": Integer(10, 300, log=True),
        },
        settings={"random_state": 0},
        scaled=True,
    ),
}


def space_of(name: str, task: str) -> SearchSpace:
    """The search space of a model."""
    model = MODELS[name]
    return SearchSpace({**model.space, **model.more.get(task, {})})


def make_estimator(name: str, table: Table, configuration: Mapping[str, Any]) -> Any:
    """A model that takes a table as it is: with its columns prepared, not yet fitted.

    Args:
        name: One of `MODELS`.
        table: The columns, the task, and whether a number is missing.
        configuration: A configuration of its space.
    """
    model = MODELS[name]
    estimator = load(model.classes[table.task])(**model.settings, **configuration)
    if model.scaled and table.task == "regression":
        target = load("sklearn.compose:TransformedTargetRegressor")
        estimator = target(estimator, transformer=_make("preprocessing:StandardScaler"))
    steps = _preparation(table, scaled=model.scaled)
    return _make("pipeline:make_pipeline", *steps, estimator) if steps else estimator


def _preparation(table: Table, *, scaled: bool) -> list[Any]:
    """Steps that make numbers, none of them missing, of a table."""
    text = set(table.text)
    numbers = [i for i in range(len(table.columns)) if i not in text]
    numeric = [_make("impute:SimpleImputer", strategy="median", keep_empty_features=True)]
    if not text and not _any_missing(table):
        numeric = []  # new rows may lack a number only if some did
    if scaled:
        numeric.append(_make("preprocessing:StandardScaler"))
    if not text:
        return numeric
    coded = _make(
        "preprocessing:OneHotEncoder",
        handle_unknown="infrequent_if_exist",
        max_categories=_MOST_CATEGORIES,
        sparse_output=False,
    )
    branches = [(coded, sorted(text))]
    if numbers:
        branches.insert(0, (_make("pipeline:make_pipeline", *numeric), numbers))
    return [_make("compose:make_column_transformer", *branches)]


def _any_missing(table: Table) -> bool:
    return bool((table.inputs != table.inputs).any())


def _make(name: str, *arguments: Any, **settings: Any) -> Any:
    return load(f"sklearn.{name}")(*arguments, **settings)
