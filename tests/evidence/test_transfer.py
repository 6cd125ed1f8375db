"""The transfer table: who takes part, what is run and kept, what the tables say."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scored_runs import make_records

from agents.informed.portfolio import read_portfolio
from hpo_gym import pretrained
from hpo_gym.arrays import Vectors
from hpo_gym.benchmark.scoring.statistics import interval, iqm, mean, replicates
from hpo_gym.benchmark.suites.registry import make_suite
from hpo_gym.families import make_family
from scripts import transfer
from scripts.figures import plot_regret
from scripts.transfer_report import tables
from scripts.transfer_tuners import contestant, usual

ROOT = Path(__file__).parents[2]


def test_everyone_takes_part_under_a_name_of_its_own():
    names = usual()
    entries = [contestant(name).entry for name in names]
    assert [entry.name for entry in entries] == names
    assert len({entry.identity for entry in entries}) == len(set(names)) == len(names)
    assert {policy.name for policy in pretrained.policies()} <= set(names)
    assert {f"portfolio-{name}" for name in ("fictitious", "binormal", "rough", "recorded")} <= {
        *names
    }
    assert "particle-rough" in names and "particle-recorded" not in names


def test_what_a_tuner_knows():
    knows = {name: contestant(name).knows for name in usual()}
    assert knows["tpe-5"] == "nothing"
    assert knows["tpe-5-from-fictitious-3"] == "3 of fictitious"
    assert knows["anyspace-from-recorded-3"] == "random functions; 3 of recorded"
    assert knows["particle-rough"] == knows["portfolio-rough"] == "rough"
    assert knows["unrolled-binormal-1"] == "binormal"


@pytest.mark.parametrize("name", ["tpe-5-from-rough-2", "random-from-rough-2"])
def test_starts_are_the_first_of_a_portfolio(name):
    units = read_portfolio(make_family("rough"), "f1")[:2]
    assert contestant(name).entry.settings["initial"] == units.tolist()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nope", "tuner 'nope' must be one of .*'random'.* SEARCH-from-FAMILY-N"),
        ("oracle-from-rough-1", "tuner 'oracle-from-rough-1' must be one of .* from one of"),
        ("tpe-5-from-notebook-1", "must be one of .* from one of .*'rough'"),
        ("tpe-5-from-rough-17", "the portfolio of 'rough' has 16 places"),
    ],
)
def test_tuners_that_there_are_not(name, message):
    with pytest.raises(ValueError, match=message):
        contestant(name)


def test_the_test_split_is_the_suite():
    assert transfer.suite_of("test") == make_suite("recorded-test")
    validation = transfer.suite_of("validation")
    assert validation.split == "validation"
    assert len(validation.tasks) == make_family("recorded").sizes["validation"]


def arguments(folder, *names, **changes):
    given = {"tuners": names, "of": names[0], "seeds": 1, "rows": folder, **changes}
    return transfer.Arguments(**given)


def test_what_is_there_is_not_run_again(tmp_path, capsys, monkeypatch):
    """The regret after the first evaluation is that of the portfolio's first, by the tables."""
    wanted = arguments(tmp_path, "portfolio-rough")
    assert transfer._main(wanted)
    shown = capsys.readouterr()
    (file,) = (tmp_path / "recorded-validation").iterdir()
    assert f"written: {file}" in shown.err

    family, suite = make_family("recorded"), transfer.suite_of("validation")
    units = read_portfolio(make_family("rough"), "f1")[:1]
    scaled = family.space.scaled(tuple(units.T), Vectors())
    parameters, best = family.tasks("validation", np.array(suite.tasks), "f1")
    score = family.true_score(
        parameters, tuple(np.full(len(best), *c) for c in scaled), "f1", Vectors()
    )
    first = float(mean(1.0 - score / best))
    row = next(line for line in shown.out.splitlines()[::-1] if line.startswith("| port"))
    assert [cell.strip() for cell in row.split("|")][4] == f"{first:.3f}".removeprefix("0")

    monkeypatch.setattr("hpo_gym.benchmark.running.runner._work", pytest.fail)
    before = file.stat().st_mtime_ns
    assert transfer._main(wanted)
    again = capsys.readouterr()
    assert again.out == shown.out and again.err == ""
    assert file.stat().st_mtime_ns == before


