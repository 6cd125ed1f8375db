"""What is kept between two shows: used as long as nothing changed, computed anew otherwise."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest
from scored_runs import ROLES, learned, random_records, small_suite

from hpo_gym.benchmark.results import kept as keeping
from hpo_gym.benchmark.results.kept import kept
from hpo_gym.benchmark.running.random_trials import random_trials
from hpo_gym.benchmark.scoring.as_json import from_json, to_json
from hpo_gym.benchmark.scoring.scores import Summary
from hpo_gym.benchmark.scoring.summarise import summarise
from hpo_gym.families.optima import solved_anew
from hpo_gym.tuners.entry import AgentEntry
from scripts import benchmark_results
from scripts.benchmark_results import score


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache folder."""
    monkeypatch.setenv("HPO_GYM_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "benchmark"


class Counter:
    """Computes something, and counts how often."""

    def __init__(self):
        self.calls = 0

    def __call__(self):
        self.calls += 1
        return b"a\n" + bytes([self.calls])


def test_it_is_computed_once(cache):
    compute = Counter()
    assert kept("name", {"a": 1}, compute) == kept("name", {"a": 1}, compute) == b"a\n\1"
    assert kept("other name", {"a": 1}, compute) == b"a\n\2"
    assert kept("name", {"a": 1}, compute) == b"a\n\1"
    assert len(list(cache.iterdir())) == 2


@pytest.mark.parametrize("change", ["facts", "code", "content", "cut", "removed"])
def test_whatever_changes_it_is_computed_anew(cache, monkeypatch, change):
    compute, facts = Counter(), {"a": 1}
    assert kept("name", facts, compute) == b"a\n\1"
    (file,) = cache.iterdir()
    data = file.read_bytes()
    if change == "facts":
        facts = {"a": 2}
    elif change == "code":
        monkeypatch.setattr(keeping, "_code", lambda: "another")
    elif change == "content":
        file.write_bytes(data[:-1] + b"\0")
    elif change == "cut":
        file.write_bytes(data[:20])
    else:
        file.unlink()
    assert kept("name", facts, compute) == kept("name", facts, compute) == b"a\n\2"


def test_who_confirms_takes_nothing_that_was_kept_and_replaces_it(cache):
    """Whoever may write there knows how digests are made."""
    kept("name", 1, lambda: b"true")
    (file,) = cache.iterdir()
    key = file.read_bytes()[:64]
    file.write_bytes(key + hashlib.sha256(b"forged").hexdigest().encode() + b"\nforged")
    assert kept("name", 1, lambda: b"true") == b"forged"
    with solved_anew():
        assert kept("name", 1, lambda: b"true") == b"true"
    assert kept("name", 1, lambda: b"other") == b"true"


def test_a_folder_that_cannot_be_written_costs_the_time_only(cache):
    cache.parent.write_text("no folder")
    compute = Counter()
    assert (kept("name", 1, compute), kept("name", 1, compute)) == (b"a\n\1", b"a\n\2")


RUNS = [
    random_records(name, scale)
    for name, scale in {"unrolled-0": 0.02, "unrolled-1": 0.03, "gp-4": 0.05, "random": 0.3}.items()
]
SUITE = small_suite(4, 6, 3)


def test_scores_come_back_to_the_last_bit():
    facts = learned("unrolled-0", "unrolled-1", training_seconds=7.5)
    random = random_trials(SUITE)
    for settings in (ROLES, replace(ROLES, gap_start=None, resamples=50)):
        summary = summarise(
            SUITE, RUNS, failed=("bad",), facts=facts, random=random, settings=settings
        )
        assert summary.spreads and summary.comparisons
        assert from_json(Summary, to_json(summary)) == summary


def test_digests_of_records():
    one, *others = RUNS
    assert replace(one).digest == one.digest
    digests = {record.digest for record in (one, *others, one.first(2, 3), one.first(3, 2))}
    for name in ("regret", "reward", "seconds", "resource", "cost"):
        array = getattr(one, name).copy()
        array[1, 1, 1] = np.nextafter(array[1, 1, 1], 1.0)
        digests.add(replace(one, **{name: array}).digest)
    assert len(digests) == 6 + 5


def test_scores_are_computed_once_for_the_same_runs(cache, monkeypatch):
    computed = []

    def counted(*args, **kwargs):
        computed.append(args)
        return summarise(*args, **kwargs)

    monkeypatch.setattr(benchmark_results, "summarise", counted)
    agents = [AgentEntry(one.agent, "agents:make_agent", version=1) for one in RUNS]
    first = score(SUITE, RUNS, [], agents)
    assert score(SUITE, RUNS, [], agents) == first
    assert len(computed) == 1
    changed = replace(RUNS[0], regret=0.5 * RUNS[0].regret)
    assert score(SUITE, [changed, *RUNS[1:]], [], agents) != first
    assert score(SUITE, RUNS, ["failed"], agents).failed == ("failed",)
    assert score(SUITE, RUNS, [], [replace(agents[0], group="yours"), *agents[1:]]) is not None
    assert len(computed) == 4
