"""Suites are data: complete, hashed, laid out in shards."""

from dataclasses import fields, replace

import numpy as np
import pytest
from tiny_benchmarks import SUITE

from hpo_gym.benchmark.suites import capabilities
from hpo_gym.benchmark.suites.registry import make_suite
from hpo_gym.benchmark.suites.shipped import SHIPPED
from hpo_gym.benchmark.suites.suite import Suite, env_seed
from hpo_gym.families.recorded.tables import index
from hpo_gym.tuning.options import Options

MAIN = ("fictitious-test", "fictitious-shifted", "fictitious-noisy", "binormal-test", "rough-test")


@pytest.mark.parametrize("name", MAIN)
def test_main_suites_have_256_tasks_and_5_seeds(name):
    suite = make_suite(name)
    assert (suite.tasks, suite.seeds) == (tuple(range(256)), (0, 1, 2, 3, 4))
    assert suite.budget == 16
    assert suite.split == ("shifted" if name == "fictitious-shifted" else "test")


def test_the_recorded_suite_knows_which_tables_are_of_one_data_set():
    suite, cards = make_suite("recorded-test"), index()["splits"]["test"]
    assert (len(suite.tasks), len(suite.seeds)) == (len(cards), 5)
    assert suite.origins == {task: card["origin"] for task, card in enumerate(cards)}
    assert len(set(suite.origins.values())) < len(cards)
    assert SUITE.origins == {task: task for task in SUITE.tasks}


@pytest.mark.parametrize("suite", SHIPPED, ids=lambda suite: suite.name)
def test_every_suite_makes_its_environments(suite):
    assert make_suite(suite.name) == suite
    suite.check()
    single, rows = suite.env(), suite.vector_env(2)
    tasks = suite.tasks[-2:]
    seeds = [env_seed(task, suite.seeds[0]) for task in tasks]
    _, infos = rows.reset(seed=seeds, options={"task": np.array(tasks)})
    assert infos["task"].tolist() == list(tasks)
    observation, _ = single.reset(seed=seeds[1], options={"task": tasks[1]})
    assert observation.shape == (158,)
    after, _, _, _, info = single.step([0.1, -0.2, 0.3])
    afters, _, _, _, infos = rows.step(np.array([[0, 0, 0], [0.1, -0.2, 0.3]]))
    np.testing.assert_array_equal(after, afters[1])
    assert {name: infos[name][1] for name in info} == info


def test_a_suite_states_every_option_that_matters():
    """Else a changed default would change its results under the same hash."""
    stated = {"family", "split", *make_suite("smoke").options}
    assert {field.name for field in fields(Options)} - stated == {"task", "adjust_step", "infos"}


def test_the_hash_is_of_the_canonical_text():
    suite = Suite("a", {"version": 1, "name": "beale"}, "test", (0,), (0,), {"noise": None})
    assert suite.text == (
        '{"family":{"name":"beale","version":1},"name":"a","options":{"noise":null},'
        '"score":"regret","seeds":[0],"split":"test","tasks":[0],"version":1}'
    )
    # what `printf '%s' TEXT | sha256sum` prints
    assert suite.hash == "5947838ea2f95afa62fc70bd0e263a384f0547fc0b60fd9efe6cf7a363c84ec2"
    other = replace(suite, family={"name": "beale", "version": 1})
    assert other.hash == suite.hash  # the order of the keys says nothing


def test_everything_is_in_the_hash():
    changes = {
        "name": "b",
        "family": {"name": "fictitious", "version": 2},
        "split": "shifted",
        "tasks": (1,),
        "seeds": (1,),
        "options": {**SUITE.options, "noise": 0.5},
        "score": "return",
        "version": 2,
    }
    assert set(changes) | {"tags", "salt"} == {field.name for field in fields(Suite)}
    hashes = {replace(SUITE, **{name: value}).hash for name, value in changes.items()}
    assert len(hashes | {SUITE.hash}) == len(changes) + 1
    assert replace(SUITE, tags=("hard",)).hash == SUITE.hash  # a tag voids no results


def test_shards_cover_the_first_tasks_and_seeds_once():
    shards = list(SUITE.shards(36, 2))
    episodes = [(task, shard.seed) for shard in shards for task in shard.tasks]
    assert sorted(episodes) == sorted((t, s) for t in SUITE.tasks for s in SUITE.seeds)
    assert [len(shard.tasks) for shard in shards] == [16, 16, 4, 16, 16, 4]


@pytest.mark.parametrize("limit", [(1, 1), (16, 2), (17, 1), (36, 1)])
def test_less_work_has_the_same_layout(limit):
    few = list(SUITE.shards(*limit))
    assert set(few) <= set(SUITE.shards(36, 2))
    assert sum(len(shard.tasks) for shard in few) >= limit[0] * limit[1]


def test_episodes_have_seeds_of_their_own():
    seeds = [env_seed(task, seed) for task in range(50) for seed in (0, 1, 999)]
    assert len(set(seeds)) == len(seeds)


@pytest.mark.parametrize(
    ("name", "values"),
    [("tasks", ()), ("tasks", (1, 1)), ("tasks", (-1,)), ("seeds", (1000,)), ("seeds", ())],
)
def test_bad_tasks_and_seeds(name, values):
    with pytest.raises(ValueError, match=f"{name} of suite 'tiny'"):
        replace(SUITE, **{name: values})


def test_unknown_suite():
    with pytest.raises(ValueError, match=r"unknown suite 'nope'.*fictitious-test"):
        make_suite("nope")


def test_the_rule_gives_the_stored_tasks():
    chosen = capabilities.choose_tasks()
    assert chosen == capabilities.stored_tasks()
    for name, tasks in chosen.items():
        assert make_suite(f"capability-{name}").tasks == tasks
    assert not set(chosen["plateau"]) & set(chosen["narrow"])


def test_the_width_is_a_share_of_random_configurations():
    """Monte Carlo through the environment, with the regret that it reports."""
    suite = make_suite("capability-plateau")
    task = suite.tasks[0]
    rows = replace(suite, options={**suite.options, "max_evaluations": 1}).vector_env(20_000)
    rows.reset(seed=0, options={"task": np.full(20_000, task)})
    actions = np.random.default_rng(0).uniform(-1, 1, (20_000, 3)).astype(np.float32)
    share = np.mean(rows.step(actions)[-1]["regret"] <= 1.0 - capabilities.NEAR)
    width = capabilities.widths(np.array([task]))[0]
    assert share == pytest.approx(width, abs=4 * np.sqrt(width / 20_000))


def test_the_capabilities_differ_in_width():
    stored = capabilities.stored_tasks()
    groups = {name: capabilities.widths(np.array(tasks[:8])) for name, tasks in stored.items()}
    assert groups["plateau"].min() > 10 * groups["narrow"].max()
