"""Tables and CSV of the scores."""

import csv
from dataclasses import fields, replace

import numpy as np
import pytest
from scored_runs import ROLES, learned, make_records, random_records, small_suite

from hpo_gym.benchmark.scoring.scores import AgentFacts, AgentScores
from hpo_gym.benchmark.scoring.summarise import summarise
from hpo_gym.benchmark.scoring.worth import RUNS, RandomTrials
from hpo_gym.benchmark.showing.scores_csv import COLUMNS, csv_text
from hpo_gym.benchmark.showing.table import Table
from hpo_gym.benchmark.showing.tables import regret_table, tables
from hpo_gym.benchmark.showing.texts import markdown, terminal, verdict_text

FEW = replace(ROLES, resamples=50)
SCALES = {
    "random": 0.9,
    "portfolio": 0.3,
    "particle": 0.1,
    "a-tuner-with-a-very-long-name": 0.5,
    "unrolled-0": 0.06,
    "unrolled-1": 0.05,
}


@pytest.fixture(scope="module")
def scores():
    records = [random_records(name, scale, budget=16) for name, scale in SCALES.items()]
    records.append(random_records("gp-4", 0.2, budget=16, seconds=0.3).first(4, 1))
    records.append(make_records("oracle", np.zeros((6, 3, 16))))
    counts = np.array([1, 512, 1024])
    curve = np.broadcast_to(np.linspace(0.5, 0.1, 3), (6, RUNS, 3)).copy()
    trials = RandomTrials(tuple(range(6)), counts, curve)
    return summarise(
        small_suite(16, 6, 3),
        records,
        failed=["tpe"],
        facts=learned("unrolled-0", training_seconds=1234.0)
        | learned("unrolled-1")
        | {"a-tuner-with-a-very-long-name": AgentFacts("yours"), "oracle": AgentFacts(oracle=True)},
        random=trials,
        settings=FEW,
    )


def test_a_table_by_hand():
    table = Table("Title", ["agent", "x"], [["a", "1.5"], ["bcd"]], "Note.")
    assert table.text() == "Title\nagent    x\na      1.5\nbcd\nNote."
    assert table.markdown() == (
        "| agent | x   |\n|-------|-----|\n| a     | 1.5 |\n| bcd   |     |"
    )


def test_a_table_explains_its_columns_and_marks_rows():
    meanings = {"IQM@n": "after n evaluations", "x": "a number"}
    table = Table("T", ["agent", "IQM@16", "x"], [["a", "1"]], "Note.", meanings, {"a"})
    assert [table.meaning(name) for name in table.header] == ["", "after n evaluations", "a number"]
    assert table.explanation == "IQM@n: after n evaluations. x: a number. Note."
    assert table.text().splitlines()[2:] == ["> a         1", table.explanation]
    assert "| **a** | 1      |" in table.markdown()


def test_every_column_of_every_table_is_explained(scores):
    for table in tables(scores):
        assert [name for name in table.header if not table.meaning(name)] in (["agent"], [])
        assert set(table.meanings) - set(table.header) <= {"IQM@n", "mean@n"}


def test_a_terminal_of_120_columns_shows_one_ranking(scores):
    text = terminal(scores)
    assert max(map(len, text.splitlines())) <= 120
    assert len(text.splitlines()) == 2 + len(scores.agents) + 1  # title, header, the failed one
    for agent in scores.agents:
        name = agent.agent if agent.agent != "a-tuner-with-a-very-long-name" else "> a-tuner-with-a"
        assert f"\n{name[:16]} " in text
    assert "\ntpe" in text and "failed" in text


def test_one_verdict_for_the_users_row(scores):
    """Of seven tuners: the seeds of the trained one count once, the oracle and the failed not."""
    text = verdict_text(scores)
    assert text.startswith(
        "a-tuner-with-a-very-long-name: rank 5 of 6 on smoke, better than random"
    )
    few = "too few tasks (fewer than 5) to tell it from gp-4"
    assert text.endswith(f"worse than portfolio, particle and unrolled, {few}")
    assert "oracle" not in text and "tpe" not in text and "\n" not in text
    assert markdown(scores).startswith(text)
    assert verdict_text(replace(scores, verdicts=())) == ""


