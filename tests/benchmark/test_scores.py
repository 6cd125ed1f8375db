"""Scores against values worked out by hand."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest
from scored_runs import ROLES, learned, make_records, random_records, small_suite

from hpo_gym.benchmark.scoring.scores import AgentFacts
from hpo_gym.benchmark.scoring.statistics import iqm
from hpo_gym.benchmark.scoring.summarise import summarise

FEW = replace(ROLES, resamples=100)


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
