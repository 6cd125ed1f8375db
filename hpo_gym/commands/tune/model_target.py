"""A model of scikit-learn on a table as a target."""

from __future__ import annotations

import hashlib
import warnings
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from math import isnan
from operator import itemgetter
from pathlib import Path
from typing import Any

from hpo_gym.commands.tune.code import Code
from hpo_gym.commands.tune.models import MODELS, make_estimator, space_of
from hpo_gym.commands.tune.tables import Table, read_table
from hpo_gym.commands.tune.targets import Outcome, Target, read_answer
from hpo_gym.optional import optional
from hpo_gym.references import load
from hpo_gym.space import SearchSpace


@dataclass(frozen=True)
class ModelTarget(Target):
    """A model of scikit-learn, cross-validated on a table.

    Attributes:
        model: One of `MODELS`.
        source: The name of a data set of scikit-learn, or the full path of a CSV file.
        column: The column to predict; None for data sets of scikit-learn.
        task: "classification" or "regression".
        metric: The name of a scorer of scikit-learn.
        folds: Number of parts, each of which is predicted once.
        seed: Seed of the division into parts.
    """

    model: str
    source: str
    column: str | None
    task: str
    metric: str
    folds: int
    seed: int

    @property
    def name(self) -> str:
        """That of the data and the model's."""
        return f"{Path(self.source).stem}-{self.model}"

    @property
    def space(self) -> SearchSpace:
        """The model's."""
        return space_of(self.model, self.task)

    @property
    def table(self) -> Table:
        """The data."""
        return load_table(self.source, self.column, self.task)

    @property
    def facts(self) -> dict[str, Any]:
        """All attributes, and the contents of the data."""
        digest = hashlib.sha256(repr(self.table.columns).encode())
        for array in (self.table.inputs, self.table.targets):
            digest.update(repr(array.tolist()).encode())
        # Not where a file lies, which may move.
        return {**vars(self), "source": Path(self.source).name, "data": digest.hexdigest()[:16]}

    def prepare(self) -> None:
        """Load the data and the model."""
        load(MODELS[self.model].classes[self.task])
        _ = self.table

    def evaluate(self, configuration: dict[str, Any]) -> Outcome:
        """The mean over the parts of what the scorer says."""
        estimator = make_estimator(self.model, self.table, configuration)
        return read_answer(self._score(estimator), self.metric)

    def try_scorer(self) -> None:
        """Score a model that always says the same.

        Raises:
            ValueError: The scorer does not exist, or does not suit the data.
        """
        names = load("sklearn.metrics:get_scorer_names")()
        if self.metric not in names:
            raise ValueError(f"--metric {self.metric!r} is no scorer; choose from {names}")
        kind = "Classifier" if self.task == "classification" else "Regressor"
        try:
            score = self._score(load(f"sklearn.dummy:Dummy{kind}")())
        except (TypeError, ValueError, AttributeError) as error:
            reason = str(error).strip().splitlines()[0]
            raise ValueError(
                f"--metric {self.metric} does not suit this {self.task}: {reason}"
            ) from error
        rarest, rows = min(Counter(self.table.targets.tolist()).items(), key=itemgetter(1))
        if isnan(score) and self.task == "classification" and rows < self.folds:
            raise ValueError(
                f"--metric {self.metric} is undefined in a fold without the rarest class, "
                f"{rarest!r}, of {rows} rows: give fewer --folds than {self.folds}, or another "
                "--metric"
            )

    def _score(self, estimator: Any) -> float:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of trainings cut short, of rare classes
            scores = load("sklearn.model_selection:cross_val_score")(
                estimator,
                self.table.inputs,
                self.table.targets,
                scoring=self.metric,
                cv=self._splitter(),
                error_score="raise",
            )
        return float(scores.mean())

    def _splitter(self) -> Any:
        kind = "StratifiedKFold" if self.task == "classification" else "KFold"
        splitter = load(f"sklearn.model_selection:{kind}")
        return splitter(self.folds, shuffle=True, random_state=self.seed)

    def code(self, configuration: Mapping[str, Any]) -> str:
        """Make the model, fit it on all rows."""
        code, splitter = Code(), self._splitter()
        model = code.of(make_estimator(self.model, self.table, configuration))
        module, reader = __name__, "load_table"
        if self.column is not None:
            module, reader = read_table.__module__, read_table.__name__
        arguments = ", ".join(map(code.of, (self.source, self.column, self.task)))
        return (
            f"{code.imports}\n"
            f"from sklearn.model_selection import {type(splitter).__name__}, cross_val_score\n\n"
            f"from {module} import {reader}\n\n"
            f"table = {reader}({arguments})\n"
            f"model = {model}\n"
            "model.fit(table.inputs, table.targets)\n\n"
            'if __name__ == "__main__":\n'
            f"    splitter = {splitter!r}\n"
            f"    scores = cross_val_score(\n"
            "        model, table.inputs, table.targets, cv=splitter, "
            f"scoring={code.of(self.metric)}\n    )\n"
            "    print(scores.mean())\n"
        )


@cache
def load_table(source: str, column: str | None, task: str | None) -> Table:
    """A data set of scikit-learn, by its name, or a CSV file with a column to predict."""
    if column is not None:
        return read_table(source, column, task)
    datasets = optional("sklearn.datasets", extra="tune", user="--dataset")
    data = getattr(datasets, f"load_{source}")()
    known = "regression" if source == "diabetes" else "classification"
    return Table(data.data, data.target, task or known, tuple(map(str, data.feature_names)))
