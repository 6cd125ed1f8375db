"""The benchmark's command line: a user's tuner is ranked, mistakes are told, files are written."""

import csv
import re

import pytest
from tiny_benchmarks import tuner

from hpo_gym.benchmark.store import Store
from hpo_gym.benchmark.suites import make_suite
from scripts import benchmark
from scripts.benchmark_agents import PROFILES, entrants

MINE = '''
import numpy as np

class Halving:
    """Proposes points around the incumbent, ever closer."""

    def __init__(self, env, *, seed=0):
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
    chosen = ("--agents", "random", "--agent", "mytuner.py:Halving", "--processes", "1")
    assert command(*chosen, "--export", "rows", "--validate") == 0
    printed = capsys.readouterr().out
    assert "smoke, Halving, 16 episodes: confirmed bit for bit" in printed
    with (tmp_path / "results/benchmark/benchmark.csv").open() as file:
        ranks = {row["agent"]: row for row in csv.DictReader(file) if row["score"] == "rank"}
    assert ranks.keys() == {"Halving", "random"}
    assert "Halving" in (tmp_path / "results/benchmark/benchmark.md").read_text()
    # From the exported rows alone, as on a fresh clone, nothing is left to run.
    stored = ("--import", "rows", "--database", "b.sqlite", "--show")
    assert command(*chosen, *stored) == 0
    table = printed[printed.index("\nsmoke: normalised") : printed.index("\nsmoke: area")]
    assert table in capsys.readouterr().out
    # What is to be run again is not imported either.
    assert command(*chosen, *stored, "--rerun", "Halving") == 0
    assert "deleted: results of Halving on 1 suites" in capsys.readouterr().out
    with Store("b.sqlite") as store:
        assert store.agents(make_suite("smoke")).keys() == {"random"}


def test_a_failing_tuner_ends_with_an_error_code(command, tmp_path, capsys):
    tuner(tmp_path)
    assert command("--agents", "random", "--agent", "bad=tuners.py:Raises") == 1
    printed = capsys.readouterr()
    assert "failed: bad on smoke, seed 0, tasks from 0" in printed.out
    assert "RuntimeError: no idea" in printed.err
    assert "bad" in (tmp_path / "results/benchmark/benchmark.md").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--suites", "nope"], "unknown suite 'nope'"),
        (["--agents", "nope"], r"unknown agents \['nope'\]"),
        (["--agent", "nope.py:A"], "agent 'A' cannot be read"),
        (["--agent", "nope"], "must be 'module:attribute'"),
        (["--agent", "random=agents:make_agent"], r"the names \['random'\] are taken"),
        (["--rerun", "nope"], r"--rerun: \['nope'\] are no tuners.*choose from \['"),
        (["--import", "nope"], "--import: there is no folder 'nope'"),
        (["--processes", "0"], "--processes 0 must be"),
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
    chosen = entrants(profile)
    names = [entrant.name for entrant in chosen]
    assert len(set(names)) == len(names)
    assert {"random", "portfolio", "particle", "oracle", "gp-4", "unrolled-0", "ppo-0"} <= set(
        names
    )
    assert names[-1].startswith("gp")  # the slow ones run last
    for entrant in chosen:
        assert entrant.identity
        for limit in entrant.limits.values():
            assert min(limit) >= 1
