"""Runs of HyperDrive for tests: quick scripts, and configurations of them."""

import json
import os
import textwrap
import time
from pathlib import Path

import optuna

from hpo_gym.hyperdrive import (
    Experiment,
    FamilyRunConfig,
    GridParameterSampling,
    HyperDriveConfig,
    PrimaryMetricGoal,
    RandomParameterSampling,
    ScriptRunConfig,
    Workspace,
    choice,
    uniform,
)

CURVES = """
    import argparse, json, time
    from hpo_gym.hyperdrive import Run

    parser = argparse.ArgumentParser()
    parser.add_argument("--values", type=json.loads)
    parser.add_argument("--seconds", type=float, default=0.0)
    arguments = parser.parse_args()
    run = Run.get_context()
    begun = time.monotonic()
    for number, value in enumerate(arguments.values, start=1):
        time.sleep(max(0.0, begun + number * arguments.seconds - time.monotonic()))
        run.log("f1", value)
"""
"""A script that reports what it is told to, at even intervals."""

LOGS = """
    from hpo_gym.hyperdrive import Run

    Run.get_context().log("f1", 1)
"""
"""The shortest script that logs the primary metric."""


def experiment(folder):
    return Experiment(Workspace(folder / "hyperdrive"), "tests")


def script(folder, text, **options):
    """The configuration of a script with this text."""
    source = Path(folder) / "source"
    source.mkdir(exist_ok=True)
    (source / "train.py").write_text(textwrap.dedent(text))
    return ScriptRunConfig(source, "train.py", **options)


def config(target, space=None, **options):
    given = {
        "hyperparameter_sampling": RandomParameterSampling(space or {"x": uniform(0, 1)}),
        "primary_metric_name": "f1",
        "primary_metric_goal": PrimaryMetricGoal.MAXIMIZE,
        "max_total_runs": 4,
        "run_config": target,
    }
    return HyperDriveConfig(**{**given, **options})


def family_config(space=None, target=None, **options):
    """A configuration on the recorded family."""
    target = target or FamilyRunConfig("recorded")
    return config(target, space or {"thr": uniform(0, 1), "lr": choice(0.1, 0.3, 1.0)}, **options)


def grid(**lists):
    return GridParameterSampling({name: choice(values) for name, values in lists.items()})


def texts(*curves):
    """Choices of what `CURVES` reports."""
    return grid(values=[json.dumps(curve) for curve in curves])


def study_of(run):
    file = run.folder / "study.sqlite"
    return optuna.load_study(study_name=run.id, storage=f"sqlite:///{file}")


def wait_for(condition, seconds=60.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.05)


def processes_with(text):
    """Numbers of the processes whose environment or command line has a text."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            facts = (folder / "environ").read_bytes() + (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if text.encode() in facts and int(folder.name) != os.getpid():
            found.append(int(folder.name))
    return found
