"""Static tuners: the greedy construction, the shipped lists, what the agents do with them."""

from __future__ import annotations

import json
from functools import partial
from itertools import permutations

import gymnasium as gym
import numpy as np
import pytest

import hpo_gym
from agents import make_agent
from agents.informed import portfolio
from agents.informed.portfolio import FOLDER, greedy, read_portfolio, regret_table
from hpo_gym.arrays import Floats, Vectors
from hpo_gym.families import HashedBank, RecordedFamily, make_family
from hpo_gym.families.recorded.tables import index
from hpo_gym.testing import check_agent
from hpo_gym.tuning.find import process_of
from scripts import make_portfolio

IDS = {
    "fictitious": "FictitiousHPOFamily-v0",
    "binormal": "BinormalHPOFamily-v0",
    "rough": "RoughHPOFamily-v0",
}


def test_greedy_by_hand():
    """Greedy begins with the row that is best alone, which the best pair does without."""
    table = np.array([[0.3, 0.3, 0.3], [0.0, 0.9, 0.3], [0.9, 0.0, 0.1], [1.0, 1.0, 1.0]])
    assert greedy(table, 1) == [0]  # means 0.3, 0.4, 0.33, 1
    assert greedy(table, 2) == [0, 2]  # (0.3 + 0 + 0.1) / 3 against (0 + 0.3 + 0.3) / 3
    assert greedy(table, 3) == [0, 2, 1]
    assert table[[1, 2]].min(axis=0).mean() < table[[0, 2]].min(axis=0).mean()


def exhaustive(table: np.ndarray, size: int) -> list[int]:
    """The same, by the definition: every extension is tried on the whole list."""
    chosen: list[int] = []
    for _ in range(size):
        worth = {row: table[[*chosen, row]].min(axis=0).mean() for row in range(len(table))}
        chosen.append(min(worth, key=lambda row: worth[row]))
    return chosen


def test_greedy_is_the_definition_and_knows_no_order():
    random = np.random.default_rng(0)
    for _ in range(20):
        table = random.random((9, 7)) ** 3
        expected = exhaustive(table, 4)
        assert greedy(table, 4) == expected
        rows, columns = random.permutation(9), random.permutation(7)
        mixed = greedy(table[rows][:, columns], 4)
        assert rows[mixed].tolist() == expected
    # A control: the list that the first task alone would make is another one.
    assert greedy(table[:, :1], 4) != expected


def test_greedy_is_near_the_best_list():
    """What is gained from regret 1 is at least 1 - 1/e of the most that three rows can gain."""
    random = np.random.default_rng(1)
    for _ in range(10):
        table = random.random((8, 6)) ** 2
        best = min(table[list(rows)].min(axis=0).mean() for rows in permutations(range(8), 3))
        found = table[greedy(table, 3)].min(axis=0).mean()
        assert best <= found
        assert 1.0 - found >= (1.0 - 1.0 / np.e) * (1.0 - best)


@pytest.mark.parametrize("name", IDS)
def test_table_is_the_regret_of_the_environment(name):
    family = make_family(name)
    scaled, _ = family.best("train", np.arange(4096, 4099), "f1")
    table = regret_table(family, "f1", scaled, 5)
    assert table.shape == (3, 5)
    for task in range(5):
        parameters, best = family.tasks("train", task, "f1")
        for row, configuration in zip(table, scaled.T.tolist(), strict=True):
            score = family.noiseless(parameters, tuple(configuration), Floats())[4]
            assert row[task] == pytest.approx(1.0 - score / best, abs=1e-6)


