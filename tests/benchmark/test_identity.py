"""Agents by name: how they are spelt, and what their results depend on."""

import json
import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest

from agents import make_agent
from hpo_gym import TuningEnv, pretrained
from hpo_gym.benchmark.suites.registry import make_suite
from hpo_gym.tuners import build_agent, registry
from hpo_gym.tuners.entry import AgentEntry
from hpo_gym.tuners.registry import (
    agent_entry,
    read_agent,
    register_agent,
    registered_agents,
)
from scripts.benchmark_agents import PROFILES, default_agents

ROWS = Path(__file__).parents[2] / "docs" / "rows"


@pytest.fixture
def module(tmp_path, monkeypatch):
    """A module outside the repository, in a package that is not to be imported."""
    package = tmp_path / "my_tuners"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    file = package / "best.py"
    file.write_text("class Best: ...\nOther = Best")
    monkeypatch.syspath_prepend(str(tmp_path))
    return file


def test_a_changed_module_is_another_tuner(module):
    before = read_agent("my_tuners.best:Best").identity
    assert read_agent("my_tuners.best:Best").identity == before
    assert read_agent("my_tuners.best:Other").identity != before
    module.write_text("class Best: 'changed'")
    with pytest.raises(ValueError, match=r"best\.py has no 'Other'; it defines \['Best'\]"):
        read_agent("my_tuners.best:Other")
    assert read_agent("my_tuners.best:Best").identity != before
    with pytest.raises(ValueError, match=r"no module .* 'my_tuners\.worst'"):
        read_agent("my_tuners.worst:Best")


def test_what_an_identity_says(module, tmp_path):
    file = tmp_path / "policy.npz"
    file.write_bytes(b"weights")
    entry = AgentEntry("mine", "my_tuners.best:Best", {"size": 3}, version=2, files=(str(file),))
    # what `printf weights | sha256sum` prints
    digest = "9a129038d9a00aed0cf6a7ea059ca50a813449061ab87848cf1a13eafdf33b2c"
    assert entry.identity == (
        f'{{"files":{{"policy.npz":"{digest}"}},"name":"mine","settings":{{"size":3}},"version":2}}'
    )
    module.write_text("class Best: 'changed'")  # the version speaks for the source
    moved = replace(entry, factory="my_tuners.moved:Best")
    others = [
        replace(entry, name="other"),
        replace(entry, settings={"size": 4}),
        replace(entry, version=3),
    ]
    identities = {entry.identity, moved.identity, *(other.identity for other in others)}
    assert moved.identity == entry.identity
    assert len(identities) == 4
    file.write_bytes(b"other weights")
    assert entry.identity not in identities


def test_no_module_path_is_part_of_a_shipped_agent():
    assert json.loads(agent_entry("gp-4").identity) == {
        "name": "gp-4",
        "version": 1,
        "settings": {"sampler": "gp", "startup_trials": 4},
        "files": {},
    }
    for entry in registered_agents():
        if entry.version is not None:
            assert "agents." not in entry.identity


def test_names_of_training_seeds_are_said_not_parsed():
    seeds = {e.name: (e.tuner, e.training_seed) for e in registered_agents()}
    assert seeds["unrolled-2"] == ("unrolled", 2)
    assert seeds["gp-4"] == (None, None)