def test_showing_runs_nothing(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(transfer, "run", None)
    assert not transfer._main(arguments(tmp_path, "random", show=True))
    assert "no runs of ['random']" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_intervals_are_by_origin():
    suite = replace(make_suite("recorded-test"), seeds=(0, 1))
    random = np.random.default_rng(0)
    level = random.random((len(suite.tasks), 1, 1))
    finals = {name: level * random.random((len(suite.tasks), 2, 16)) for name in ("ours", "theirs")}
    records = [make_records(name, regret, suite=suite.name) for name, regret in finals.items()]
    made = list(tables(suite, records, {"ours": "a", "theirs": "b"}, "ours"))
    assert [len(table.rows) for table in made] == [2, 2, 1, 1]
    columns = np.stack([regret[:, :, 7] for regret in finals.values()])
    origins = [suite.origins[task] for task in suite.tasks]
    for statistic, differences in ((iqm, made[2]), (mean, made[3])):
        draws = replicates(columns, statistic, scheme="tasks", groups=origins)
        ours, theirs = statistic(columns.reshape(2, -1))
        expected = interval(ours - theirs, draws[0] - draws[1])
        (row,) = differences.rows
        cell = row[differences.header.index("@8")]
        found = [float(number) for number in re.findall(r"[+-][.\d]+", cell)]
        assert found == pytest.approx(list(expected), abs=5.1e-4)


def test_the_page_shows_what_the_committed_runs_give(capsys):
    assert transfer._main(transfer.Arguments(split="test", show=True))
    printed = capsys.readouterr().out.splitlines()
    page = (ROOT / "docs" / "transfer.md").read_text().splitlines()
    shown = [line for line in page if line.startswith("|")]
    assert len(shown) > 40
    assert [line for line in shown if line not in printed] == []


def test_the_readme_says_what_the_committed_runs_give():
    """Its table has IQM and mean after 4, 8 and 16 evaluations, as the page has them."""
    names = {
        "classifier-2": "classifier-2",
        "ppo-binormal-1": "ppo-binormal-1",
        "static portfolio": "portfolio-recorded",
        "CMA-ES from": "cma-es-from-recorded-1",
        "TPE (5) from": "tpe-5-from-recorded-1",
        "TPE (5) |": "tpe-5",
        "Gaussian process (4) |": "gp-4",
    }
    readme = (ROOT / "README.md").read_text().splitlines()
    page = (ROOT / "docs" / "transfer.md").read_text().splitlines()
    for said, name in names.items():
        (line,) = [row for row in readme if row.startswith("|") and said in row]
        iqms, means = [row.split("|") for row in page if row.startswith(f"| {name} ")][:2]
        assert re.findall(r"\.\d{3}", line) == [
            part[column].strip() for column in (6, 7, 8) for part in (iqms, means)
        ]
    assert float(iqms[7]) > 0.03  # the columns are those of regrets


def test_bands_of_the_figure_are_by_origin():
    """And the figure of the page is what its command draws."""
    names = ("classifier-2", "cma-es-from-recorded-1", "portfolio-recorded", "tpe-5", "random")
    rows = ROOT / "docs" / "transfer-rows"
    records = plot_regret.read(
        plot_regret.Arguments(suite="recorded-test", agents=names, rows=rows)
    )
    with Image.open(ROOT / "docs" / "transfer.png") as picture:
        assert picture.info["Description"] == plot_regret.described(records)
    first, origins = records[0], make_suite("recorded-test").origins
    runs = np.moveaxis(first.regret, -1, 0)[7:8]
    groups = [origins[task] for task in first.tasks]
    draws = replicates(runs, iqm, scheme="tasks", resamples=500, groups=groups)
    expected = interval(iqm(runs.reshape(1, -1))[0], draws[0])
    np.testing.assert_allclose(plot_regret.curves_of(first)[:, 7], expected)
    alone = replicates(runs, iqm, scheme="tasks", resamples=500)
    by_task = interval(expected[0], alone[0])
    assert np.abs(np.array(by_task) - expected).max() > 1e-4  # else nobody could tell
