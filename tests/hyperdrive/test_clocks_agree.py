"""The virtual clock against processes that report the same values at the same times."""

import json

import pytest
from hyperdrive_runs import config, experiment, script

from hpo_gym.hyperdrive import (
    BanditPolicy,
    FamilyRunConfig,
    GridParameterSampling,
    MedianStoppingPolicy,
    choice,
)
from hpo_gym.hyperdrive.engine import Job
from hpo_gym.hyperdrive.virtual import curves_of

pytestmark = pytest.mark.slow

PLAYED = """
    import argparse, json, os, time
    from hpo_gym.hyperdrive import Run

    parser = argparse.ArgumentParser()
    parser.add_argument("--curves", type=json.loads)
    parser.add_argument("--seconds", type=json.loads)
    parser.add_argument("--thr")
    parser.add_argument("--lr")
    arguments = parser.parse_args()
    run = Run.get_context()
    seconds = arguments.seconds[run.number]
    begun = os.stat("train.py").st_ctime  # this copy was made when the child started
    run.log("late", time.time() - begun - seconds)
    for number, value in enumerate(arguments.curves[arguments.lr], start=1):
        time.sleep(max(0.0, begun + number * seconds - time.time()))
        run.log("f1", value)
"""
"""Epochs begin with the child, not when Python has started at last."""


def order(run):
    """Who started and who ended, in order; how everybody ended, and after how many intervals."""
    rows = run.rows()
    started = [row.number for row in sorted(rows, key=lambda row: row.started)]
    ended = [row.number for row in sorted(rows, key=lambda row: row.ended)]
    return started, ended, [(row.status, row.terminated, row.curve) for row in rows]


@pytest.mark.parametrize(
    ("policy", "rates", "seconds", "lengths"),
    [
        (
            BanditPolicy(slack_factor=0.05),
            (0.1, 2.0, 0.003, 0.02, 0.03, 0.01),
            (1.28, 0.96, 0.65, 1.14, 1.15, 1.14),
            [2, 4, 1, 1, 1, 1],
        ),
        (
            MedianStoppingPolicy(delay_evaluation=2),
            (0.1, 0.003, 1.0, 2.0, 0.03, 0.05),
            (0.76, 1.0, 0.76, 1.0, 1.16, 1.18),
            [4, 2, 3, 4, 2, 2],
        ),
    ],
)
def test_order_and_decisions_are_those_of_processes(tmp_path, policy, rates, seconds, lengths):
    """Six children by two workers; reports are at least 0.24 s apart, of any two children."""
    options = {
        "hyperparameter_sampling": GridParameterSampling(
            {"thr": choice(0.4), "lr": choice(list(rates))}
        ),
        "policy": policy,
        "max_total_runs": 6,
        "max_concurrent_runs": 2,
    }
    target = FamilyRunConfig("recorded", task=3, epochs=4, epoch_duration=seconds)
    virtual = experiment(tmp_path).submit(config(target, **options))
    virtual.wait_for_completion()
    assert [len(row.curve) for row in virtual.rows()] == lengths
    # The noise of a child depends on its number, and so do the curves that are played.
    curves = {
        str(lr): curves_of(target, Job(number, {"thr": 0.4, "lr": lr}, None))["f1"]
        for number, lr in enumerate(rates)
    }
    for scale in (1, 2, 4):  # a machine may be too busy to start a process in time
        scaled = [scale * each for each in seconds]
        words = ["--curves", json.dumps(curves), "--seconds", json.dumps(scaled)]
        real = experiment(tmp_path).submit(
            config(script(tmp_path, PLAYED, arguments=words), **options)
        )
        real.wait_for_completion()
        late = max(metrics["late"] for metrics in real.get_metrics().values())
        if late < 0.0:
            break
    assert late < 0.0, "the machine is too slow for this test"
    assert order(real) == order(virtual)
