"""Tuners tune live trainings: by ask and tell, and by playing episodes."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
from live_classifiers import described, family

from agents import make_agent
from hpo_gym import Tuner, play, pretrained


def test_ask_and_tell():
    live = family()
    env = gym.make("hpo_gym:LiveHPO-v0", family=live, max_evaluations=8)
    env.reset(seed=0)
    tuner, seen = Tuner(live.space, budget=8, metric="f1"), []
    for _ in range(8):
        configuration = tuner.ask()
        action = np.array(live.space.unit(configuration), np.float32)
        *_, info = env.step(action)
        tuner.tell(configuration, {name: info[name] for name in live.metrics})
        seen.append(info["f1"])
    assert info["best_f1"] == max(seen) > 0.6
    best = tuner.evaluations[int(np.argmax(seen))]
    assert best.metrics["f1"] == max(seen)
    assert tuner.recommend() == best.configuration
    env.close()


@pytest.mark.parametrize("name", ["random", "sobol", "coordinate", "anyspace", "tpe"])
def test_agents_of_the_benchmark(name):
    if name in ("sobol", "tpe"):
        pytest.importorskip("optuna" if name == "tpe" else "scipy")
    envs = gym.make_vec("hpo_gym:LiveHPO-v0", num_envs=2, family=described(), max_evaluations=6)
    turns = list(play(make_agent(name, envs, seed=0), envs, seed=3))
    assert len(turns) == 7
    assert turns[-1].infos["evaluations"].tolist() == [6, 6]
    assert not any(turn.infos["failed"].any() for turn in turns)
    assert (turns[-1].infos["best_f1"] > 0.5).all()
    envs.close()


@pytest.mark.parametrize("family_name", ["fictitious", "binormal"])
def test_trained_policies(family_name):
    envs = gym.make_vec("hpo_gym:LiveHPO-v0", num_envs=2, family=described())
    turns = list(play(pretrained.load("unrolled", family_name), envs, seed=3))
    assert turns[-1].infos["evaluations"].tolist() == [16, 16]
    assert (turns[-1].infos["best_f1"] > 0.6).all()
    envs.close()
