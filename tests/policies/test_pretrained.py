"""The policies that come with the package: they load, they run, and they have learned."""

from functools import partial

import gymnasium as gym
import numpy as np
import pytest

import hpo_gym
from agents.informed.portfolio import PortfolioAgent
from agents.learned.pretrained import PretrainedTuner
from hpo_gym import pretrained
from hpo_gym.benchmark.scoring.statistics import iqm
from hpo_gym.benchmark.suites.registry import make_suite
from hpo_gym.tuners import build_agent
from hpo_gym.tuners.play import play
from hpo_gym.tuning.find import process_of

NAMES = [
    (algorithm, family, seed)
    for algorithm in ("ppo", "recurrent_ppo", "unrolled")
    for family in ("binormal", "fictitious", "rough")
    for seed in (0, 1, 2)
]
NAMES += [("ppo", "recorded", seed) for seed in (0, 1, 2)]
IDS = {
    "fictitious": "FictitiousHPOFamily-v0",
    "binormal": "BinormalHPOFamily-v0",
    "rough": "RoughHPOFamily-v0",
    "recorded": "RecordedHPO-v0",
}


def regrets(tuner, env_id, tasks=512):
    tasks = min(tasks, process_of(gym.make(f"hpo_gym:{env_id}")).family.sizes["validation"])
    envs = gym.make_vec(f"hpo_gym:{env_id}", tasks, split="validation")
    agent = tuner(envs)
    turns = play(agent, envs, seed=5, options={"task": np.arange(tasks)})
    return np.stack([turn.infos["regret"] for turn in turns][1:], axis=1)


def test_all_are_there():
    assert pretrained.policies() == sorted(NAMES)
    assert [p.name for p in pretrained.policies()] == [
        "-".join(map(str, policy)) for policy in sorted(NAMES)
    ]


@pytest.mark.parametrize("algorithm", ["ppo", "recurrent_ppo", "unrolled"])
def test_a_policy_plays_on_another_family_than_its_own(algorithm):
    env = gym.make("RecordedHPO-v0", split="train")
    agent = build_agent(PretrainedTuner, env, algorithm=algorithm, family="binormal")
    observation, _ = env.reset(seed=0)
    action, _ = agent.predict(observation, deterministic=True)
    assert env.action_space.contains(action)
    if algorithm != "ppo":
        with pytest.raises(ValueError, match=r"no pretrained policy .* family 'recorded'"):
            build_agent(PretrainedTuner, env, algorithm=algorithm)


@pytest.mark.parametrize(("algorithm", "family", "seed"), NAMES)
def test_learned_tuners_adapt(algorithm, family, seed):
    """On validation tasks each beats the static portfolio, which cannot look, at the end.

    On the binormal and the rough family RecurrentPPO only comes near to it: there, it leaves less
    than a third of what the best fixed configuration, the portfolio's first, leaves. On recorded
    tables PPO is ahead of the portfolio after 4 evaluations, and level with it at the end.
    """

    def tuner(envs):
        return build_agent(PretrainedTuner, envs, algorithm=algorithm, training_seed=seed)

    mine = regrets(tuner, IDS[family])
    portfolio = regrets(partial(build_agent, PortfolioAgent), IDS[family])
    if algorithm == "recurrent_ppo" and family != "fictitious":
        assert iqm(mine[:, -1]) < iqm(portfolio[:, 0]) / 3.0
    else:
        after = 3 if family == "recorded" else -1
        assert iqm(mine[:, after]) < iqm(portfolio[:, after])
    assert (np.diff(iqm(mine.T)) <= 0.01).all()


@pytest.mark.parametrize(("algorithm", "family", "seed"), NAMES)
def test_descriptions_say_where_a_policy_comes_from(algorithm, family, seed):
    description = pretrained.load(algorithm, family, seed).description
    assert description["environment"]["id"] == f"hpo_gym:{IDS[family]}"
    assert f"--agent {algorithm} --family {family} --seed {seed}" in description["command"]
    assert description["seed"] == seed
    assert description["validation"]
    assert description["training_seconds"] > 0.0


@pytest.mark.parametrize(
    ("algorithm", "family", "seed"),
    [
        ("unrolled", "beale", 0),
        ("unrolled", "notebook", 0),  # the one model, not the family of models
        ("unrolled", "binormal-family", 0),
        ("ppo", "binormal", 99),
    ],
)
def test_unknown_policy_names_the_known_ones(algorithm, family, seed):
    message = (
        f"no pretrained policy of '{algorithm}' for the family '{family}' with seed {seed}; "
        "families are .*'fictitious'.* policies .*'unrolled-binormal-0'"
    )
    with pytest.raises(ValueError, match=message):
        pretrained.path(algorithm, family, seed)


def test_a_tuner_is_not_run_on_another_family():
    """Its observations and actions have the same shapes on the one fixed model."""
    options = {**make_suite("smoke").options, "noise": 0.0}
    env = hpo_gym.TuningEnv(family="notebook", **options)
    pretrained.load("unrolled", "fictitious").check_env(env)
    with pytest.raises(ValueError, match=r"no pretrained policy .* for the family 'notebook'"):
        build_agent(PretrainedTuner, env)
