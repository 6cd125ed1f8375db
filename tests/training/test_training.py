"""Training: what is killed and resumed ends as what was never disturbed."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace

import gymnasium as gym
import numpy as np
import pytest
import torch
from tiny_trainings import (
    DQN_SETTINGS,
    NUDGE,
    PPO_SETTINGS,
    PROPOSE,
    QUIET,
    CrashError,
    crash_at_checkpoint,
    press_ctrl_c,
)

from agents.training import checkpoints, sb3_learner, validation
from agents.training.run import ResumableRun, TrainingInterrupted
from agents.training.run_folder import RunFolder
from agents.training.train import train
from agents.training.validation import VALIDATION_SEED, mean_return
from hpo_gym.policies.policy import Policy


def equal(one, other):
    """Whether two checkpoints' nested contents are equal bit by bit."""
    if isinstance(one, torch.Tensor):
        return one.dtype == other.dtype and torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(equal(one[name], other[name]) for name in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(equal, one, other))
    return one == other


def last_model(folder):
    return checkpoints.load(checkpoints.paths(folder / "checkpoints")[-1])["learner"]


def assert_same_end(one, other):
    """Two runs end in the same state of everything and with the same policy."""
    assert equal(last_model(one), last_model(other))
    policies = [Policy.load(folder / "policy") for folder in (one, other)]
    assert policies[0].arrays.keys() == policies[1].arrays.keys()
    for name, array in policies[0].arrays.items():
        assert (array == policies[1].arrays[name]).all()
    assert policies[0].description["validation"] == policies[1].description["validation"]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    train(PPO_SETTINGS, PROPOSE, run_dir=folder, **QUIET)
    return folder