def test_a_verdict_names_the_closest_of_many():
    names = [f"search-{letter}" for letter in "abcdefg"]
    records = [random_records(name, 0.5 + 0.05 * k) for k, name in enumerate(names)]
    records.append(make_records("mine", np.full((6, 3, 4), 1e-4)))
    scores = summarise(
        small_suite(4, 6, 3), records, facts={"mine": AgentFacts("yours")}, settings=FEW
    )
    words = "mine: rank 1 of 8 on smoke, better than search-a, search-b, search-c and 4 others"
    assert verdict_text(scores) == words


def test_regret_table_shows_the_scores_and_what_they_come_from(scores):
    table = regret_table(scores)
    rows = {row[0]: dict(zip(table.header, row, strict=False)) for row in table.rows}
    best = scores.agent("unrolled-1")
    assert rows["unrolled-1"]["runs"] == "6x3"
    assert rows["unrolled-1"]["IQM@8"] == f"{best.regret_iqm[7].value:.4f}"
    middle = best.regret_iqm[15]
    assert rows["unrolled-1"]["95 % @16"] == f"[{middle.low:.4f}, {middle.high:.4f}]"
    assert rows["unrolled-1"]["mean@16"] == f"{best.regret_mean[15].value:.4f}"
    assert rows["gp-4"]["runs"] == "4x1*"  # resampled otherwise
    assert rows["tpe"]["runs"] == "failed"
    assert next(iter(rows)) == "oracle"


def test_other_tables(scores):
    regret, adaptation, to_gp, mean_to_gp, to_portfolio, _, seeds, times = tables(scores)
    assert "minus that of gp-4" in to_gp.title and "portfolio" in to_portfolio.title
    assert (to_gp.header[2], mean_to_gp.header[2]) == ("IQM@2", "mean@2")
    for table in (adaptation, times):  # an agent of fewer runs is seen to be one
        assert {row[0]: row[1] for row in table.rows}["gp-4"] == "4x1"
    runs = {row[0]: row[1] for row in to_gp.rows}
    assert set(runs.values()) == {"4x1"} and "gp-4" not in runs
    assert {row[0]: row[1] for row in to_portfolio.rows}["random"] == "6x3"
    trials = adaptation.header.index("trials")
    shown = {row[0]: row[trials] for row in adaptation.rows}
    assert shown["oracle"] == ">1024"
    worth = scores.agent("random").random_trials
    assert shown["random"] == f"{worth.value:.0f} [{worth.low:.0f}, {worth.high:.0f}]"
    assert "4 x 1 runs that all have" in adaptation.meaning("rank")
    (spread,) = seeds.rows
    assert spread[:2] == ["unrolled", "2"]
    low, high = scores.spreads[0].regret_iqm[15]
    assert f"{low:.4f}-{high:.4f}" in spread
    training = {row[0]: row[-1] for row in times.rows}
    assert (training["unrolled-0"], training["unrolled-1"]) == ("1,234", "-")
    assert len(regret.rows) == len(times.rows) + 1  # the failed one


def test_differences_say_which_is_better(scores):
    """Also whether an interval that ends near 0 excludes it."""
    comparison = scores.comparison("oracle", "gp-4")
    for table, differences in (
        (tables(scores)[2], comparison.iqm_difference),
        (tables(scores)[3], comparison.mean_difference),
    ):
        cell = {row[0]: row for row in table.rows}["oracle"][-1]
        value, low, high = differences[-1]
        assert cell == f"-{-value:.4f} [-{-low:.4f},-{-high:.4f}]".replace("0.", ".")


