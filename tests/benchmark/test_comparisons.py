"""Comparisons of agents: ranks, improvement, gaps, paired differences."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest
from scored_runs import ROLES, learned, make_records, random_records, small_suite

from hpo_gym.benchmark.scoring.comparisons import Comparisons, common_runs, regret_on
from hpo_gym.benchmark.scoring.scores import AgentFacts
from hpo_gym.benchmark.scoring.statistics import bootstrap, mean
from hpo_gym.benchmark.scoring.summarise import summarise
from hpo_gym.benchmark.scoring.verdicts import rivals

FEW = replace(ROLES, resamples=100)


def compare(*records, evaluations=(1,), **settings):
    return Comparisons({r.agent: r for r in records}, evaluations, **{"resamples": 50, **settings})


def test_ranks_by_hand():
    """Final regrets .1 .2 .2 and .3 .1 .1 of two runs: ranks 1 2.5 2.5 and 3 1.5 1.5."""
    a, b, c = (
        make_records(name, [[[final]] for final in finals])
        for name, finals in [("a", (0.1, 0.3)), ("b", (0.2, 0.1)), ("c", (0.2, 0.1))]
    )
    ranks = compare(a, b, c, resamples=2000).ranks()
    assert {name: rank.value for name, rank in ranks.items()} == {"a": 2.0, "b": 2.0, "c": 2.0}
    assert ranks["a"] == (2.0, 1.0, 3.0)
    assert ranks["b"] == (2.0, 1.5, 2.5)


def test_training_seeds_of_a_tuner_are_one_rival():
    """Two seeds, one better and one worse than b in every run: half a rival, and none of c's."""
    finals = {"b": 0.2, "t-0": 0.1, "t-1": 0.3, "c": 0.4}
    records = [make_records(name, np.full((3, 2, 1), final)) for name, final in finals.items()]
    tuners = {"b": ["b"], "t": ["t-0", "t-1"], "c": ["c"]}
    ranks = {name: rank.value for name, rank in compare(*records, rivals=tuners).ranks().items()}
    assert ranks == {"b": 1.5, "t-0": 1.0, "t-1": 2.0, "c": 3.0}
    # As rivals of each other they would push c down to the fourth place.
    assert compare(*records).ranks()["c"].value == 4.0


def test_tasks_of_one_origin_are_resampled_together():
    """Each task twice: copies of one origin say no more than one does; a control: else they do."""
    finals = np.random.default_rng(0).random((2, 8, 3, 1))
    origins = {task: f"origin {task // 2}" for task in range(16)}
    settings = {"resamples": 500, "evaluations": (1,)}
    single = compare(*(make_records(n, f) for n, f in zip("ab", finals, strict=True)), **settings)
    doubled = [make_records(n, np.repeat(f, 2, axis=0)) for n, f in zip("ab", finals, strict=True)]
    together, apart = (compare(*doubled, origins=known, **settings) for known in (origins, None))
    for statistic in ("iqm", "mean"):
        expected = single.difference("a", "b", statistic)[0]
        assert together.difference("a", "b", statistic)[0] == pytest.approx(expected, abs=1e-12)
        narrow = apart.difference("a", "b", statistic)[0]
        assert narrow.high - narrow.low < 0.9 * (expected.high - expected.low)
    expected = single.improvement("a", "b")
    assert together.improvement("a", "b") == pytest.approx(expected, abs=1e-12)
    assert together.ranks()["a"] == pytest.approx(single.ranks()["a"], abs=1e-12)


def test_rivals_are_tuners_and_no_oracles():
    facts = learned("ppo-0", "ppo-1") | {"oracle": AgentFacts(oracle=True)}
    names, finals = ["ppo-1", "oracle", "gp", "ppo-0"], (0.3, 0.0, 0.1, 0.3)
    assert rivals(names, facts) == {"ppo": ["ppo-1", "ppo-0"], "gp": ["gp"]}
    records = [make_records(n, np.full((2, 2, 1), r)) for n, r in zip(names, finals, strict=True)]
    scores = summarise(small_suite(1), records, facts=facts, settings=FEW)
    ranks = {agent.agent: agent.rank.value for agent in scores.agents}
    assert ranks == {"oracle": 1.0, "gp": 1.0, "ppo-0": 2.0, "ppo-1": 2.0}
    assert scores.rank_rivals == 2


def test_agents_that_all_end_alike_share_the_middle_rank():
    records = [make_records(name, np.full((3, 2, 1), 0.2)) for name in "abc"]
    assert {tuple(rank) for rank in compare(*records).ranks().values()} == {(2.0, 2.0, 2.0)}