def test_an_agent_is_registered_by_object_or_by_name(tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "_AGENTS", dict(registry._AGENTS))
    file = tmp_path / "mine.py"
    file.write_text(
        "class Middle:\n"
        "    def __init__(self, problem, *, seed, height=0.0):\n"
        "        self.height = height\n"
        "    def predict(self): ...\n"
    )
    for given in (f"one={file}:Middle", AgentEntry("two", f"{file}:Middle", {"height": 0.5})):
        entry = register_agent(given)
        assert register_agent(given) == entry == agent_entry(entry.name)
    assert make_agent("one", TuningEnv(), height=0.25).height == 0.25
    assert make_agent("two", TuningEnv()).height == 0.5
    assert type(make_agent("one", TuningEnv())) is type(make_agent("two", TuningEnv()))
    assert make_agent(f"{file}:Middle", TuningEnv()).height == 0.0
    with pytest.raises(ValueError, match=r"'two' takes no settings \['height'\]; it takes \[\]"):
        make_agent("two", TuningEnv(), height=1.0)
    with pytest.raises(ValueError, match="the name of the agent 'one' is taken"):
        register_agent(AgentEntry("one", f"{file}:Middle", {"height": 0.5}))
    assert register_agent(Registered) == AgentEntry("Registered", Registered)
    assert Registered.__module__ in agent_entry("Registered").importable().factory


class Registered:
    """A factory at the top level of a module."""


def test_what_no_other_process_can_find_is_refused():
    class Local: ...

    with pytest.raises(ValueError, match="define it at the top level of a module"):
        AgentEntry("local", Local).importable()


@pytest.mark.parametrize("text", ["mine.py", "mine.py:", ":Tuner", "=a:b", "a:b c"])
def test_tuners_spelt_wrongly(text):
    with pytest.raises(ValueError, match="must be 'module:attribute' or"):
        read_agent(text)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"speed": "quick"}, "speed = 'quick' must be one of"),
        ({"needs": "answers"}, "needs = 'answers' must be one of"),
        ({"settings": {"a": object()}}, "not JSON serializable"),
        ({"name": ""}, "needs a name"),
        ({"factory": 5}, "agent 'a': the factory 5 must be callable, or its name"),
    ],
)
def test_bad_entries(fields, message):
    with pytest.raises(ValueError, match=message):
        AgentEntry(**{"name": "a", "factory": "a:b", **fields})


def test_names_and_paths_are_not_guessed_from_each_other(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for folder in ("lr=0.1", "b=c", "0.1"):
        Path(folder).mkdir()
        Path(f"{folder}/mine.py").write_text("class Mine: ...")
    for text, name, file in [
        (f"{tmp_path}/b=c/mine.py:Mine", "Mine", "b=c/mine.py"),
        (f"own={tmp_path}/b=c/mine.py:Mine", "own", "b=c/mine.py"),
        ("./lr=0.1/mine.py:Mine", "Mine", "lr=0.1/mine.py"),
        ("lr=./0.1/mine.py:Mine", "lr", "0.1/mine.py"),
        ("a.b-c_1=lr=0.1/mine.py:Mine", "a.b-c_1", "lr=0.1/mine.py"),
    ]:
        entry = read_agent(text)
        assert (entry.name, entry.factory) == (name, f"{tmp_path}/{file}:Mine")
    for text in ("lr=0.1/mine.py:Mine", "b=c/mine.py:Mine"):
        name, rest = text.split("=")
        with pytest.raises(ValueError, match=rf"write './{text}' for the one, '{name}=./{rest}'"):
            read_agent(text)
    for text in ("1st=0.1/mine.py:Mine", "a b=0.1/mine.py:Mine"):
        with pytest.raises(ValueError, match="NAME begins with a letter"):
            read_agent(text)


def test_a_policy_file_is_an_agent(tmp_path):
    source = pretrained.path("ppo", "fictitious")
    for suffix in (".npz", ".json"):
        shutil.copy(source.with_suffix(suffix), tmp_path / f"mine{suffix}")
    entry, named = read_agent(f"{tmp_path}/mine.npz"), read_agent(f"own={tmp_path}/mine.npz")
    assert (entry.name, entry.group, named.name) == ("mine", "yours", "own")
    assert entry.importable() == entry and str(tmp_path) not in entry.identity
    env = gym.make("FictitiousHPOFamily-v0", split="test")
    observation, _ = env.reset(seed=0)
    agents = [entry.build(env, seed=0), make_agent("ppo-0", env), make_agent(named.files[0], env)]
    actions = [agent.predict(observation, deterministic=True)[0] for agent in agents]
    assert (actions[0] == actions[1]).all() and (actions[0] == actions[2]).all()
    with pytest.raises(ValueError, match=r"mine.npz: this PPO policy was trained with"):
        entry.build(gym.make("FictitiousHPOAdjust-v0"), seed=0)
    (tmp_path / "mine.json").write_text("{}")
    assert read_agent(f"x={source}").identity != entry.identity
    with pytest.raises(ValueError, match="SHA-256"):
        read_agent(f"{tmp_path}/mine.npz")
    with pytest.raises(FileNotFoundError, match=r"no policy file .*other.npz"):
        read_agent(f"{tmp_path}/other.npz")


def test_a_file_that_does_not_exist(tmp_path):
    with pytest.raises(ValueError, match=r"there is no file .*nowhere\.py"):
        read_agent(f"{tmp_path}/nowhere.py:Mine")


@pytest.mark.parametrize(
    "text",
    [
        "class Mine: ...",
        "def Mine(problem, *, seed): ...",
        "if True:\n    Mine = print",
        "from math import sin as Mine",
        "from elsewhere import *",
        "def __getattr__(name): ...",
        "globals()['Mine'] = print",
    ],
)
def test_an_attribute_may_be_defined_in_many_ways(tmp_path, text):
    file = tmp_path / "mine.py"
    file.write_text(text)
    assert read_agent(f"{file}:Mine").factory == f"{file}:Mine"
    assert read_agent(f"{file}:Mine.of").name == "Mine.of"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("raise SystemExit\nclass Yours: ...\ndef make(): ...", r"defines \['Yours', 'make'\]"),
        ("class Mine(:", "is no Python file: invalid syntax"),
        ("class Mine: ...\0", "is no Python file"),
    ],
)
def test_a_missing_attribute_is_noticed_before_the_file_runs(tmp_path, text, words):
    (tmp_path / "mine.py").write_text(text)
    with pytest.raises(ValueError, match=words):
        read_agent(f"{tmp_path}/mine.py:Mine")


