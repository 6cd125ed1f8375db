"""A store of made-up results; the results of four suites, their page and its figures."""

import json
import re

import pytest
from made_up_reports import AGENTS, FACTS, results_of
from tiny_benchmarks import MINE, SUITE

from hpo_gym.benchmark.results.store import Store
from hpo_gym.benchmark.showing.report.page import report_html


@pytest.fixture(scope="session")
def results():
    capabilities = [f"capability-{name}" for name in ("noise", "narrow", "cost")]
    return [results_of(name) for name in ("fictitious-test", *capabilities)]


@pytest.fixture(scope="session")
def page(results):
    pytest.importorskip("plotly")
    return report_html(results, agents=AGENTS, facts=FACTS)


@pytest.fixture(scope="session")
def figures(page):
    text = re.search(r'<script type="application/json" id="figures">(.*?)</script>', page, re.S)
    return json.loads(text[1])


@pytest.fixture
def store(tmp_path):
    """An empty one, in which an agent has begun."""
    with Store(tmp_path / "a.sqlite") as store:
        store.begin(SUITE, MINE)
        yield store
