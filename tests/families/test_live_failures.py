"""Live trainings that go wrong lose nothing; no process stays behind."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import time

import gymnasium as gym
import numpy as np
import pytest
from live_classifiers import Log, family

from hpo_gym import TuningEnv, TuningVectorEnv
from hpo_gym.families import LiveFamily

OPTIONS = {"start": "none", "max_evaluations": 8, "observation": "history"}
WORDS = {
    "raises": "ArithmeticError: it went wrong",
    "hangs": "no answer within 1 s",
    "dies": "exit code -9",
    "one column": r"predict_proba gave the shape \(60,\) for 60 cases",
}


def action(live, thr, epochs, lr):
    return np.array(live.space.unit({"thr": thr, "epochs": epochs, "lr": lr}), np.float32)


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("mode", ["raises", "hangs", "dies", "one column", "NaN"])
def test_what_goes_wrong_is_a_failed_evaluation_and_nothing_else(tmp_path, mode):
    log = Log(tmp_path / "epochs")
    live = family(mode=mode, log=log.path, time_limit=1.0 if mode == "hangs" else 60.0)
    env = TuningEnv(family=live, **OPTIONS)
    env.reset(seed=0)
    for lr in (0.3, 0.1):
        observation, *_, before = env.step(action(live, 0.5, 5, lr))
    log.new()
    wrong = action(live, 0.5, 7, 2.0)
    if mode == "NaN":  # the number that a training gave, not an error: nothing is to be said
        failed, reward, *_, info = env.step(wrong)
    else:
        with pytest.warns(RuntimeWarning, match=WORDS[mode]):
            failed, reward, *_, info = env.step(wrong)
    assert info["failed"] is True and info["evaluations"] == 3
    assert [info[name] for name in live.metrics] == [0.0] * 5
    assert info["cost"] == pytest.approx(0.002 + 0.02 * 7 / 100) == -reward
    assert info["best_f1"] == before["best_f1"] > 0.0
    seen, seen_before = map(env.process.encoder.decode, (failed, observation))
    assert seen.history_filled.tolist() == [1, 1, 1, 0, 0, 0, 0, 0]
    assert seen.history_features[2].tolist() == [0.0, 0.0, 1.0, 0.0, 0.0]  # the worst, also loss
    np.testing.assert_array_equal(seen.history_features[:2], seen_before.history_features[:2])
    np.testing.assert_array_equal(seen.best_unit, seen_before.best_unit)
    assert set(log.new()) <= {info["lr"]}
    *_, again = env.step(action(live, 0.5, 5, 0.1))  # known before: nothing is trained
    assert {n: again[n] for n in live.metrics} == {n: before[n] for n in live.metrics}
    assert log.new() == []
    *_, info = env.step(action(live, 0.5, 6, 0.1))  # more of what was known, in a new process
    assert info["failed"] is False and info["f1"] > 0.0
    assert len(log.new()) == (6 if mode in ("hangs", "dies") else 1)
    *_, info = env.step(action(live, 0.5, 3, 0.7))
    assert info["failed"] is False and info["evaluations"] == 6
    env.close()


def test_a_vector_environment_fails_row_by_row():
    live = family(mode="dies")
    envs = TuningVectorEnv(3, family=live, **OPTIONS)
    envs.reset(seed=0)
    with pytest.warns(RuntimeWarning, match=r"\(row 1\): .*exit code -9"):
        *_, infos = envs.step([action(live, 0.5, 4, lr) for lr in (0.1, 3.0, 0.2)])
    assert infos["failed"].tolist() == [False, True, False]
    assert (infos["f1"] > 0.0).tolist() == [True, False, True]
    envs.close()


def test_a_process_that_is_killed_between_evaluations_is_not_missed():
    live = family()
    env = TuningEnv(family=live, **OPTIONS)
    env.reset(seed=0)
    *_, info = env.step(action(live, 0.5, 5, 0.1))
    os.kill(live._trainer.pid, signal.SIGKILL)
    live._trainer._child.process.join()
    *_, more = env.step(action(live, 0.5, 6, 0.1))
    assert info["failed"] is more["failed"] is False
    *_, again = env.step(action(live, 0.5, 5, 0.1))
    assert again["loss"] == info["loss"] > more["loss"]
    env.close()


def test_a_model_that_cannot_be_made_fails_every_time_and_leaves_no_process():
    live = family(model=no_model)
    env = TuningEnv(family=live, **OPTIONS)
    env.reset(seed=0)
    for _ in range(2):
        with pytest.warns(RuntimeWarning, match="LookupError: no such model"):
            *_, info = env.step(action(live, 0.5, 5, 0.1))
        assert info["failed"] is True
        assert live._trainer.pid is None


def no_model(lr, seed):
    raise LookupError("no such model")


@pytest.mark.parametrize("make", [gym.make, gym.make_vec])
def test_closing_leaves_no_process(make):
    live = family()
    given = {"num_envs": 2} if make is gym.make_vec else {}
    env = make("hpo_gym:LiveHPO-v0", family=live, max_evaluations=8, **given)
    used = env.unwrapped.process.family
    env.reset(seed=0)
    env.step(env.action_space.sample())
    pid = used._trainer.pid
    assert alive(pid)
    env.close()
    assert not alive(pid)
    assert used._trainer.pid is None
    env.close()


def test_a_daemon_that_can_start_no_trainings_is_told_so():
    with multiprocessing.get_context("spawn").Pool(1) as daemons:
        with pytest.raises(RuntimeError, match="AsyncVectorEnv daemon=False"):
            daemons.apply(LiveFamily, ("wine",))


def test_an_environment_that_was_closed_or_forgotten_is_no_trap():
    live = family()
    env = TuningEnv(family=live, **OPTIONS)
    env.reset(seed=0)
    env.step(action(live, 0.5, 5, 0.1))
    env.close()
    *_, info = env.step(action(live, 0.5, 5, 0.2))  # in another process
    assert info["failed"] is False
    pid = live._trainer.pid
    del env, live
    gc.collect()
    deadline = time.monotonic() + 10.0
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not alive(pid)
