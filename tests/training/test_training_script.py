"""Training: its command line and its bad settings."""

import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from tiny_trainings import DQN_SETTINGS, PPO_SETTINGS, PROPOSE, QUIET, press_ctrl_c

from agents.training.dqn import DQNSettings
from agents.training.ppo import PPOSettings
from agents.training.train import train
from hpo_gym.policies.policy import Policy
from scripts.train_ppo import Arguments, run


def test_the_script_says_how_to_resume(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["train_ppo", "--overwrite", "--out", "a b"])
    press_ctrl_c(monkeypatch)
    with pytest.raises(SystemExit) as exited:
        run(Arguments(out=tmp_path), PPO_SETTINGS, "scripts.train_ppo")
    assert exited.value.code == 130
    error = capsys.readouterr().err
    assert "continue with: python -m scripts.train_ppo --out 'a b' --resume" in error


def test_the_script_prints_the_result(tmp_path, capsys):
    run(Arguments(out=tmp_path, options='{"stop": true}'), PPO_SETTINGS, "scripts.train_ppo")
    printed = capsys.readouterr()
    description = Policy.load(tmp_path / "policy").description
    assert str(tmp_path / "policy.npz") in printed.out
    assert f"{description['validation']['mean_return']:.4f}" in printed.out
    assert description["environment"]["options"] == {"stop": True}
    assert "336/336" in printed.err


def test_the_script_prints_the_regret_of_a_family(tmp_path, capsys):
    settings = replace(PPO_SETTINGS, criterion="regret", total_steps=56)
    family = {"env": "FictitiousHPOFamily-v0", "options": '{"split": "validation"}'}
    run(Arguments(out=tmp_path, **family), settings, "scripts.train_ppo")
    validation = Policy.load(tmp_path / "policy").description["validation"]
    averages = [value for name in ("iqm", "mean") for value in validation[name].values()]
    assert validation["score"] == pytest.approx(np.log10(averages).mean())
    assert f"score   {validation['score']:.4f} (log10 of regrets of 8" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"options": "{"}, "not JSON"),
        ({"options": "[]"}, "JSON object"),
        ({"options": '{"noise": 9}'}, "noise"),
        ({"options": '{"foo": 1}'}, r"unknown options \['foo'\]"),
        ({"options": '{"num_envs": 3}'}, r"unknown options \['num_envs'\]"),
        ({"env": "CartPole-v1"}, "give an environment of hpo_gym"),
        ({"env": "Nope"}, "Nope"),
        ({"steps": 0}, "total_steps = 0 must be a whole number >= 1"),
        ({"threads": 0}, "threads = 0 must be a whole number >= 1"),
        ({"seed": 2**32}, r"seed = 4294967296 must .* \[0, 4294967295\]"),
    ],
)
def test_mistakes_on_the_command_line_cost_no_run(tmp_path, arguments, message):
    bystander = tmp_path / "policy.npz"
    bystander.write_text("the run before")
    with pytest.raises(SystemExit, match=f"error: .*{message}"):
        run(Arguments(out=tmp_path, overwrite=True, **arguments), PPO_SETTINGS, "x")
    assert [*tmp_path.iterdir()] == [bystander]


def test_bad_settings(tmp_path):
    with pytest.raises(ValueError, match="total_steps = 0"):
        PPOSettings(total_steps=0)
    with pytest.raises(ValueError, match="activation = 'gelu'"):
        DQNSettings(activation="gelu")
    with pytest.raises(ValueError, match="criterion = 'loss'"):
        PPOSettings(criterion="loss")
    with pytest.raises(ValueError, match="discrete actions"):
        train(DQN_SETTINGS, PROPOSE, run_dir=tmp_path, **QUIET)
    assert not list(tmp_path.iterdir())  # no run has begun
    with pytest.raises(ValueError, match="seed = -1"):
        train(PPO_SETTINGS, PROPOSE, seed=-1)


def test_threads_are_given_back(monkeypatch):
    before, seen = torch.get_num_threads(), []
    original = PPOSettings.build

    def build(self, envs, seed):
        seen.append(torch.get_num_threads())
        return original(self, envs, seed)

    monkeypatch.setattr(PPOSettings, "build", build)
    train(PPO_SETTINGS, PROPOSE, threads=before + 1, **QUIET)
    assert seen == [before + 1] and torch.get_num_threads() == before


def test_options_that_json_does_not_know():
    with pytest.raises(ValueError, match="JSON"):
        train(PPO_SETTINGS, PROPOSE, env_options={"start": np.zeros(3)}, **QUIET)