@pytest.mark.parametrize(("tasks", "seeds", "known"), [(1, 1, False), (1, 4, True), (2, 1, True)])
def test_few_tasks_and_seeds_have_honest_intervals(tasks, seeds, known):
    """A single run has none; a single task has that of its seeds."""
    records = [random_records(name, 0.3, tasks, seeds, seed=k) for k, name in enumerate("ab")]
    scores = summarise(
        small_suite(4, tasks, seeds), records, settings=replace(FEW, references=("b",))
    )
    (comparison,) = scores.comparisons
    estimates = [
        *scores.agent("a").regret_iqm,
        *scores.agent("a").regret_mean,
        scores.agent("a").return_iqm,
        scores.agent("a").area_evaluations,
        *comparison.iqm_difference,
        *comparison.mean_difference,
    ]
    for value, low, high in estimates:
        assert isinstance(value, float)
        assert (low is not None) == (high is not None) == known
    widths = [e.high - e.low for e in estimates if e.low is not None]
    assert all(width > 0.0 for width in widths[:8] + widths[-6:])
    for estimate in (scores.agent("a").rank, comparison.improvement):
        assert (estimate.low is not None) == known
    json.dumps(asdict(scores), allow_nan=False)


def test_probability_of_improvement_by_hand():
    """First task: (.1, .3) against (.2, .3) wins 1 and 1, loses 1, ties 1: 2.5 of 4. Second: 0."""
    ours = make_records("a", [[[0.1], [0.3]], [[0.9], [0.9]]])
    theirs = make_records("b", [[[0.2], [0.3]], [[0.1], [0.2]]])
    found = compare(ours, theirs, resamples=2000).improvement("a", "b")
    assert found == pytest.approx((0.625 / 2, 0.0, 0.625))
    back = compare(ours, theirs).improvement("b", "a")
    assert back.value == pytest.approx(1.0 - 0.625 / 2)


def test_improvement_equals_the_statistic_of_scipy():
    stats = pytest.importorskip("scipy.stats")
    ours, theirs = random_records("a", 0.3, seed=1), random_records("b", 0.4, seed=2)
    shares = [
        1.0 - stats.mannwhitneyu(x, y).statistic / 9.0
        for x, y in zip(ours.regret[:, :, 0], theirs.regret[:, :, 0], strict=True)
    ]
    assert compare(ours, theirs).improvement("a", "b").value == pytest.approx(np.mean(shares))


def test_closed_gap_by_hand():
    """From .5 to 0 or to .1, of which .2 closes 3/5 and 3/4."""
    agents = [
        make_records(name, np.full((3, 2, 1), regret))
        for name, regret in [("a", 0.2), ("portfolio", 0.5), ("particle", 0.1)]
    ]
    gap = compare(*agents).closed_gap
    assert gap("a", "portfolio", None, "iqm") == pytest.approx((0.6, 0.6, 0.6))
    assert gap("a", "portfolio", "particle", "mean") == pytest.approx((0.75, 0.75, 0.75))
    assert gap("portfolio", "portfolio", None, "iqm").value == 0.0
    assert gap("particle", "portfolio", "particle", "iqm").value == 1.0
    # No gap where the target is no better than the start.
    assert gap("a", "particle", "portfolio", "iqm") is None
    assert gap("a", "portfolio", "portfolio", "iqm") is None


def test_paired_differences_by_hand_and_paired_intervals_are_narrower():
    """One tuner is always .01 better on tasks that differ by much more."""
    theirs = random_records("b", 0.2, tasks=30)
    ours = replace(theirs, agent="a", regret=theirs.regret - 0.01)
    pairs = compare(ours, theirs, evaluations=(1, 4))
    for statistic in ("iqm", "mean"):
        *regrets, returned = pairs.difference("a", "b", statistic)
        for estimate in regrets:
            assert estimate == pytest.approx((-0.01, -0.01, -0.01))
        assert returned == (0.0, 0.0, 0.0)
    # Negative control: the interval of the tuner's own mean is far wider.
    own = bootstrap(ours.regret[:, 0, 0], mean)
    assert own.high - own.low > 0.05


def test_comparisons_use_common_runs_alone():
    ours, theirs = random_records("a", 0.2, seed=1), random_records("b", 0.3, seed=2)
    slow = theirs.first(4, 2)
    beside = ours.regret.copy()
    beside[4:], beside[:, 2:] = 0.9, 0.9  # runs that the slow tuner has not
    changed = replace(ours, regret=beside)
    assert common_runs([ours, slow]) == ((0, 1, 2, 3), (0, 1))
    found = []
    for fast in (ours, changed):
        pairs = compare(fast, slow, evaluations=(1, 4))
        found.append(
            (pairs.difference("a", "b", "iqm"), pairs.improvement("a", "b"), pairs.ranks())
        )
    assert found[0] == found[1]
    whole = compare(ours, theirs, evaluations=(1, 4))
    assert whole.difference("a", "b", "iqm") != found[0][0]


def test_common_runs_are_found_by_number():
    """Not by place."""
    ours = random_records("a", 0.2)
    theirs = replace(ours, agent="b", tasks=ours.tasks[::-1], regret=ours.regret[::-1])
    runs = common_runs([ours, theirs])
    assert (regret_on(ours, runs) == regret_on(theirs, runs)).all()
    with pytest.raises(ValueError, match=r"\['a', 'c'\] have no tasks and seeds in common"):
        common_runs([ours, replace(ours, agent="c", tasks=ours.tasks + 100)])
