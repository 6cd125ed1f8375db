"""Tables: what a classifier does on a data set over the grid, with three training seeds."""

from __future__ import annotations

import io
import json
import time
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpo_gym import rng
from hpo_gym.families.recorded.grid import EPOCHS, SHAPE, THRS, ZS
from hpo_gym.files import write_atomic
from scripts.recording.sources import Problem
from scripts.recording.training import Array, logits, train

MODELS = {"logistic": 0, "mlp-8": 8, "mlp-32": 32, "mlp-64": 64}
"""Hidden units of the classifiers."""
SEEDS = (0, 1, 2)
"""Training seeds: of the initial weights, and of the order of the cases."""
VERSION = 1
"""Raised by every change of what is recorded: older tables are recorded anew."""
MOST_LOSS = 10.0
"""Losses above it, and of networks that are not finite, count as it."""


@dataclass(frozen=True)
class Facts:
    """What a table is of.

    Attributes:
        name: Data set, positive class and model, such as "keel/vehicle:2 mlp-8".
        origin: Data sets of one origin share cases.
        rows: Cases, of training and validation part together.
        columns: Inputs of the classifier.
        positives: Positive cases of the validation part.
        negatives: Negative ones.
        version: `VERSION`.
    """

    name: str
    origin: str
    rows: int
    columns: int
    positives: int
    negatives: int
    version: int = VERSION


@dataclass(frozen=True)
class Table:
    """A recorded table.

    Attributes:
        facts: What it is of.
        counts: (seeds, 2, learning rates, epochs, thresholds) true and false positives.
        loss: (seeds, learning rates, epochs) mean cross-entropy of the training part.
        seconds: What recording it took.
    """

    facts: Facts
    counts: NDArray[np.uint16]
    loss: NDArray[np.float32]
    seconds: float

    @property
    def f1(self) -> NDArray[np.float64]:
        """(seeds, learning rates, epochs, thresholds); 0 where nothing is predicted."""
        true, false = self.counts[:, 0].astype(float), self.counts[:, 1].astype(float)
        return np.asarray(2.0 * true / (true + false + self.facts.positives))


def facts_of(problem: Problem, model: str) -> Facts:
    """The facts of the table of a problem and a model."""
    positives = int(problem.validation_targets.sum())
    return Facts(
        name=f"{problem.name} {model}",
        origin=problem.origin,
        rows=len(problem.targets) + len(problem.validation_targets),
        columns=problem.inputs.shape[1],
        positives=positives,
        negatives=len(problem.validation_targets) - positives,
    )


def record(problem: Problem, model: str) -> Table:
    """Train with every seed, and count."""
    began = time.process_time()
    facts = facts_of(problem, model)
    rates = 10.0**ZS
    counts = np.empty((len(SEEDS), 2, *SHAPE), dtype=np.uint16)
    loss = np.empty((len(SEEDS), *SHAPE[:2]), dtype=np.float32)
    for seed in SEEDS:
        key = rng.text_key(f"{facts.name}/{seed}")
        shown = train(problem, MODELS[model], rates, EPOCHS.tolist(), key)
        for place, weights in enumerate(shown):
            scores = probabilities(logits(weights, problem.validation_inputs))
            for kind, label in enumerate((1.0, 0.0)):
                cases = scores[problem.validation_targets == label]
                counts[seed, kind, :, place] = at_least(cases)
            loss[seed, :, place] = cross_entropy(logits(weights, problem.inputs), problem.targets)
    return Table(facts, counts, loss, time.process_time() - began)


def probabilities(logit: Array) -> Array:
    """Of the positive class; 0 where a network is not finite."""
    with np.errstate(over="ignore"):
        return np.nan_to_num(1.0 / (1.0 + np.exp(-logit)), nan=0.0)


def at_least(scores: Array) -> NDArray[np.int64]:
    """(L, thresholds) how many of the scores (n, L) reach each threshold; none reaches 1."""
    steps = len(THRS) - 1
    networks = scores.shape[1]
    place = np.minimum((scores * steps).astype(np.int64), steps - 1)
    place += (steps + 1) * np.arange(networks)
    count = np.bincount(place.ravel(), minlength=networks * (steps + 1))
    return np.asarray(count.reshape(networks, -1)[:, ::-1].cumsum(axis=1)[:, ::-1])


def cross_entropy(logit: Array, targets: Array) -> NDArray[np.float64]:
    """(L,) means over the cases, cut off at `MOST_LOSS`."""
    with np.errstate(invalid="ignore"):
        loss = np.logaddexp(0.0, logit) - targets[:, None] * logit
    mean = loss.astype(np.float64).mean(axis=0)
    return np.minimum(np.nan_to_num(mean, nan=MOST_LOSS, posinf=MOST_LOSS), MOST_LOSS)


def path_of(folder: Path, name: str) -> Path:
    """The file of a table."""
    return folder / f"{name.replace('/', '-').replace(' ', '-').replace(':', '-')}.npz"


def save(folder: Path, table: Table) -> None:
    """Write a table: the whole file or nothing."""
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        facts=json.dumps(asdict(table.facts)),
        counts=table.counts,
        loss=table.loss,
        seconds=table.seconds,
    )
    write_atomic(path_of(folder, table.facts.name), buffer.getvalue())


def read(path: Path) -> Table | None:
    """A table, or None if the file is not there or is of something else."""
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
            facts: dict[str, Any] = json.loads(str(file["facts"]))
            parts = file["counts"], file["loss"], float(file["seconds"])
        table = Table(Facts(**facts), *parts)
    except (OSError, EOFError, ValueError, KeyError, TypeError, zipfile.BadZipFile):
        return None
    right = table.facts.version == VERSION and table.counts.shape[2:] == SHAPE
    return table if right else None