@pytest.mark.parametrize("name", IDS)
def test_shipped_portfolio_is_what_its_file_says(name):
    """Its regrets on the training tasks that judged it; a control: not in another order."""
    family = make_family(name)
    content = json.loads((FOLDER / f"portfolio-{name}.json").read_text())
    units = np.array(content["unit"])
    assert units.shape == (16, 3)
    assert np.abs(units).max() <= 1.0
    assert content["command"] == f"python -m scripts.make_portfolio --family {name}"
    scaled = np.stack(family.space.scaled(tuple(units.T), Vectors()))
    table = regret_table(family, "f1", scaled, 4096)
    means = np.minimum.accumulate(table, axis=0).mean(axis=1, dtype=np.float64)
    np.testing.assert_allclose(means, content["mean_regret"], rtol=0, atol=2e-5)
    assert greedy(table, 16) == list(range(16))
    turned = np.minimum.accumulate(table[::-1], axis=0).mean(axis=1)
    assert (turned[:8] > means[:8] + 1e-3).all()


def test_the_recorded_portfolio_is_of_training_tables_alone(monkeypatch, tmp_path):
    """No other tables are looked at; its regrets count data sets alike."""
    splits, original = set(), RecordedFamily.sample

    def sample(self, split, task):
        splits.add(split)
        return original(self, split, task)

    monkeypatch.setattr(RecordedFamily, "sample", sample)
    make_portfolio.run(make_portfolio.Arguments(family="recorded", folder=tmp_path))
    made, content = (
        json.loads((folder / "portfolio-recorded.json").read_text())
        for folder in (tmp_path, FOLDER)
    )
    assert splits == {"train"}
    assert made["unit"] == content["unit"] and made["mean_regret"] == content["mean_regret"]
    assert content["command"] == "python -m scripts.make_portfolio --family recorded"
    family, units = make_family("recorded"), np.array(content["unit"])
    origins = [card["origin"] for card in index()["splits"]["train"]]
    table = regret_table(
        family, "f1", np.stack(family.space.scaled(tuple(units.T), Vectors())), len(origins)
    )
    left = np.minimum.accumulate(table, axis=0)
    by_origin = [
        left[:, [other == origin for other in origins]].mean(axis=1) for origin in set(origins)
    ]
    np.testing.assert_allclose(np.mean(by_origin, axis=0), content["mean_regret"], atol=2e-5)
    assert np.abs(left.mean(axis=1) - content["mean_regret"]).max() > 1e-3  # a control


def test_a_portfolio_can_be_of_another_family():
    env = gym.make("RecordedHPO-v0")
    own, other = make_agent("portfolio", env), make_agent("portfolio", env, family="rough")
    observation, _ = env.reset(seed=0)
    for agent, name in ((own, "recorded"), (other, "rough")):
        units = read_portfolio(make_family(name), "f1")
        np.testing.assert_allclose(agent.predict(observation)[0], units[0], atol=1e-6)
    with pytest.raises(ValueError, match=r"'beale' has the space .* name one that has the same"):
        make_agent("portfolio", env, family="beale")


def test_agents_play_the_list():
    env = hpo_gym.TuningVectorEnv(4, **gym.spec("FictitiousHPOFamily-v0").kwargs)
    units = read_portfolio(process_of(env).family, "f1").astype(np.float32)
    agents = {name: make_agent(name, env) for name in ("static", "portfolio")}
    short = make_agent("portfolio", env, size=3)
    observations, _ = env.reset(seed=0)
    for step in range(16):
        played = {name: agent.predict(observations)[0] for name, agent in agents.items()}
        np.testing.assert_array_equal(played["static"], np.tile(units[0], (4, 1)))
        np.testing.assert_array_equal(played["portfolio"], np.tile(units[step], (4, 1)))
        np.testing.assert_array_equal(short.predict(observations)[0][0], units[min(step, 2)])
        observations, *_ = env.step(played["portfolio"])


def test_gaussian_process_starts_with_the_list():
    env = gym.make("BinormalHPOFamily-v0", split="validation")
    agent, state = make_agent("gp-portfolio", env, seed=1), None
    units = read_portfolio(process_of(env).family, "f1")
    observation, _ = env.reset(seed=0)
    for step in range(5):
        action, state = agent.predict(observation, state)
        assert np.allclose(action, units[step], atol=1e-6) == (step < 4)
        observation, *_ = env.step(action)


