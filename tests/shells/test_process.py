"""Shells know no task: another process runs in them as it is, and broken ones are found."""

from __future__ import annotations

import numpy as np
import pytest
from toy_process import TrainingProcess

from hpo_gym.shells.scalar import ScalarShell
from hpo_gym.shells.vector import VectorShell
from hpo_gym.testing import check_process
from hpo_gym.tuning import Options, TuningProcess


def test_another_process_passes_all_checks():
    check_process(TrainingProcess)


@pytest.mark.parametrize(
    "options",
    [{}, {"stop": True, "observation": "history"}, {"family": "binormal", "start": "none"}],
    ids=str,
)
def test_the_tuning_process_passes_too(options):
    options = {"max_evaluations": 5, **options}
    check_process(lambda: TuningProcess(Options(**options)), rows=4, steps=60)


def test_a_process_that_cannot_be_drawn_says_so():
    with pytest.raises(ValueError, match="render_mode = 'ansi' is not one of \\[None\\]"):
        ScalarShell(TrainingProcess(), render_mode="ansi")
    assert VectorShell(TrainingProcess(), 2).metadata["render_modes"] == []


class ChangesState(TrainingProcess):
    def step(self, state, action, xp):
        if np.ndim(state.epochs):
            state.epochs[...] += 1.0
        return super().step(state, action, xp)


class MergesInPlace(TrainingProcess):
    def merge(self, old, new, rows):
        for column, fresh in zip(old, new, strict=True):
            if np.ndim(column):
                column[rows] = fresh
        return old


class ForgetsRows(TrainingProcess):
    def merge(self, old, new, rows):
        return super().merge(old, new, rows)._replace(grants=old.grants)


class DrawsForItself(TrainingProcess):
    def begin(self, key, episode, xp):
        state = super().begin(key, episode, xp)
        return state._replace(limit=0.0 * state.limit + np.random.random())


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (ChangesState, "step changed the state"),
        (MergesInPlace, "merge changed the state"),
        (ForgetsRows, "merge did not put"),
        (DrawsForItself, "merge did not put|seed|deterministic"),
    ],
)
def test_broken_processes_are_found(broken, message):
    with pytest.raises(AssertionError, match=message):
        check_process(broken)
