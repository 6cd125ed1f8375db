"""Tune a function, or a model on a table, and keep everything in an Optuna study.

    python -m hpo_gym tune --csv data.csv --target price
    python -m hpo_gym tune --dataset wine --model svm --budget 24
    python -m hpo_gym tune --objective train.py:train --space space.toml --executor processes:4

It ends with the best configuration as a Python program, and with figures. Ctrl-C ends it earlier;
the same command goes on.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

from hpo_gym.commands.checks import plain_errors
from hpo_gym.commands.tune.arguments import Arguments
from hpo_gym.commands.tune.interrupts import Interrupts
from hpo_gym.commands.tune.model_target import ModelTarget
from hpo_gym.commands.tune.report import TrialTable, described, draw, ending
from hpo_gym.commands.tune.targets import Outcome, Target
from hpo_gym.commands.tune.trials import Job, Trials
from hpo_gym.files import write_atomic
from hpo_gym.interrupts import Interrupted
from hpo_gym.locks import alone
from hpo_gym.optional import optional


def main(words: Sequence[str] | None = None) -> None:
    """Run the command.

    Args:
        words: Its command line; None for that of the program.
    """
    with plain_errors():
        tyro = optional("tyro", extra="tune", user="python -m hpo_gym tune")
        arguments = tyro.cli(
            Arguments, args=words, prog="python -m hpo_gym tune", description=__doc__
        )
        sys.exit(tune(arguments))


def tune(arguments: Arguments) -> int:
    """Tune; nothing is written before all that was asked for is checked.

    Returns:
        The exit code: 0 after success, 1 if no evaluation succeeded, 130 or 143 after a signal.

    Raises:
        ValueError: Something that was asked for cannot be done.
        OSError: A file cannot be read or written.
        ImportError: A library is missing.
    """
    arguments.check()
    for library in ("tqdm", "optuna", *(["matplotlib"] if arguments.plots else [])):
        optional(library, extra="tune", user="python -m hpo_gym tune")
    target = arguments.read_target()
    start, (out, file) = arguments.read_start(target), arguments.places(target)
    print(_introduction(target))
    with alone(file):
        trials = Trials(
            file, target, goal=arguments.goal, budget=arguments.budget, seed=arguments.seed
        )
        if start is not None:
            trials.study.enqueue_trial(start, skip_if_exists=True)
        code = _evaluate_all(trials, arguments)
        return _conclude(trials, out, plots=arguments.plots) or code


def _introduction(target: Target) -> str:
    """What is tuned, and over what."""
    lines = [f"Tuning {target.name} over"]
    if isinstance(target, ModelTarget):
        rows, columns = target.table.inputs.shape
        lines = [
            *target.table.notes,
            f"Tuning {target.model} for {target.task} on {rows} rows of {columns} columns, by "
            f"{target.metric} in {target.folds} folds, over",
        ]
    return "\n".join([*lines, described(target.space), ""])


def _evaluate(target: Target, job: Job) -> Outcome:
    return target.evaluate(job.configuration)


def _evaluate_all(trials: Trials, arguments: Arguments) -> int:
    """Evaluate until the budget is spent or a signal comes; returns the exit code."""
    table = TrialTable(trials.target.metric, trials.target.space, arguments.goal)
    print(table.head)
    for trial in trials.over:
        print(table.line(trial))
    executor = arguments.make_executor()
    interrupts, work = Interrupts(), partial(_evaluate, trials.target)
    progress = optional("tqdm", extra="tune", user="the progress bar").tqdm(
        total=arguments.budget, initial=len(trials.over), unit="trial", disable=None, leave=False
    )
    try:
        with (
            interrupts.listen(),
            progress,
            closing(executor.run(trials.jobs(interrupts.shield), work)) as outcomes,
        ):
            for job, outcome in outcomes:
                with interrupts.shield():
                    line = table.line(trials.tell(job, outcome))
                progress.write(line)
                progress.update()
    except Interrupted as interrupted:
        print("Interrupted; the same command goes on.", file=sys.stderr)
        return interrupted.exit_code
    return 0


def _conclude(trials: Trials, out: Path, *, plots: bool) -> int:
    """Print and keep what was found; returns the exit code."""
    print(*ending(trials), sep="\n")
    if trials.best is None:
        print("No evaluation succeeded.", file=sys.stderr)
        return 1
    program = trials.target.code(trials.best.params)
    write_atomic(out / "best.py", program)
    print(program)
    print(f"It stands in {out / 'best.py'}; all trials in {trials.file}.")
    if plots:
        print(*(f"  {line}" for line in draw(trials, out)), sep="\n")
    return 0