def test_a_suite_that_ranks_by_the_return_compares_returns():
    """The tuner of less regret gets the lower return."""
    records = [
        random_records("gp-4", 0.1, reward=0.01).first(4, 1),
        random_records("mine", 0.4, reward=0.2),
        random_records("dear", 0.1, reward=-3.0),
    ]
    scores = summarise(small_suite(4, 6, 3, score="return"), records, settings=FEW)
    assert [agent.agent for agent in scores.agents] == ["mine", "gp-4", "dear"]
    assert [agent.rank.value for agent in scores.agents] == [1.0, 2.0, 3.0]
    assert scores.comparison("mine", "gp-4").improvement.value == 1.0
    assert scores.comparison("mine", "gp-4").return_difference == pytest.approx((0.76,) * 3)
    regret, adaptation, *_, returns, _ = tables(scores)
    assert "in the order of the return" in regret.title
    assert "better final return" in adaptation.explanation
    cells = {row[0]: row[1:] for row in returns.rows}
    assert cells["mine"] == ["4x1", "+.7600 [+.7600,+.7600]"]
    assert cells["dear"] == ["4x1", "-12.0400 [-12.0400,-12.0400]"]


def test_markdown_has_the_same_cells(scores):
    text = markdown(scores)
    for table in tables(scores):
        assert table.markdown() in text
        assert f"**{table.title}**" in text


def test_csv_has_every_score_with_its_interval(scores):
    rows = list(csv.DictReader(csv_text([scores]).splitlines()))
    assert tuple(rows[0]) == COLUMNS
    keys = [tuple(row[name] for name in COLUMNS[:5]) for row in rows]
    assert len(set(keys)) == len(keys)
    found = dict(zip(keys, rows, strict=True))
    row = found["smoke", "gp-4", "regret_iqm", "8", ""]
    estimate = scores.agent("gp-4").regret_iqm[7]
    assert tuple(float(row[name]) for name in ("value", "low", "high")) == estimate
    assert (row["tasks"], row["seeds"]) == ("4", "1")
    row = found["smoke", "unrolled-0", "mean_difference", "4", "gp-4"]
    place = scores.evaluations.index(4)
    estimate = scores.comparison("unrolled-0", "gp-4").mean_difference[place]
    assert tuple(float(row[name]) for name in ("value", "low", "high")) == estimate
    assert (row["tasks"], row["seeds"]) == ("4", "1")
    assert found["smoke", "oracle", "random_trials", "1024", ""]["value"] == "1024.0"
    assert found["smoke", "oracle", "reached_median", "0.01", ""]["value"] == "1.0"
    assert ("smoke", "tpe", "failed", "", "") in found
    # Every field of the scores is there under its name.
    names = {row["score"] for row in rows}
    apart = {"agent", "tasks", "seeds", "resampled", "reached", "adaptivity"}
    assert {field.name for field in fields(AgentScores)} - apart <= names
    assert {"adaptivity_optimum_iqm", "reached_fraction", "improvement", "iqm_difference"} <= names


def test_a_suite_without_references_has_fewer_tables():
    records = [random_records("mine", 0.3, budget=1)]
    scores = summarise(small_suite(1, 6, 3), records, settings=FEW)
    assert len(tables(scores)) == 3
    assert "IQM@1" in terminal(scores)


def test_one_run_has_no_interval():
    """Rather than one of width zero, which would tell it apart from everything."""
    records = [random_records(name, 0.3, 1, 1, seed=k) for k, name in enumerate(("mine", "gp-4"))]
    facts = {"mine": AgentFacts("yours")}
    scores = summarise(small_suite(4, 1, 1), records, facts=facts, settings=FEW)
    table = regret_table(scores)
    assert [row[table.header.index("95 % @4")] for row in table.rows] == ["-", "-"]
    assert "too few tasks (fewer than 5) to tell it from gp-4" in verdict_text(scores)
    for row in csv.DictReader(csv_text([scores]).splitlines()):
        assert row["low"] == row["high"] == ""
