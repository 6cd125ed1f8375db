"""Shells know no task: another process runs in them as it is, and broken ones are found."""

from __future__ import annotations

import operator

import numpy as np
import pytest
from toy_process import State, TrainingProcess

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


class MergesArraysInPlace(TrainingProcess):
    """Gives the right state, and spoils `old`, not all of which is shown."""

    def merge(self, old, new, rows):
        columns = [c if np.ndim(c) else np.full(old.key.shape, c) for c in old]
        for column, fresh in zip(columns, new, strict=True):
            column[rows] = fresh
        return State(*columns)


class StepsOneRow(TrainingProcess):
    def step(self, state, action, xp):
        return super().step(state, operator.index(action), xp)


class InfoTooShort(TrainingProcess):
    def info(self, state, xp):
        return super().info(state, xp)[:-1]


class FailsAtTheEnd(TrainingProcess):
    def read_episode(self, options, rows):
        self.episodes = getattr(self, "episodes", 0) + 1
        if self.episodes > 4:
            raise KeyError("no more episodes")


class ForgetsRows(TrainingProcess):
    def merge(self, old, new, rows):
        return super().merge(old, new, rows)._replace(grants=old.grants)


class DrawsForItself(TrainingProcess):
    def begin(self, key, turn, episode, xp):
        state = super().begin(key, turn, episode, xp)
        return state._replace(limit=0.0 * state.limit + np.random.random())


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (ChangesState, "step changed the state"),
        (MergesInPlace, "merge changed the state"),
        (MergesArraysInPlace, "merge changed the state"),
        (StepsOneRow, "read_rows and step must take .* it raised TypeError"),
        (InfoTooShort, "info gives 3 values"),
        (FailsAtTheEnd, "must pass .*: it raised KeyError: 'no more episodes'"),
        (ForgetsRows, "merge did not put"),
        (DrawsForItself, "merge did not put|seed|deterministic"),
    ],
)
@pytest.mark.parametrize("rows", [1, 3, 5])
def test_broken_processes_are_found(broken, message, rows):
    with pytest.raises(AssertionError, match=message):
        check_process(broken, rows=rows)
