"""The command line of `tune`, and the target that it names."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from hpo_gym.commands.checks import require_count, require_writable
from hpo_gym.commands.tune.function_target import FunctionTarget
from hpo_gym.commands.tune.model_target import ModelTarget, load_table
from hpo_gym.commands.tune.targets import Target
from hpo_gym.executors.executor import Executor
from hpo_gym.executors.here import Here
from hpo_gym.executors.named import executor_named
from hpo_gym.optional import optional
from hpo_gym.references import absolute

_METRICS = {"classification": "balanced_accuracy", "regression": "r2"}
_SQLITE = b"SQLite format 3\0"
"""What its files begin with."""
_USELESS = {
    "objective": ("target", "model", "task", "folds"),
    "csv": ("space",),
    "dataset": ("space", "target"),
}
"""Options that do not go with another."""


@dataclass(frozen=True)
class Arguments:
    """Command line."""

    objective: str | None = None
    """What to tune: a function, as module:function or path/to/file.py:function."""
    space: Path | None = None
    """A .toml or .json file with the parameters of the function, unless they are annotated."""
    csv: Path | None = None
    """Or a table to learn from, whose first line names the columns."""
    target: str | None = None
    """The column of the table to predict."""
    dataset: Literal["iris", "wine", "breast_cancer", "digits", "diabetes"] | None = None
    """Or a data set that comes with scikit-learn."""
    model: Literal["linear", "forest", "boosting", "svm", "neighbors", "mlp"] | None = None
    """The model to tune on a table or data set; boosting, if none is named."""
    task: Literal["classification", "regression"] | None = None
    """What to learn; told by the column, if nothing is said."""
    folds: int | None = None
    """Number of parts of the data, each of which is predicted once; 5, if nothing is said."""
    metric: str | None = None
    """For a model the name of a scorer, balanced_accuracy or r2 if none is given; for a function
    that returns a dict, the name of the value to tune."""
    goal: Literal["maximize", "minimize"] = "maximize"
    """Whether high or low values of a function are good; scorers are all maximized."""
    start: str | None = None
    """A configuration to try first, such as your defaults, in JSON: '{"lr": 0.01, "layers": 2}'."""
    budget: int = 32
    """Number of evaluations, those of earlier runs included."""
    seed: int = 0
    """Seed of the tuner and of the division of the data."""
    executor: str | None = None
    """Where evaluations run, several at a time: processes:4 on this machine, dask://host:port on
    the workers of a Dask cluster, dask on one that is made here; one after another in this process,
    if none is named."""
    timeout: float | None = None
    """Seconds that an evaluation may take; then it is ended, and has failed."""
    out: Path | None = None
    """Folder of figures and of the best configuration; results/tune/NAME, if none is named."""
    study: Path | None = None
    """File of the Optuna study, which is gone on with if it exists; study.sqlite in the folder."""
    plots: bool = True
    """Draw figures at the end."""

    def check(self) -> None:
        """Check all that can be checked before the target is known.

        Raises:
            ValueError: Something is out of bounds, missing, or contradicts something else.
            ImportError: A library is missing.
        """
        require_count("--budget", self.budget, 1, 100_000)
        require_count("--seed", self.seed, 0, 2**32 - 1)
        if self.timeout is not None and not 0 < self.timeout < float("inf"):
            raise ValueError(f"--timeout {self.timeout:g} must be a number of seconds > 0")
        self.make_executor()
        if self.folds is not None:
            require_count("--folds", self.folds, 2, 100)
        given = [n for n in ("objective", "csv", "dataset") if getattr(self, n) is not None]
        if len(given) != 1:
            got = " and ".join(f"--{name}" for name in given) or "none of them"
            raise ValueError(
                "name what to tune: --objective module:function, --csv FILE --target COLUMN or "
                f"--dataset NAME; got {got}"
            )
        useless = [name for name in _USELESS[given[0]] if getattr(self, name) is not None]
        if useless:
            raise ValueError(f"--{useless[0]} does not go with --{given[0]}: leave it out")
        if self.csv is not None and self.target is None:
            raise ValueError("--csv needs the column to predict: --target COLUMN")
        if given[0] != "objective" and self.goal == "minimize":
            raise ValueError(
                "--goal minimize is for functions: scorers are maximized, also --metric "
                "neg_log_loss or neg_mean_absolute_error"
            )

    def make_executor(self) -> Executor:
        """What evaluates.

        Raises:
            ValueError: There is none of this name.
            ImportError: A library is missing.
        """
        if self.executor is None and self.timeout is None:
            return Here()  # which has all threads, and shows what the function prints
        name = "processes:1" if self.executor is None else self.executor
        return executor_named(name, limit=self.timeout)

    def read_target(self) -> Target:
        """What is to be tuned, checked.

        Raises:
            ValueError: The function or the data cannot be used.
            OSError: A file cannot be read.
        """
        if self.objective is not None:
            file = None if self.space is None else str(self.space.resolve())
            target = FunctionTarget(absolute(self.objective), file, self.metric or "value")
            target.prepare()
            return target
        optional("sklearn", extra="tune", user="tuning a model")
        source = str(self.dataset or Path(str(self.csv)).resolve())
        task = load_table(source, self.target, self.task).task
        model = ModelTarget(
            self.model or "boosting",
            source,
            self.target,
            task,
            self.metric or _METRICS[task],
            self.folds or 5,
            self.seed,
        )
        _check_data(model)
        return model

    def read_start(self, target: Target) -> dict[str, Any] | None:
        """The configuration to try first; None if none was named.

        Raises:
            ValueError: It is no configuration of the target.
        """
        if self.start is None:
            return None
        try:
            start = json.loads(self.start)
            if not isinstance(start, dict):
                raise ValueError("it must be an object with a value for every parameter")
            target.space.unit(start)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"--start {self.start}: {error}") from error
        return {name: start[name] for name in target.space.names}

    def places(self, target: Target) -> tuple[Path, Path]:
        """The folder for results and the file of the study.

        Raises:
            ValueError: One of them cannot be written.
        """
        out = self.out or Path("results/tune") / target.name
        study = self.study or out / "study.sqlite"
        if study.is_dir():
            raise ValueError(f"--study {study} is a folder; name a file in it")
        if study.exists():
            with study.open("rb") as opened:
                if opened.read(len(_SQLITE)) not in (b"", _SQLITE):
                    raise ValueError(f"--study {study} is another file, no study; name another one")
        require_writable("--out", out)
        require_writable("--study", study.parent)
        return out, study


def _check_data(target: ModelTarget) -> None:
    """Check that a target can be divided and scored.

    Raises:
        ValueError: It cannot.
    """
    targets, folds = target.table.targets, target.folds
    if len(targets) < 2 * folds:
        raise ValueError(f"{len(targets)} rows are too few for --folds {folds}")
    if target.task == "classification":
        counts: Counter[Any] = Counter(targets.tolist())
        most = max(counts.values())
        if len(counts) < 2:
            why = "; ".join(target.table.notes) or "choose another column"
            raise ValueError(
                f"all rows are of one class, {next(iter(counts))!r}: nothing to learn; {why}"
            )
        if most < folds:
            raise ValueError(
                f"the most frequent of {len(counts)} classes has {most} rows, fewer than --folds "
                f"{folds}; choose another column, or --task regression for numbers"
            )
    target.try_scorer()