KILLED_TRAINING = """
import os, signal, sys
sys.path[:0] = sys.argv[2].split(os.pathsep)
from agents.training.train import train
from tiny_trainings import PPO_SETTINGS, PROPOSE, QUIET
import hpo_gym.files

writes = []
def fsync(descriptor, original=os.fsync):
    if os.readlink(f"/proc/self/fd/{descriptor}").endswith(".tmp"):
        writes.append(descriptor)
    if len(writes) == 3:  # run.json, the first checkpoint, the second
        os.ftruncate(descriptor, 1000)
        os.kill(os.getpid(), signal.SIGKILL)
    original(descriptor)

os.fsync = fsync
train(PPO_SETTINGS, PROPOSE, run_dir=sys.argv[1], **QUIET)
"""


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="finds the file by /proc")
def test_kill_in_the_checkpoint_write_then_resume(undisturbed, tmp_path):
    command = [sys.executable, "-c", KILLED_TRAINING, tmp_path, os.pathsep.join(sys.path)]
    killed = subprocess.run(command, check=False, capture_output=True, text=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    folder = tmp_path / "checkpoints"
    assert [path.name for path in checkpoints.paths(folder)] == ["000000000112.checkpoint"]
    assert len(list(folder.iterdir())) == 2  # and half a temporary file
    assert not (tmp_path / "policy.npz").exists()
    train(PPO_SETTINGS, PROPOSE, run_dir=tmp_path, resume=True, **QUIET)
    assert_same_end(tmp_path, undisturbed)
    assert len(list(folder.iterdir())) == 2  # the last two checkpoints and nothing else


def test_dqn_goes_on_where_it_crashed(tmp_path, monkeypatch):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    train(DQN_SETTINGS, NUDGE, run_dir=whole, **QUIET)
    with monkeypatch.context() as patched:
        crash_at_checkpoint(patched, 3)
        with pytest.raises(CrashError):
            train(DQN_SETTINGS, NUDGE, run_dir=broken, **QUIET)
    assert last_model(broken)["replay"]["full"]
    train(DQN_SETTINGS, NUDGE, run_dir=broken, resume=True, **QUIET)
    assert_same_end(whole, broken)


def test_a_crash_before_the_first_checkpoint_costs_only_that(undisturbed, tmp_path, monkeypatch):
    with monkeypatch.context() as patched:
        crash_at_checkpoint(patched, 1)
        with pytest.raises(CrashError):
            train(PPO_SETTINGS, PROPOSE, run_dir=tmp_path, **QUIET)
    train(PPO_SETTINGS, PROPOSE, run_dir=tmp_path, resume=True, **QUIET)
    assert_same_end(tmp_path, undisturbed)


def test_another_seed_ends_elsewhere(undisturbed, tmp_path):
    train(PPO_SETTINGS, PROPOSE, seed=1, run_dir=tmp_path, **QUIET)
    parameters = [last_model(folder)["parameters"]["policy"] for folder in (undisturbed, tmp_path)]
    assert not equal(*parameters)


def test_training_without_a_folder_gives_the_same_policy(undisturbed):
    policy, seconds = train(PPO_SETTINGS, PROPOSE, **QUIET)
    expected = Policy.load(undisturbed / "policy")
    assert all((array == expected.arrays[name]).all() for name, array in policy.arrays.items())
    assert seconds > 0


def test_the_policy_describes_its_training(tmp_path):
    arguments = {"env_options": {"max_evaluations": 4}, "seed": 3, "command": "the command"}
    settings = replace(PPO_SETTINGS, normalize_reward=False, normalize_observations=False)
    policy, _ = train(settings, PROPOSE, run_dir=tmp_path, **arguments, **QUIET)
    written = json.loads((tmp_path / "policy.json").read_text())
    assert written == policy.description
    assert written["environment"] == {"id": PROPOSE, "options": {"max_evaluations": 4}}
    assert (written["algorithm"], written["seed"], written["command"]) == ("PPO", 3, "the command")
    assert written["settings"]["hidden"] == [8]
    assert written["steps"] <= 336 and written["steps"] % 56 == 0
    assert written["versions"].keys() >= {"torch", "numpy", "hpo-gym"}
    score = mean_return(policy, written["environment"], 8)
    assert written["validation"]["mean_return"] == score
    assert list((tmp_path / "tensorboard").glob("events.out.tfevents*"))


def test_the_best_evaluation_is_kept(tmp_path, monkeypatch):
    scores = iter([0.1, 0.3, 0.2])
    monkeypatch.setattr(validation, "mean_return", lambda *_: next(scores))
    policy, _ = train(PPO_SETTINGS, PROPOSE, **QUIET)
    assert policy.description["validation"]["mean_return"] == 0.3
    assert policy.description["steps"] == 224


@pytest.mark.parametrize("options", [{}, {"stop": True}, {"max_evaluations": 3}])
def test_mean_return_equals_single_environments(options):
    policy, _ = train(replace(PPO_SETTINGS, total_steps=56), PROPOSE, env_options=options, **QUIET)
    env, returns = gym.make(PROPOSE, **options), []
    for episode in range(6):
        observation, _ = env.reset(seed=VALIDATION_SEED + episode)
        returns.append(0.0)
        terminated = False
        while not terminated:
            action, _ = policy.predict(observation, deterministic=True)
            observation, reward, terminated, _, _ = env.step(action)
            returns[-1] += reward
    found = mean_return(policy, {"id": PROPOSE, "options": options}, 6)
    assert found == pytest.approx(np.mean(returns), abs=1e-6)


def test_training_seeds_lie_above_all_others(monkeypatch):
    seeds = []
    original = sb3_learner.NativeVecEnv.seed

    def seed(self, seed=None):
        seeds.append(seed)
        return original(self, seed)

    monkeypatch.setattr(sb3_learner.NativeVecEnv, "seed", seed)
    train(PPO_SETTINGS, PROPOSE, **QUIET)
    used = seeds[1:]  # the first is SB3's own, replaced before any reset
    assert len(used) == len(set(used)) == 3
    assert min(used) >= 2**32


def finished_copy(undisturbed, tmp_path):
    """The undisturbed run without its end, as if it had been killed after two checkpoints."""
    for file in ("run.json", "checkpoints"):
        subprocess.run(["cp", "-r", undisturbed / file, tmp_path / file], check=True)
    return checkpoints.paths(tmp_path / "checkpoints")


@pytest.mark.parametrize("damage", ["truncated", "flipped", "empty"])
def test_a_corrupt_checkpoint_is_passed_over(undisturbed, tmp_path, damage, capsys):
    _, last = finished_copy(undisturbed, tmp_path)
    data = bytearray(last.read_bytes())
    data[len(data) // 2] ^= 1
    last.write_bytes({"truncated": data[:-10], "flipped": data, "empty": b""}[damage])
    with pytest.raises(ValueError, match=rf"{last.name} is corrupt"):
        checkpoints.load(last)
    train(PPO_SETTINGS, PROPOSE, run_dir=tmp_path, resume=True, **QUIET)
    assert f"warning: checkpoint {last} is corrupt" in capsys.readouterr().err
    assert_same_end(tmp_path, undisturbed)


def test_no_whole_checkpoint_is_an_error(undisturbed, tmp_path):
    for path in finished_copy(undisturbed, tmp_path):
        path.write_bytes(b"")
    with pytest.raises(ValueError, match=r"no checkpoint .* is whole .* --overwrite"):
        train(PPO_SETTINGS, PROPOSE, run_dir=tmp_path, resume=True, **QUIET)


def test_a_finished_run_resumes_to_its_result(undisturbed, tmp_path):
    finished_copy(undisturbed, tmp_path)
    train(PPO_SETTINGS, PROPOSE, run_dir=tmp_path, resume=True, **QUIET)
    assert_same_end(tmp_path, undisturbed)


@pytest.mark.parametrize(
    ("settings", "arguments", "message"),
    [
        (replace(PPO_SETTINGS, gamma=0.5), {}, "settings.gamma was 0.99 and is now 0.5"),
        (PPO_SETTINGS, {"seed": 1}, "seed was 0 and is now 1"),
        (PPO_SETTINGS, {"env_options": {"stop": True}}, "environment.options.stop was None"),
    ],
)
def test_other_settings_are_not_resumed(undisturbed, settings, arguments, message):
    with pytest.raises(ValueError, match=message):
        train(settings, PROPOSE, run_dir=undisturbed, resume=True, **arguments, **QUIET)


def test_runs_are_neither_overwritten_nor_invented(tmp_path):
    with pytest.raises(FileNotFoundError, match="no run to resume"):
        train(PPO_SETTINGS, PROPOSE, run_dir=tmp_path, resume=True)
    with pytest.raises(ValueError, match="needs one and no overwrite"):
        train(PPO_SETTINGS, PROPOSE, resume=True)
    folder, bystander = RunFolder(tmp_path), tmp_path / "notes.txt"
    bystander.write_text("mine")
    folder.begin({"seed": 0}, overwrite=False)
    folder.policy.write_text("a policy")
    with pytest.raises(FileExistsError, match=r"--resume.*--overwrite"):
        folder.begin({"seed": 0}, overwrite=False)
    folder.begin({"seed": 1}, overwrite=True)
    assert not folder.policy.exists() and bystander.exists()
    written = ("run.json", "policy.npz", "policy.json")
    for step in (lambda: folder.resume({"seed": 1}), lambda: folder.begin({}, overwrite=True)):
        leftovers = [tmp_path / f".{name}.123.tmp" for name in written]  # of a killed writer
        for file in (*leftovers, tmp_path / ".notes.txt.123.tmp"):
            file.write_text("half")
        step()
        assert not any(file.exists() for file in leftovers)
        assert (tmp_path / ".notes.txt.123.tmp").exists()
    folder.begin({"seed": 1}, overwrite=True)
    assert folder.resume({"seed": 1}) is None
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(ValueError, match=r"run.json is corrupt"):
        folder.resume({"seed": 1})


def test_ctrl_c_saves_and_the_run_can_go_on(undisturbed, tmp_path, monkeypatch):
    handler = signal.getsignal(signal.SIGINT)
    with monkeypatch.context() as patched:
        press_ctrl_c(patched)
        with pytest.raises(TrainingInterrupted, match=r"after 112 of 336 steps"):
            train(PPO_SETTINGS, PROPOSE, run_dir=tmp_path, **QUIET)
    assert signal.getsignal(signal.SIGINT) is handler
    assert Policy.load(tmp_path / "policy").description["steps"] == 112
    train(PPO_SETTINGS, PROPOSE, run_dir=tmp_path, resume=True, **QUIET)
    assert_same_end(tmp_path, undisturbed)


def test_ctrl_c_in_mid_interval_loses_nothing(tmp_path, monkeypatch):
    original = ResumableRun.advance

    def press(self):
        os.kill(os.getpid(), signal.SIGINT)
        return original(self)

    with monkeypatch.context() as patched:
        patched.setattr(ResumableRun, "advance", press)
        # The second Ctrl-C, in the next step, does not wait.
        with pytest.raises(KeyboardInterrupt) as interrupted:
            train(PPO_SETTINGS, PROPOSE, run_dir=tmp_path / "twice", **QUIET)
        assert interrupted.type is KeyboardInterrupt
        train_one = replace(PPO_SETTINGS, n_steps=1, batch_size=8)
        with pytest.raises(TrainingInterrupted, match="after 8 of 336 steps"):
            train(train_one, PROPOSE, run_dir=tmp_path / "once", **QUIET)
    train(train_one, PROPOSE, run_dir=tmp_path / "once", resume=True, **QUIET)
    assert last_model(tmp_path / "once")["counters"]["num_timesteps"] == 336