def test_gaussian_process_takes_over_after_the_list():
    """Its next proposal depends on what was seen, which that of a start-up trial does not."""
    agents = {name: {} for name in ("gp-portfolio", "gp")}
    for name, proposals in agents.items():
        for task in (0, 1):
            env = gym.make("BinormalHPOFamily-v0", split="validation")
            agent, state = make_agent(name, env, seed=1), None
            observation, _ = env.reset(seed=0, options={"task": task})
            for _ in range(5):
                action, state = agent.predict(observation, state)
                observation, *_ = env.step(action)
            proposals[task] = action
    assert not np.allclose(agents["gp-portfolio"][0], agents["gp-portfolio"][1], atol=1e-3)
    assert np.allclose(agents["gp"][0], agents["gp"][1])  # a control: its fifth of ten is random


@pytest.mark.parametrize("name", ["static", "portfolio"])
def test_contract(name):
    env = partial(gym.make, "FictitiousHPOFamily-v0", split="validation", max_evaluations=5)
    check_agent(lambda: make_agent(name, env()), env)


@pytest.fixture
def make(tmp_path, monkeypatch):
    """Run the script in an empty folder; optima and regrets are made up, real ones take long."""
    random = np.random.default_rng(0)

    def best(self, split, index, metric):
        return np.stack([random.uniform(0.0, 1.0, len(index))] * 3), None

    monkeypatch.setattr(HashedBank, "best", best)
    monkeypatch.setattr(
        make_portfolio,
        "regret_table",
        lambda family, metric, scaled, tasks: random.uniform(size=(scaled.shape[1], tasks)),
    )
    monkeypatch.setattr(portfolio, "FOLDER", tmp_path)
    return lambda **arguments: make_portfolio.run(
        make_portfolio.Arguments(tasks=5, candidates=6, folder=tmp_path, **arguments)
    )


def test_each_metric_has_a_file_of_its_own(make, tmp_path):
    for metric in ("f1", "accuracy"):
        make(family="binormal", metric=metric, size=4)
    names = ["portfolio-binormal-accuracy.json", "portfolio-binormal.json"]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    for name, metric in zip(names, ("accuracy", "f1"), strict=True):
        stated = json.loads((tmp_path / name).read_text())["unit"]
        assert read_portfolio(make_family("binormal"), metric).tolist() == stated
    with pytest.raises(ValueError, match="--metric loss makes one"):
        read_portfolio(make_family("binormal"), "loss")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"size": 0}, r"--size 0 must be a whole number in \[1, 6\]"),
        ({"size": -3}, "--size -3 must be"),
        ({"size": 7}, "--size 7 must be"),
    ],
)
def test_a_portfolio_of_no_size_is_not_written(make, tmp_path, arguments, message):
    with pytest.raises(ValueError, match=message):
        make(**arguments)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"tasks": 0}, r"--tasks 0 must be a whole number in \[1, 131071\]"),
        ({"candidates": 131_072 - 4095}, r"--candidates 126977 .* \[1, 126976\]"),
    ],
)
def test_a_portfolio_of_more_tasks_than_there_are(arguments, message):
    with pytest.raises(ValueError, match=message):
        make_portfolio.run(make_portfolio.Arguments(**arguments))


def test_refusals():
    with pytest.raises(ValueError, match=r"no portfolio for the family .*'fictitious'"):
        make_agent("static", hpo_gym.TuningEnv())
    with pytest.raises(ValueError, match=r"with metric='loss'; known: .*'binormal'"):
        make_agent("portfolio", gym.make("BinormalHPOFamily-v0", metric="loss"))
    with pytest.raises(ValueError, match=r"size = 17 must be a whole number in \[1, 16\]"):
        make_agent("portfolio", gym.make("FictitiousHPOFamily-v0"), size=17)
    with pytest.raises(ValueError, match="size = 0 must be"):
        make_agent("gp-portfolio", gym.make("FictitiousHPOFamily-v0"), size=0)
