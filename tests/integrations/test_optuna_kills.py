"""Studies that are shared by processes which die at any time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from optuna.trial import TrialState

from tests.support import shared_study
from tests.support.shared_study import TRIALS, open_study, score

ROOT = Path(__file__).parents[2]


def start(storage):
    return subprocess.Popen(
        [sys.executable, shared_study.__file__, storage],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        start_new_session=True,
        stderr=subprocess.DEVNULL,
    )


def complete(study):
    trials = study.get_trials(states=(TrialState.COMPLETE,))
    return {trial.number: (trial.params, trial.value) for trial in trials}


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", "journal"])
def test_no_finished_trial_is_lost_and_none_is_done_twice(kind, tmp_path):
    path = tmp_path / f"study.{kind}"
    storage = f"sqlite:///{path}" if kind == "sqlite" else str(path)
    study = open_study(storage)
    kept = {}
    for wanted in (8, 22, TRIALS):
        script, deadline = start(storage), time.monotonic() + 240.0
        while script.poll() is None and (wanted == TRIALS or len(complete(study)) < wanted):
            assert time.monotonic() < deadline, f"{len(complete(study))} trials are complete"
            time.sleep(0.05)
        if wanted < TRIALS:
            os.killpg(script.pid, signal.SIGKILL)
        script.wait()
        now = complete(study)
        assert len(now) >= wanted
        assert {number: now[number] for number in kept} == kept
        kept = now
    assert TRIALS <= len(kept) < TRIALS + shared_study.WORKERS
    assert all(score(**params) == value for params, value in kept.values())
    # Those that were running when they were killed are not evaluated again either.
    begun = [trial.params for trial in study.trials if len(trial.params) == 3]
    assert len({tuple(sorted(params.items())) for params in begun}) == len(begun)
    assert len(study.trials) <= len(kept) + 2 * shared_study.WORKERS
