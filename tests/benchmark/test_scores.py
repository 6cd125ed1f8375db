"""Scores against values worked out by hand."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest
from scored_runs import ROLES, learned, make_records, random_records, small_suite

from hpo_gym.benchmark.scoring import curves
from hpo_gym.benchmark.scoring.comparisons import Comparisons, common_runs, regret_on
from hpo_gym.benchmark.scoring.scores import AgentFacts
from hpo_gym.benchmark.scoring.statistics import bootstrap, iqm, mean
from hpo_gym.benchmark.scoring.summarise import summarise
from hpo_gym.benchmark.scoring.verdicts import rivals

FEW = replace(ROLES, resamples=100)


def compare(*records, evaluations=(1,), **settings):
    return Comparisons({r.agent: r for r in records}, evaluations, **{"resamples": 50, **settings})


def test_area_under_steps_by_hand():
    """Regret 1 until the first end at 1, .4 until 3, .1 from then on."""
    ends, regret = np.array([1.0, 3.0]), np.array([0.4, 0.1])
    assert curves.area(ends, regret, 4.0) == pytest.approx((1.0 + 2 * 0.4 + 0.1) / 4)
    assert curves.area(ends, regret, 2.0) == pytest.approx((1.0 + 0.4) / 2)
    assert curves.area(ends, regret, 0.5) == 1.0  # nothing has ended
    both = curves.area(np.stack([ends, 2 * ends]), np.stack([regret, regret]), 4.0)
    assert both == pytest.approx([1.9 / 4, (2 + 2 * 0.4) / 4])
    with pytest.raises(ValueError, match="horizon = 0"):
        curves.area(ends, regret, 0.0)


def test_area_is_the_average_of_the_regret_on_a_fine_grid():
    random = np.random.default_rng(0)
    ends = np.cumsum(random.random((3, 2, 5)), axis=-1)
    regret = random.random((3, 2, 5))
    grid = (np.arange(20_000) + 0.5) / 20_000 * 2.0
    assert curves.area(ends, regret, 2.0) == pytest.approx(
        curves.value_at(ends, regret, grid).mean(axis=-1), abs=1e-3
    )


def test_values_at_points_of_a_grid_by_hand():
    ends, regret = np.array([[1.0, 3.0]]), np.array([[0.4, 0.1]])
    grid = np.array([0.0, 0.99, 1.0, 2.9, 3.0, 9.0])
    assert curves.value_at(ends, regret, grid).tolist() == [[1.0, 1.0, 0.4, 0.4, 0.1, 0.1]]
    assert curves.value_at(ends, regret, grid, before=np.array([0.7]))[0, 0] == 0.7


def test_ends_of_evaluations_in_cost_and_in_time_with_decisions():
    records = make_records("a", [[[0.5, 0.2]]], resource=[10.0, 50.0], seconds=[0.1, 0.4])
    assert curves.evaluation_ends(records).tolist() == [[[1.0, 2.0]]]
    # .002 and .02 per 100 epochs
    assert curves.cost_ends(records) == pytest.approx(np.array([[[0.004, 0.016]]]))
    assert curves.time_ends(records, 0.03) == pytest.approx(np.array([[[0.4, 2.3]]]))


def test_profile_by_hand():
    shares = curves.profile(np.array([[0.0, 0.2], [0.1, 0.5]]), np.array([0.1, 0.3]))
    assert shares.tolist() == [[[1, 0], [1, 0]], [[1, 1], [1, 0]]]


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


def verdict_of(*records, facts=None, score="regret"):
    facts = {"mine": AgentFacts("yours"), **(facts or {})}
    suite = small_suite(records[0].regret.shape[2], *records[0].regret.shape[:2], score=score)
    (found,) = summarise(suite, list(records), facts=facts, settings=FEW).verdicts
    return found


def test_a_verdict_by_hand():
    """Better, worse and not told apart on eight tasks, on which b is now better, now worse."""
    steady, swinging = np.full((8, 2, 1), 0.4), np.full((8, 2, 1), 0.1)
    swinging[::2] = 0.72
    records = [make_records("mine", steady), make_records("b", swinging)]
    records += [make_records("far", steady + 0.5), make_records("near", steady + 0.1)]
    records += [make_records("best", steady - 0.3), make_records("oracle", 0.0 * steady)]
    records += [make_records("equal", steady)]
    found = verdict_of(*records, facts={"oracle": AgentFacts(oracle=True)})
    assert (found.agent, found.place, found.tuners) == ("mine", 2, 6)
    assert found.better_than == ("near", "far")
    assert found.worse_than == ("best",)
    assert found.not_told_apart_from == ("equal", "b")


def test_a_verdict_compares_with_the_average_of_training_seeds():
    records = [
        make_records(name, np.full((4, 2, 1), regret))
        for name, regret in [("mine", 0.25), ("t-0", 0.1), ("t-1", 0.3)]
    ]
    found = verdict_of(*records, facts=learned("t-0", "t-1"))
    assert (found.place, found.tuners, found.worse_than) == (2, 2, ("t",))


def test_a_verdict_goes_by_what_ranks():
    cheap = make_records("mine", np.full((2, 2, 2), 0.5), reward=0.2)
    good = make_records("good", np.full((2, 2, 2), 0.1), reward=0.1)
    assert verdict_of(cheap, good).worse_than == ("good",)
    assert verdict_of(cheap, good, score="return").better_than == ("good",)


def test_a_verdict_is_on_common_runs_and_not_on_what_failed():
    mine = random_records("mine", 0.3, seed=1)
    slow = replace(mine, agent="slow", regret=mine.regret + 0.1).first(4, 1)
    easy = mine.regret.copy()
    easy[4:] += 0.5  # runs that the slow one has not
    found = verdict_of(replace(mine, regret=easy), slow)
    assert (found.place, found.better_than) == (1, ("slow",))


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


def agents_of_a_suite():
    scales = {"random": 0.9, "portfolio": 0.3, "particle": 0.02, "ppo-0": 0.1, "ppo-1": 0.05}
    records = [random_records(name, scale, seed=7) for name, scale in scales.items()]
    # Its first proposals, before the model, come quickly; 0.2 s in the mean.
    seconds = np.array([0.05, 0.05, 0.05, 0.65])
    gaussian = random_records("gp-4", 0.2, seed=8, seconds=seconds).first(4, 1)
    return [*records, gaussian, make_records("oracle", np.zeros((6, 3, 4)), reward=0.1)]


def test_summary_of_a_suite():
    records = agents_of_a_suite()
    suite = small_suite(4, tasks=6, seeds=3)
    facts = {"ppo-0": AgentFacts(training_seconds=60.0)}
    scores = summarise(suite, records, failed=["tpe"], facts=facts, settings=FEW)
    order = [agent.agent for agent in scores.agents]
    finals = {r.agent: float(iqm(r.regret[:, :, -1].ravel())) for r in records}
    assert order == sorted(finals, key=finals.__getitem__)
    assert (order[0], order[-1]) == ("oracle", "random")
    assert (scores.evaluations, scores.failed) == ((1, 2, 4), ("tpe",))
    assert (scores.rank_tasks, scores.rank_seeds) == (4, 1)
    assert scores.cost_horizon == pytest.approx(4 * (0.002 + 0.02 * 0.5))
    assert scores.time_horizons == pytest.approx((6.0, 60.0, 600.0))
    for record in records:
        agent = scores.agent(record.agent)
        assert (agent.tasks, agent.seeds) == record.regret.shape[:2]
        assert agent.resampled == ("tasks" if record.agent == "gp-4" else "seeds")
        for count in range(4):
            middle, average = agent.regret_iqm[count], agent.regret_mean[count]
            assert middle.value == pytest.approx(iqm(record.regret[:, :, count].ravel()))
            assert average.value == pytest.approx(record.regret[:, :, count].mean())
            assert middle.low <= middle.value <= middle.high
        area = (1.0 + record.regret[..., :3].sum(axis=-1)).mean() / 4
        assert agent.area_evaluations.value == pytest.approx(area)
        # All evaluations have 50 epochs, so that the cost is as far as the number is.
        assert agent.area_cost.value == pytest.approx(area)
        assert [reached.bound for reached in agent.reached] == [0.01, 0.05]
    assert scores.agent("ppo-0").training_seconds == 60.0
    assert scores.agent("gp-4").microseconds == pytest.approx(2e5)
    # 0.2 s to decide beside 1.5, 15 and 150 s of training: less regret is known at a time.
    times = scores.agent("gp-4").area_time
    assert times[0].value > times[1].value > times[2].value
    assert scores.agent("gp-4").area_evaluations.value < times[2].value
    json.dumps(asdict(scores), allow_nan=False)


def test_scores_of_the_oracle():
    oracle = summarise(small_suite(4, 6, 3), agents_of_a_suite(), settings=FEW).agent("oracle")
    assert oracle.return_iqm == pytest.approx((0.4, 0.4, 0.4))
    assert oracle.return_mean == pytest.approx((0.4, 0.4, 0.4))
    assert oracle.adaptivity.optimum_iqm == (1.0, 1.0, 1.0)
    assert oracle.adaptivity.target_mean.value > 1.0
    assert oracle.area_evaluations.value == pytest.approx(0.25)  # before the first evaluation
    assert {estimate.value for estimate in oracle.profile} == {1.0}
    assert oracle.rank == (1.0, 1.0, 1.0)
    assert [(reached.fraction.value, reached.median) for reached in oracle.reached] == 2 * [(1, 1)]


def test_evaluations_to_a_bound_by_hand():
    """Three runs reach 5 % after 1, 2, 2 evaluations and one never does; none reaches 1 %."""
    regret = [[[0.05, 0.02], [0.3, 0.04]], [[0.4, 0.05], [0.4, 0.3]]]
    scores = summarise(small_suite(2), [make_records("a", regret)], settings=FEW).agent("a")
    none, five = scores.reached
    assert (none.fraction.value, none.median) == (0.0, None)
    assert (five.fraction.value, five.median) == (0.75, 2.0)


@pytest.mark.parametrize(
    ("counts", "median"),
    [
        ([1, 2, 3, 4], 2),  # half of them are there after two
        ([2, 2, None, None], 2),
        ([2, 4, None, None], 4),
        ([2, None, None, None], None),
        ([1, 2, None], 2),
        ([3, None, None], None),
        ([None, None], None),
        ([3, None], 3),
        ([3], 3),
    ],
)
def test_half_of_the_runs_get_to_a_bound(counts, median):
    """Also exactly half."""
    after = np.arange(1, 5)
    regret = [[np.where(after >= (count or 9), 0.05, 0.5)] for count in counts]
    suite = small_suite(4, len(counts), 1)
    five = summarise(suite, [make_records("a", regret)], settings=FEW).agent("a").reached[1]
    assert five.median == median
    assert five.fraction.value == np.mean([count is not None for count in counts])


def test_comparisons_of_a_summary():
    records = agents_of_a_suite()
    scores = summarise(small_suite(4, 6, 3), records, settings=FEW)
    pairs = {(c.agent, c.reference) for c in scores.comparisons}
    references = {"gp-4", "portfolio", "particle", "random"}
    names = {record.agent for record in records}
    assert pairs == {(a, b) for a in names for b in references if a != b}
    comparison = scores.comparison("ppo-1", "gp-4")
    assert (comparison.tasks, comparison.seeds) == (4, 1)
    ours, theirs = (next(r for r in records if r.agent == name) for name in ("ppo-1", "gp-4"))
    ours = ours.first(4, 1)
    for place, count in enumerate(scores.evaluations):
        middle = [float(iqm(r.regret[:, 0, count - 1])) for r in (ours, theirs)]
        found = [comparison.agent_iqm[place], comparison.reference_iqm[place]]
        assert found == pytest.approx(middle)
        assert comparison.iqm_difference[place].value == pytest.approx(middle[0] - middle[1])
        average = [r.regret[:, 0, count - 1].mean() for r in (ours, theirs)]
        assert comparison.mean_difference[place].value == pytest.approx(average[0] - average[1])
    assert scores.comparison("gp-4", "gp-4") is None


def test_training_seeds_have_a_spread():
    records, facts = agents_of_a_suite(), learned("ppo-0", "ppo-1")
    assert not summarise(small_suite(4, 6, 3), records, settings=FEW).spreads  # names say nothing
    scores = summarise(small_suite(4, 6, 3), records, facts=facts, settings=FEW)
    (spread,) = scores.spreads
    assert (spread.group, spread.agents) == ("ppo", ("ppo-0", "ppo-1"))
    finals = [scores.agent(name).regret_iqm[-1].value for name in spread.agents]
    assert spread.regret_iqm[-1] == (min(finals), max(finals))
    gaps = [scores.agent(name).adaptivity.optimum_iqm.value for name in spread.agents]
    assert spread.adaptivity == (min(gaps), max(gaps))
    alone = summarise(small_suite(4, 6, 3), records, facts=learned("ppo-1"), settings=FEW)
    assert alone.spreads == ()


def test_a_suite_may_rank_by_return():
    cheap = make_records("cheap", np.full((2, 2, 2), 0.5), reward=0.2)
    good = make_records("good", np.full((2, 2, 2), 0.1), reward=0.1)
    for score, order in [("regret", ["good", "cheap"]), ("return", ["cheap", "good"])]:
        scores = summarise(small_suite(2, score=score), [good, cheap], settings=FEW)
        assert [agent.agent for agent in scores.agents] == order


def test_scores_are_reproducible_and_differ_with_the_seed():
    suite, records = small_suite(4, 6, 3), agents_of_a_suite()
    scores = summarise(suite, records, settings=FEW)
    assert summarise(suite, records, settings=FEW) == scores
    assert summarise(suite, records, settings=replace(FEW, seed=1)) != scores


def test_failed_agents_are_not_scored():
    records = agents_of_a_suite()
    scores = summarise(small_suite(4, 6, 3), records, failed=["portfolio"], settings=FEW)
    assert "portfolio" not in {agent.agent for agent in scores.agents}
    assert scores.agent("ppo-0").adaptivity is None
    with pytest.raises(ValueError, match="no scores of 'portfolio'"):
        scores.agent("portfolio")


@pytest.mark.parametrize(
    ("records", "failed", "message"),
    [
        ([], [], "no agent with complete runs"),
        ([random_records("a", 0.1)], ["a"], "no agent with complete runs"),
        ([random_records("a", 0.1)] * 2, [], r"several records of \['a'\]"),
        ([random_records("a", 0.1, suite="other")], [], "runs of 'other'"),
        ([random_records("a", 0.1, budget=3)], [], "with 4 evaluations is scored"),
    ],
)
def test_runs_that_cannot_be_scored(records, failed, message):
    with pytest.raises(ValueError, match=message):
        summarise(small_suite(4, 6, 3), records, failed=failed)
