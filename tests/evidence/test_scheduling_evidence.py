"""docs/scheduling.md says what the committed rows give, and they are of today's agents."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from agents.schedulers.registry import names
from scripts.scheduling_report import savings, tables
from scripts.scheduling_runs import contestant, kept, played

ROOT = Path(__file__).parents[2]
ROWS = ROOT / "docs" / "scheduling-rows"
PAGE = (ROOT / "docs" / "scheduling.md").read_text()
SEEDS = 5


def rows_of(setting):
    found = {}
    for name in names():
        agent = contestant(name)
        rows = kept(ROWS / f"test-{setting}" / agent.file, agent, setting, SEEDS)
        if rows is not None:
            found[name] = rows
    return found


def test_the_page_has_the_tables_of_the_committed_rows():
    by_epochs = [*tables("test", rows_of("budget"), "none")][:2]
    for table in (*by_epochs, savings("test", rows_of("runs"))):
        assert table.markdown() in PAGE, table.title


def test_nothing_committed_is_of_another_version():
    for folder, setting in (("test-budget", "budget"), ("test-runs", "runs")):
        files = {file.name for file in (ROWS / folder).glob("*.npz")}
        assert files == {contestant(name).file for name in rows_of(setting)}


def test_scheduling_beats_none_at_every_quarter_where_the_page_says_so():
    """The first claim of the page, from its own table."""
    (iqm, mean) = [
        {row[0]: np.array(row[3:7], dtype=float) for row in table.rows}
        for table in [*tables("test", rows_of("budget"), "none")][:2]
    ]
    for averages in (iqm, mean):
        for sampler in ("random", "sobol", "tpe"):
            for scheduler in ("sha", "asha", "hyperband", "learned"):
                better = averages[f"{sampler}+{scheduler}"] < averages[f"{sampler}+none"]
                assert better.all(), (sampler, scheduler)
        assert (averages["tpe+learned"] < averages["tpe+asha"]).all()


@pytest.mark.parametrize("name", ["sobol+hyperband", "random+asha"])
def test_committed_rows_are_played_again(name):
    agent = contestant(name)
    rows = kept(ROWS / "test-budget" / agent.file, agent, "budget", 1)
    again = played(agent, "test", "budget", 1)
    np.testing.assert_allclose(rows.by_epochs, again.by_epochs, rtol=1e-5)
    np.testing.assert_array_equal(rows.started, again.started)


def test_the_page_names_the_agents_that_there_are():
    assert {"random", "sobol", "tpe", "anyspace", "classifier"} <= set(re.findall(r"`(\w+)`", PAGE))
