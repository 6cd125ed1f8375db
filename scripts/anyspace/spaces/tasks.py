"""The tasks: what cross-validation says of a configuration, kept on the disk once it is known."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Mapping
from functools import cache, cached_property
from math import isfinite, nan
from pathlib import Path
from typing import Any

import numpy as np

from hpo_gym.optional import optional
from scripts.anyspace.spaces.models import KINDS, PAIRS
from scripts.data_sets import Data, load

SCORES = Path("results/anyspace/scores")
"""Folder of the scores that are known."""

_ROWS, _FOLDS = 300, 3


class ModelTask:
    """A model on a data set. Everything is fixed by seeds: a configuration has one score.

    Args:
        model: One of `KINDS`.
        source: The name of the data set.
    """

    def __init__(self, model: str, source: str) -> None:
        self.name = f"{model} on {source}"
        self.kind, self._source = KINDS[model], source
        self.space = self.kind.space

    @cached_property
    def _data(self) -> Data:
        return load(self._source, _ROWS)

    @cached_property
    def _file(self) -> Path:
        """Of this task as it is today: with other rows or libraries the scores are others."""
        version = optional("sklearn", extra="spaces", user=self.name).__version__
        facts = (self.kind, self._data.inputs.tolist(), self._data.targets.tolist(), _FOLDS)
        digest = hashlib.sha256(repr((facts, version, np.__version__)).encode()).hexdigest()[:12]
        return SCORES / f"{self.name.replace('/', '-').replace(' ', '-')}-{digest}.jsonl"

    @cached_property
    def known(self) -> dict[str, float]:
        """The scores that are known, by configuration as JSON."""
        if not self._file.exists():
            return {}
        found = {}
        for line in self._file.read_text(encoding="utf-8").splitlines():
            try:
                key, score = json.loads(line)
            except ValueError:  # cut off
                continue
            found[key] = score
        return found

    def score(self, configuration: Mapping[str, Any]) -> float:
        """The mean over the folds of balanced accuracy, or of R²; NaN where a fit fails."""
        key = json.dumps(configuration, sort_keys=True)
        if key not in self.known:
            self.known[key] = self._validated(configuration)
            self._file.parent.mkdir(parents=True, exist_ok=True)
            # On a line of its own, whatever was cut off before: several processes may write.
            with self._file.open("a", encoding="utf-8") as file:
                file.write("\n" + json.dumps([key, self.known[key]]))
        return self.known[key]

    def _validated(self, configuration: Mapping[str, Any]) -> float:
        selection = optional("sklearn.model_selection", extra="spaces", user=self.name)
        inputs, targets, regression = self._data
        kind = selection.KFold if regression else selection.StratifiedKFold
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of trainings cut short, of rare classes
            try:
                scores = selection.cross_val_score(
                    self.kind.make(configuration),
                    inputs,
                    targets,
                    scoring="r2" if regression else "balanced_accuracy",
                    cv=kind(_FOLDS, shuffle=True, random_state=0),
                    error_score="raise",
                )
            except ValueError:
                return nan
        score = float(np.mean(scores))
        return round(score, 9) if isfinite(score) else nan


@cache
def model_tasks() -> tuple[ModelTask, ...]:
    """All tasks of the suite."""
    return tuple(ModelTask(model, source) for model, source in PAIRS)