@pytest.mark.parametrize("given", [5, None, partial(Registered, 1)])
def test_what_is_no_agent(given):
    with pytest.raises(ValueError, match="must be a class, a function, an AgentEntry or 'module:a"):
        register_agent(given)
    with pytest.raises(ValueError, match=r"name = .* must be a name, one of \['.*build_agent\(fac"):
        make_agent(given, TuningEnv())


def test_agents_are_built_from_classes():
    with pytest.raises(
        TypeError, match=r"from a class or a function, not from 'random'; .*make_ag"
    ):
        build_agent("random", TuningEnv())
    with pytest.raises(ValueError, match=r"needs = 'foo' must be None or one of \('problem', "):
        build_agent(Registered, TuningEnv(), needs="foo")


@pytest.mark.parametrize("suite", PROFILES["full"].suites)
def test_committed_rows_are_of_these_suites_and_agents(suite):
    """Else `make benchmark-full` would run everything anew. Other agents may be there, too."""
    paths = sorted((ROWS / suite).iterdir())
    assert {path.name for path in paths} >= {f"{entry.name}.npz" for entry in default_agents()}
    for path in paths:
        with np.load(path, allow_pickle=False) as rows:
            assert str(rows["suite"]) == make_suite(suite).text
            about = json.loads(str(rows["about"]))
        assert about["identity"] == agent_entry(path.stem).identity


def test_there_are_rows_of_every_suite():
    assert {path.name for path in ROWS.iterdir()} == set(PROFILES["full"].suites)


def test_the_committed_rows_are_small():
    """Most hosts refuse files of 100 MB, and every clone takes them all."""
    sizes = [path.stat().st_size for path in ROWS.rglob("*.npz")]
    assert max(sizes) < 2**20 and sum(sizes) < 26 * 2**20
