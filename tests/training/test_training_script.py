"""Training: its command line and its bad settings."""

import json
import shlex
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from tiny_trainings import DQN_SETTINGS, PPO_SETTINGS, PROPOSE, QUIET, press_ctrl_c

from agents.training.dqn import DQNSettings
from agents.training.ppo import PPOSettings
from agents.training.train import train
from agents.training.validation import regrets
from hpo_gym.benchmark.scoring.statistics import iqm
from hpo_gym.policies.policy import Policy
from scripts.train import Arguments, run

FAMILY = {"family": "fictitious", "options": '{"split": "validation"}'}


def arguments(out, **others):
    if "family" not in others:
        others = {"env": PROPOSE, **others}
    return Arguments(**{"agent": "ppo", "out": out, **others})


def test_the_script_says_how_to_resume(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["train", "--overwrite", "--out", "a b"])
    monkeypatch.setattr(sys, "executable", "/no where/python")
    press_ctrl_c(monkeypatch)
    with pytest.raises(SystemExit) as exited:
        run(arguments(tmp_path), PPO_SETTINGS)
    assert exited.value.code == 130
    error = capsys.readouterr().err
    command = "continue with: '/no where/python' -m scripts.train --out 'a b' --resume"
    assert command in error


def test_the_script_prints_the_result(tmp_path, capsys):
    run(arguments(tmp_path, options='{"stop": true}'), PPO_SETTINGS)
    printed = capsys.readouterr()
    description = Policy.load(tmp_path / "policy").description
    assert str(tmp_path / "policy.npz") in printed.out
    assert f"{description['validation']['mean_return']:.4f}" in printed.out
    assert description["environment"]["options"] == {"stop": True}
    assert shlex.split(description["command"])[1:3] == ["-m", "scripts.train"]
    assert "336 of 336 steps, validation " in printed.err
    with pytest.raises(SystemExit, match="holds a run"):
        run(arguments(tmp_path), PPO_SETTINGS)
    run(arguments(tmp_path, overwrite=True), PPO_SETTINGS)
    assert Policy.load(tmp_path / "policy").description["environment"]["options"] == {}


def test_the_script_prints_the_regret_of_a_family(tmp_path, capsys):
    settings = replace(PPO_SETTINGS, criterion="regret", total_steps=56)
    run(arguments(tmp_path, **FAMILY), settings)
    printed = capsys.readouterr().out
    policy = Policy.load(tmp_path / "policy")
    validation, environment = (policy.description[name] for name in ("validation", "environment"))
    averages = [value for name in ("iqm", "mean") for value in validation[name].values()]
    assert validation["score"] == pytest.approx(np.log10(averages).mean())
    assert f"score  {validation['score']:.4f} (log10 of regrets of 8" in printed
    columns = regrets(policy, environment, 4096)
    found = [line.split()[1:] for line in printed.splitlines() if line.startswith("  ")]
    for average, numbers in zip((iqm(columns.T), columns.mean(axis=0)), found, strict=True):
        assert numbers == [f"{average[count - 1]:.4f}" for count in (1, 2, 4, 8, 16)]


def test_the_script_changes_the_settings(tmp_path):
    settings = {"updates": 4, "tasks": 16, "evaluation_episodes": 8, "hidden": [8]}
    family = FAMILY | {"options": '{"infos": "none"}'}  # the validation reads its own
    run(arguments(tmp_path, agent="unrolled", settings=json.dumps(settings), **family))
    description = Policy.load(tmp_path / "policy").description
    assert description["environment"]["id"] == "hpo_gym:FictitiousHPOFamily-v0"
    assert description["settings"].items() >= settings.items()
    assert description["updates"] == 4 and description["layer_sizes"][1:] == [8, 3]


@pytest.mark.parametrize(
    ("others", "message"),
    [
        ({"options": "{"}, "not JSON"),
        ({"options": "[]"}, "JSON object"),
        ({"options": '{"noise": 9}'}, "noise"),
        ({"options": '{"foo": 1}'}, r"unknown options \['foo'\]"),
        ({"options": '{"num_envs": 3}'}, r"unknown options \['num_envs'\]"),
        ({"settings": "{"}, r"--settings '{' is not JSON"),
        ({"settings": "[3]"}, "must be a JSON object"),
        ({"settings": '{"lr": 1}'}, r"unknown settings \['lr'\]; choose from \['interval', "),
        ({"settings": '{"total_steps": 0}'}, r"total_steps = 0 must be a whole number in \[1, "),
        ({"settings": "[" * 100_000}, "not JSON"),
        ({"env": "CartPole-v1"}, "give an environment of hpo_gym"),
        ({"env": "Nope"}, "Nope"),
        ({"env": None}, "--env, or a family by --family"),
        ({"family": "parabola"}, "unknown family 'parabola'; known families: "),
        ({"family": "nowhere.py:Parabola"}, "nowhere.py"),
        ({"options": '{"family": "beale"}', "family": "beale"}, "leave out one of them"),
        (
            {"options": '{"max_evaluations": 1000000000000, "observation": "history"}'},
            "a whole number in",
        ),
        ({"threads": 0}, r"--threads 0 must be a whole number in \[1, 1024\]"),
        ({"seeds": (2**32,)}, r"--seeds 4294967296 must .* \[0, 4294967295\]"),
        ({"seeds": (1, 1)}, r"--seeds \[1, 1\] must be one or more seeds, each once"),
        ({"seeds": ()}, "must be one or more seeds"),
        ({"resume": True}, "give one of them"),
        ({"agent": "dqn"}, "discrete actions"),
        ({"agent": "unrolled"}, "an unrolled tuner needs start = 'none'"),
    ],
)
def test_mistakes_on_the_command_line_cost_no_run(tmp_path, others, message):
    bystander = tmp_path / "policy.npz"
    bystander.write_text("the run before")
    given = None if "agent" in others else PPO_SETTINGS
    with pytest.raises(SystemExit, match=f"(?s)error: .*{message}"):
        run(arguments(tmp_path, overwrite=True, **others), given)
    assert [*tmp_path.iterdir()] == [bystander]


def test_an_unknown_agent(tmp_path):
    with pytest.raises(SystemExit, match=r"unknown agent 'sac': choose from \['ppo', 'anyspace', "):
        run(arguments(tmp_path, agent="sac"))


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


def test_options_that_cannot_be_written_as_json():
    with pytest.raises(ValueError, match="JSON"):
        train(PPO_SETTINGS, PROPOSE, env_options={"start": np.zeros(3)}, **QUIET)
