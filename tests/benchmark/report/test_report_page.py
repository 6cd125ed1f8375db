"""The report's page: it needs nothing else, it is safe, and its tables are the terminal's."""

import json
import re
import sys
from dataclasses import replace
from html import escape
from html.parser import HTMLParser

import numpy as np
import pytest
from made_up_reports import AGENTS, FACTS, FEW, results_of, run, suite_of

from hpo_gym.benchmark.scoring.scores import AgentFacts
from hpo_gym.benchmark.scoring.summarise import summarise
from hpo_gym.benchmark.showing.report import SuiteResults, write_report
from hpo_gym.benchmark.showing.report.page import report_html
from hpo_gym.benchmark.showing.report.trust import TRUST
from hpo_gym.benchmark.showing.tables import tables
from hpo_gym.benchmark.showing.texts import verdict_text

go = pytest.importorskip("plotly.graph_objects")


class Reader(HTMLParser):
    """Collects what a page refers to, its elements and the text of its table cells."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.references, self.elements, self.cells, self.ids = [], [], [], []
        self.inside = False
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        for name, value in attributes:
            if name in {"src", "href", "action", "data", "srcset", "poster"}:
                self.references.append(value)
            elif name == "id":
                self.ids.append(value)
        if tag in {"td", "th"}:
            self.inside = True
            self.cells.append("")

    def handle_endtag(self, tag):
        self.inside = self.inside and tag not in {"td", "th"}

    def handle_data(self, data):
        if self.inside:
            self.cells[-1] += data


def test_page_refers_to_nothing_outside_itself(page):
    read = Reader(page)
    assert read.references
    assert all(reference.startswith("#") for reference in read.references)
    assert {reference[1:] for reference in read.references} <= set(read.ids)
    assert len(set(read.ids)) == len(read.ids)
    policies = [a for tag, a in read.elements if tag == "meta" and "http-equiv" in a]
    assert policies[0]["content"].startswith("default-src 'none';")
    css = re.search(r"<style>(.*?)</style>", page, re.S)[1]
    assert "url(" not in css
    assert "@import" not in css
    # Negative control: the reader sees a reference that is there.
    assert Reader('<script src="https://example.org/x.js">').references == [
        "https://example.org/x.js"
    ]


def test_names_and_facts_cannot_break_out_of_their_places(page):
    assert "my <b>own</b>" not in page.split('id="figures"')[0]
    assert "my &lt;b&gt;own&lt;/b&gt;" in page
    assert "alert(1)</script>" not in page
    scripts = [tag for tag, _ in Reader(page).elements if tag == "script"]
    assert len(scripts) == 3  # figures, Plotly, the page's own


def test_every_figure_is_valid_and_has_its_place(figures, page):
    placed = {a["id"] for tag, a in Reader(page).elements if tag == "figure"}
    assert placed == set(figures)
    assert {"overview-radar", "fictitious-test-seeds", "fictitious-test-example"} <= placed
    for figure in figures.values():
        sizes = [len(options) for options in figure["controls"].values()]
        assert len(figure["variants"]) == np.prod(sizes, dtype=int)
        for variant in figure["variants"].values():
            go.Figure(variant)  # refuses what Plotly does not know
    with pytest.raises(ValueError, match="colour"):
        go.Figure({"data": [{"type": "scatter", "colour": "red"}]})


def test_every_plot_is_described_in_words(page):
    plots = [a for tag, a in Reader(page).elements if tag == "div" and a.get("class") == "plot"]
    assert plots
    for plot in plots:
        assert plot["role"] == "img"
        assert re.search(r"\d", plot["aria-label"])


def test_tables_are_those_of_the_terminal(page, results):
    cells = Reader(page).cells
    for table in tables(results[0].summary):
        width = len(table.header)
        for row in (table.header, *table.rows):
            wanted = [*row, *[""] * (width - len(row))]
            wanted[0] += " yours" if row[0] in table.marked else ""
            starts = [place for place, cell in enumerate(cells) if cell == wanted[0]]
            assert wanted in [cells[place : place + width] for place in starts]


def test_headings_are_explained_and_own_rows_marked_where_they_stand(page, results):
    read = Reader(page)
    titles = [a["title"] for tag, a in read.elements if tag == "th" and a.get("title")]
    for table in tables(results[0].summary):
        assert set(filter(None, map(table.meaning, table.header))) <= set(titles)
        for name, meaning in table.meanings.items():
            assert f"<b>{escape(name)}</b>: {escape(meaning)}." in page
        assert escape(table.notes) in page
    marked = [a for tag, a in read.elements if tag == "tr" and a.get("class") == "yours"]
    shown = [table for one in results for table in tables(one.summary) if table.marked]
    rows = sum(row[0] in table.marked for table in shown for row in table.rows)
    assert len(marked) >= rows > 0
    (verdict,) = verdict_text(results[0].summary).splitlines()
    assert page.count(escape(verdict)) == 2  # in the overview, and with the suite
    assert all(escape(sentence) in page for sentence in TRUST)


def test_report_is_written_whole_and_stays_small(tmp_path, results, page):
    path = tmp_path / "folder" / "report.html"
    write_report(path, results, agents=AGENTS, facts=FACTS)
    assert path.read_text(encoding="utf-8") == page
    assert path.stat().st_size < 10e6


def test_no_results_and_missing_runs_are_refused(results):
    with pytest.raises(ValueError, match="at least one suite"):
        report_html([], agents={}, facts={})
    with pytest.raises(ValueError, match="no runs of 'nobody'"):
        results[0].runs("nobody")


def test_missing_plotly_names_the_extra(monkeypatch, results):
    monkeypatch.setitem(sys.modules, "plotly.offline", None)
    with pytest.raises(ImportError, match=r"hpo-gym\[bench\]"):
        report_html(results[-1:], agents=AGENTS, facts={})


def test_one_agent_on_one_suite_makes_a_report():
    suite = replace(suite_of("fictitious-test"), tasks=(7,))
    records = (run(suite, "alone"),)
    scores = summarise(suite, records, settings=FEW)
    page = report_html([SuiteResults(suite, scores, records)], agents={}, facts={})
    assert "<p>1 hyperparameter tuner on 1 suite of tasks" in page
    assert "<p>1 task of the split test of fictitious, 2 seeds, 4 evaluations" in page
    assert 'id="fictitious-test-rank"' in page
    assert 'id="fictitious-test-differences"' not in page


def test_a_report_of_single_runs_shows_values_without_intervals():
    suite = replace(suite_of("fictitious-test"), tasks=(5,), seeds=(0,))
    records = tuple(run(suite, agent) for agent in ("random", "portfolio", "mine"))
    facts = {"mine": AgentFacts("yours")}
    scores = summarise(suite, records, facts=facts, settings=FEW)
    page = report_html([SuiteResults(suite, scores, records)], agents=facts, facts={})
    text = re.search(r'<script type="application/json" id="figures">(.*?)</script>', page, re.S)
    for figure in json.loads(text[1]).values():
        for variant in figure["variants"].values():
            go.Figure(variant)
            assert "customdata[1]" not in json.dumps(variant)
    assert "too few tasks (fewer than 5)" in verdict_text(scores)


def test_a_page_of_an_oracle_alone():
    whole = results_of("fictitious-test")
    (record,) = (one for one in whole.records if one.agent == "random")
    scores = summarise(whole.suite, [record], settings=FEW)
    page = report_html(
        [SuiteResults(whole.suite, scores, (record,))],
        agents={"random": AgentFacts("oracle", oracle=True)},
        facts=FACTS,
    )
    assert "What agents proposed" in page
