"""The benchmark's command line: a user's tuner is ranked, mistakes are told, files are written."""

import csv
import hashlib
import json
import re
from dataclasses import replace

import numpy as np
import pytest
from stored_rows import change_number
from tiny_benchmarks import tuner, up_to

from hpo_gym import pretrained
from hpo_gym.benchmark.results.store import Store
from hpo_gym.benchmark.running.profile import Profile
from hpo_gym.benchmark.running.runner import run
from hpo_gym.benchmark.suites.registry import make_suite
from hpo_gym.tuners.registry import agent_entry
from scripts import benchmark
from scripts.benchmark_agents import PROFILES, default_agents
from scripts.benchmark_results import results_of, score

MINE = '''
import numpy as np

class Halving:
    """Proposes points around the incumbent, ever closer."""

    def __init__(self, problem, *, seed=0):
        self.random = np.random.default_rng(seed)

    def predict(self, observation, state=None, episode_start=None, deterministic=False):
        budget_left, incumbent = observation[:, 12:13], observation[:, 8:11]
        noise = self.random.normal(size=incumbent.shape)
        return (incumbent + noise * budget_left).astype(np.float32), None
'''


@pytest.fixture
def command(tmp_path, monkeypatch):
    """Run the command in an empty folder; gives its exit code."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        monkeypatch.setattr("sys.argv", ["benchmark", "--profile", "smoke", *arguments])
        with pytest.raises(SystemExit) as ended:
            benchmark.main()
        return ended.value.code

    return run


def test_a_tuner_of_ones_own_is_ranked(command, tmp_path, capsys):
    (tmp_path / "mytuner.py").write_text(MINE)
    chosen = ("--agents", "random", "--agent", "mytuner.py:Halving", "--executor", "processes:1")
    assert command(*chosen, "--export", "rows", "--validate") == 0
    printed = capsys.readouterr().out
    assert "smoke, Halving, 16 episodes: confirmed bit for bit" in printed
    with (tmp_path / "results/benchmark/benchmark.csv").open() as file:
        ranks = {row["agent"]: row for row in csv.DictReader(file) if row["score"] == "rank"}
    assert ranks.keys() == {"Halving", "random"}
    table = (tmp_path / "results/benchmark/benchmark.md").read_text()
    assert re.search(r"^\| \*\*Halving\*\* +\| ", table, re.M)
    # From the exported rows alone, as on a fresh clone, nothing is left to run.
    stored = ("--rows", "rows", "--database", "b.sqlite", "--show")
    assert command(*chosen, *stored) == 0
    shown = printed[printed.index("\nsmoke: normalised") : printed.index("\nwritten: results/")]
    assert shown in capsys.readouterr().out
    assert re.search(r"^> Halving ", shown, re.M) and shown.count("\nHalving: rank ") == 1
    assert len(shown.splitlines()) < 15  # one ranking, its columns, one verdict
    assert not (tmp_path / "b.sqlite").exists()
    # What is to be run again is not imported either.
    again = ("--rows", "rows", "--database", "b.sqlite", "--rerun", "Halving")
    assert command(*chosen, *again, "--executor", "processes:1") == 0
    printed = capsys.readouterr()
    assert "deleted: results of Halving on 0 suites" in printed.out
    assert "Halving on smoke" in printed.err
    assert "random on smoke" not in printed.err


def test_a_failing_tuner_ends_with_an_error_code(command, tmp_path, capsys):
    tuner(tmp_path)
    assert command("--agents", "random", "--agent", "bad=tuners.py:Raises") == 1
    printed = capsys.readouterr()
    assert "failed: bad on smoke, seed 0, tasks from 0" in printed.out
    assert "RuntimeError: no idea" in printed.err
    table = (tmp_path / "results/benchmark/benchmark.md").read_text()
    assert re.search(r"^\| bad +\| failed", table, re.M)
    # Shown again it is no success either; without that tuner it is.
    assert command("--agents", "random", "--agent", "bad=tuners.py:Raises", "--show") == 1
    assert command("--agents", "random", "--show") == 0


def test_nothing_is_no_result(command, tmp_path, capsys):
    Store(tmp_path / "empty.sqlite").close()
    assert command("--database", "empty.sqlite", "--show") == 1
    assert "smoke: nothing to show" in capsys.readouterr().out
    assert command("--database", "empty.sqlite", "--show", "--validate") == 1
    assert "empty.sqlite: no results to confirm on ['smoke']" in capsys.readouterr().err


def test_wrong_results_end_with_an_error_code(command, tmp_path, capsys):
    chosen = ("--agents", "random", "--database", "a.sqlite")
    assert command(*chosen, "--executor", "processes:1") == 0
    change_number("a.sqlite", "cost", 7, 15, lambda cost: cost + 1e-9)
    assert command(*chosen, "--show") == 0
    assert command(*chosen, "--show", "--validate") == 1
    printed = capsys.readouterr().out
    assert "smoke, random, 16 episodes: WRONG: task 7, seed 0, evaluation 16: cost is" in printed
    change_number("a.sqlite", "regret", 7, 15, lambda regret: -0.25)
    for arguments in (["--show"], ["--show", "--validate"]):
        message = command(*chosen, *arguments)
        assert "a regret of 'random' is not in [0, 1]: -0.25 on task 7, seed 0" in message


def forge(file):
    """Change numbers of a kept file, with the digest that belongs to them."""
    head, _, data = file.read_bytes().partition(b"\n")
    if data.startswith(b"{"):
        scores = json.loads(data)
        scores["agents"][0]["rank"][0] = 0.5
        data = json.dumps(scores).encode()
    else:  # regret: of random trials, and of the report's curves
        data = (0.1 * np.frombuffer(data)).tobytes()
    file.write_bytes(head[:64] + hashlib.sha256(data).hexdigest().encode() + b"\n" + data)


@pytest.mark.parametrize("scores", [True, False])
def test_what_is_shown_with_a_confirmation_comes_from_no_cache(
    command, tmp_path, monkeypatch, scores
):
    monkeypatch.setenv("HPO_GYM_CACHE", str(tmp_path / "cache"))

    def shown(*arguments):
        assert command("--agents", "random", *arguments) == 0
        return (tmp_path / "results/benchmark/benchmark.csv").read_text()

    honest = shown("--executor", "processes:1")
    assert shown("--show") == honest
    for file in (tmp_path / "cache" / "benchmark").iterdir():
        if file.read_bytes().partition(b"\n")[2].startswith(b"{") == scores:
            forge(file)
    assert shown("--show") != honest
    assert shown("--show", "--validate") == honest
    assert shown("--show") == honest  # what was confirmed took the place of the forged files


def test_what_a_changed_tuner_did_is_neither_shown_nor_confirmed(command, tmp_path, capsys):
    (tmp_path / "mytuner.py").write_text(MINE)
    chosen = ("--agents", "random", "--agent", "mytuner.py:Halving", "--database", "a.sqlite")
    assert command(*chosen, "--executor", "processes:1", "--export", "rows") == 0
    before = (tmp_path / "a.sqlite").read_bytes()
    (tmp_path / "mytuner.py").write_text(MINE.replace("* budget_left", "* 0.5"))
    capsys.readouterr()
    for imported in ((), ("--rows", "rows")):
        assert command(*chosen, *imported, "--show", "--validate") == 0
        printed = capsys.readouterr().out
        assert "Halving changed (mytuner.py): its results on smoke are left out" in printed
        assert "smoke, random, 16 episodes: confirmed bit for bit" in printed
        assert "Halving, 16" not in printed
        assert "| Halving" not in (tmp_path / "results/benchmark/benchmark.md").read_text()
        if imported:
            assert "of another version, left out: ['Halving (mytuner.py)']" in printed
    assert (tmp_path / "a.sqlite").read_bytes() == before
    assert command(*chosen, "--executor", "processes:1", "--validate") == 0
    assert "smoke, Halving, 16 episodes: confirmed bit for bit" in capsys.readouterr().out


def test_files_that_are_named(command, tmp_path, capsys):
    (tmp_path / "mytuner.py").write_text(MINE)
    weights = tmp_path / "weights" / "deep" / "a.bin"
    weights.parent.mkdir(parents=True)
    weights.write_bytes(b"1")
    chosen = ("--agents", "random", "--agent", "mytuner.py:Halving", "--files", "weights")
    assert command(*chosen, "--executor", "processes:1") == 0
    weights.write_bytes(b"2")
    capsys.readouterr()
    assert command(*chosen, "--show") == 0
    assert "Halving changed (weights/deep/a.bin): its results on smoke" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--suites", "nope"], "unknown suite 'nope'"),
        (["--suites", "smoke", "smoke"], r"--suites: \['smoke'\] are given twice"),
        (["--agents", "nope"], r"unknown agents \['nope'\]"),
        (["--agent", "nope.py:A"], "there is no file 'nope.py'"),
        (["--agent", "agents:NOPE"], "'agents:NOPE': .* has no 'NOPE'; it defines"),
        (["--suite", "nope.py:A"], "nope.py:A' cannot be imported"),
        (["--suite", "agents:make_agent"], "'agents:make_agent' must be a Suite"),
        (["--agent", "nope"], "must be 'module:attribute'"),
        (["--agent", "random=agents:make_agent"], r"the names \['random'\] are taken"),
        (["--agents", "random", "--agent", "portfolio=agents:make_agent"], r"\['portfolio'\] are"),
        (["--agent", "a=agents:make_agent", "--agent", "a=agents:registry"], r"\['a'\] are taken"),
        (["--show", "--database", "nope/a.sqlite"], "--database: there is no file 'nope/a.sqlite'"),
        (["--show", "--validate"], "--database: there is no file 'results/benchmark.sqlite'"),
        (["--rerun", "nope"], r"--rerun: \['nope'\] are not tuners.*choose from \['"),
        (["--rows", "nope"], "--rows: there is no folder 'nope'"),
        (["--executor", "processes:0"], "executor 'processes:0' must be"),
        (["--files", "file.txt"], "--files are what your own tuners depend on"),
        (["--agent", "a=agents:Agent", "--files", "nope"], r"there are no files \['nope'\]"),
        (["--rerun", "random", "--show"], "--rerun deletes results, and --show runs nothing"),
        (["--database", "file.txt"], "cannot be used as a store"),
    ],
)
def test_mistakes_cost_no_run(command, tmp_path, arguments, message):
    (tmp_path / "file.txt").write_text("no store\n" * 100)
    code = command(*arguments)
    assert isinstance(code, str)
    assert code.startswith("error: ")
    assert re.search(message, code)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file.txt"]


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES.keys())
def test_profiles(profile):
    for name in profile.suites:
        make_suite(name).check()
    assert profile.limits.keys() <= {"medium", "slow"}
    for limits in profile.limits.values():
        for limit in limits.values():
            assert min(limit) >= 1


def test_agents_that_run_by_default():
    chosen = default_agents()
    names = [agent.name for agent in chosen]
    assert len(set(names)) == len(names)
    assert {"random", "portfolio", "particle", "oracle", "gp-4", "unrolled-0", "ppo-0"} <= set(
        names
    )
    speeds = [("fast", "medium", "slow").index(agent.speed) for agent in chosen]
    assert speeds == sorted(speeds)  # the slow ones run last
    assert all(agent.identity and agent.version is not None for agent in chosen)


def test_results_are_shown_within_the_profile(tmp_path):
    suite, mine = make_suite("smoke"), tuner(tmp_path)
    with Store(tmp_path / "a.sqlite") as store:
        assert run(store, [suite], [mine]) == 0
        ((shown,), failed) = results_of(store, suite, [mine], up_to(3, 1))
        ((whole,), _) = results_of(store, suite, [mine], Profile())
    assert (shown.regret.shape[:2], whole.regret.shape[:2], failed) == ((3, 1), (8, 2), [])


def test_training_times_are_those_of_the_family(tmp_path):
    """A tuner has a policy for each family, and each policy a time of its own."""
    learned = agent_entry("unrolled-0")
    stated = {}
    for name in ("fictitious", "binormal"):
        description = pretrained.path("unrolled", name).with_suffix(".json")
        stated[name] = json.loads(description.read_text())["training_seconds"]
    assert stated["fictitious"] != stated["binormal"]
    with Store(tmp_path / "a.sqlite") as store:
        for suite_name in ("smoke", "binormal-test"):
            suite = replace(make_suite(suite_name), tasks=(0,), seeds=(0,))
            run(store, [suite], [learned])
            records, failed = results_of(store, suite, [learned], Profile())
            (scores,) = score(suite, records, failed, [learned]).agents
            assert scores.training_seconds == stated[suite.family["name"]]
