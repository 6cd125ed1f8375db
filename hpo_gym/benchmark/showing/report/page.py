"""The report's HTML: one file without any reference to another one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib.resources import files
from pathlib import Path

from hpo_gym.benchmark.scoring.scores import AgentFacts
from hpo_gym.benchmark.showing.report.anytime import anytime_figure, profile_figure
from hpo_gym.benchmark.showing.report.dots import difference_figure, rank_figure, seeds_figure
from hpo_gym.benchmark.showing.report.example import example_figure
from hpo_gym.benchmark.showing.report.figure import Figure, Styles
from hpo_gym.benchmark.showing.report.html_parts import html_table, legend, overview_table
from hpo_gym.benchmark.showing.report.radar import capability_scores, capability_table, radar_figure
from hpo_gym.benchmark.showing.report.results import SuiteResults
from hpo_gym.benchmark.showing.report.style import styles
from hpo_gym.benchmark.showing.report.trust import TRUST
from hpo_gym.benchmark.showing.tables import regret_table, tables
from hpo_gym.benchmark.showing.texts import verdict_text
from hpo_gym.files import write_atomic

_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"
)
"""What the page may load: nothing. A browser holds it to that."""


def write_report(
    path: Path,
    results: Sequence[SuiteResults],
    *,
    agents: Mapping[str, AgentFacts],
    facts: Mapping[str, str],
) -> None:
    """Write the report of a benchmark.

    Args:
        path: The HTML file.
        results: Of each suite, in the order in which they are shown.
        agents: What is known of the agents, by their names, in the order of the legend. The groups
            "learned", "informed", "uninformed" and "oracle" have colours of their own; any other
            group is drawn like a user's own tuners.
        facts: What was run, by what: the command, the commit, versions, the date.

    Raises:
        ValueError: There are no results.
        ImportError: Plotly is not installed.
    """
    write_atomic(path, report_html(results, agents=agents, facts=facts))


def report_html(
    results: Sequence[SuiteResults], *, agents: Mapping[str, AgentFacts], facts: Mapping[str, str]
) -> str:
    """The report as text; arguments and errors as for `write_report`."""
    if not results:
        raise ValueError("a report needs the results of at least one suite: run the benchmark")
    scored = {agent for one in results for agent in one.agents}
    shown = {name: known for name, known in agents.items() if name in scored}
    shown |= {name: AgentFacts() for name in sorted(scored - set(agents))}
    page = _Page(results, shown)
    tabs, panels = page.tabs(), page.panels()
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>hpo_gym benchmark</title>\n<style>{_file('page.css')}</style>\n</head>\n<body>\n"
        f"{page.header(facts)}\n{tabs}\n{legend(shown, page.styles)}\n"
        f"<main>\n{panels}\n</main>\n"
        f'<script type="application/json" id="figures">{page.figures()}</script>\n'
        f"<script>{_plotly()}</script>\n<script>{_file('page.js')}</script>\n</body>\n</html>\n"
    )


class _Page:
    """The parts of the page; figures are collected as they are placed."""

    def __init__(self, results: Sequence[SuiteResults], agents: Mapping[str, AgentFacts]) -> None:
        self._results, self._agents = results, agents
        references = results[0].summary.settings.references
        self.styles: Styles = styles(agents, references[0] if references else "")
        self._figures: dict[str, Figure] = {}
        self._general = [one for one in results if not one.suite.tags]
        self._capable = [one for one in results if one.suite.tags]

    def header(self, facts: Mapping[str, str]) -> str:
        tuners = _counted(len(self._agents), "hyperparameter tuner")
        suites = _counted(len(self._results), "suite")
        rows = {**facts, "suites (SHA-256)": self._hashes()}
        items = "".join(
            f"<dt>{escape(name)}</dt><dd>{text if name.startswith('suites') else escape(text)}</dd>"
            for name, text in rows.items()
        )
        return (
            "<header>\n<h1>How tuners compare</h1>\n"
            f"<p>{tuners} on {suites} of tasks that none of them was "
            "trained on. Regret is the distance to the best possible noise-free score of a task, "
            "as a share of that score: 0 is perfect, lower is better. Where nobody knows the best "
            "score, 1 - the best score observed stands for it.</p>\n"
            f'<p class="trust">{escape(" ".join(TRUST))}</p>\n'
            f'<details class="facts"><summary>What was run</summary><dl>{items}</dl></details>\n'
            "<noscript><p>Figures need JavaScript; the tables below do not.</p></noscript>\n"
            "</header>"
        )

    def tabs(self) -> str:
        names = ["overview", *(one.suite.name for one in self._general)]
        names += ["capabilities"] if self._capable else []
        links = "".join(
            f'<a role="tab" id="tab-{name}" aria-controls="{name}" href="#{name}">{name}</a>'
            for name in map(escape, names)
        )
        return f'<nav role="tablist" aria-label="Suites">{links}</nav>'

    def panels(self) -> str:
        parts = [_panel("overview", "Overview", self._overview())]
        parts += [_panel(one.suite.name, one.suite.name, self._suite(one)) for one in self._general]
        if self._capable:
            parts.append(_panel("capabilities", "Capabilities", self._capabilities()))
        return "\n".join(parts)

    def figures(self) -> str:
        """All figures as JSON that cannot end the script element in which it stands."""
        data = {
            name: {
                "controls": {key: list(options) for key, options in figure.controls.items()},
                "variants": figure.variants,
            }
            for name, figure in self._figures.items()
        }
        return json.dumps(data, separators=(",", ":"), allow_nan=False).replace("</", "<\\/")

    def _hashes(self) -> str:
        lines = (
            f"{escape(one.suite.name)} <code>{one.suite.hash[:16]}</code>" for one in self._results
        )
        return ", ".join(lines)

    def _overview(self) -> Iterable[str]:
        scores = capability_scores(self._results, self._agents)
        verdicts = [_verdicts(one) for one in self._results]
        yield "".join(verdicts)
        overview = overview_table(self._results)
        yield html_table(overview, self.styles)
        radar = radar_figure(scores, self.styles)
        if radar is not None:
            yield self._place("overview", radar)
            table = capability_table(scores, overview.marked)
            yield _more([html_table(table, self.styles)], "The radar's numbers")

    def _suite(self, one: SuiteResults) -> Iterable[str]:
        name, summary = one.suite.name, one.summary
        yield _about(one)
        yield _verdicts(one)
        yield html_table(regret_table(summary), self.styles)
        rest = [table for table in tables(summary) if table != regret_table(summary)]
        yield _more([html_table(table, self.styles) for table in rest], "All other scores")
        yield self._place(name, anytime_figure(one, self.styles))
        yield self._place(name, profile_figure(one, self.styles))
        yield self._place(name, rank_figure(one, self.styles))
        for figure in (
            difference_figure(one, self.styles),
            seeds_figure(one, self.styles),
            example_figure(one, self._agents, self.styles),
        ):
            if figure is not None:
                yield self._place(name, figure)

    def _capabilities(self) -> Iterable[str]:
        for one in self._capable:
            name = one.suite.name
            yield f'<h3 id="{escape(name)}">{escape(name)}</h3>'
            yield _about(one)
            yield self._place(name, anytime_figure(one, self.styles, axes=False))
            made = [html_table(table, self.styles) for table in tables(one.summary)]
            yield _more(made, "All scores")

    def _place(self, panel: str, figure: Figure) -> str:
        """A figure's heading and caption, its controls' place and the plot's."""
        name = f"{panel}-{figure.name}"
        self._figures[name] = figure
        return (
            f'<figure id="{escape(name)}" class="{figure.name}">\n'
            f"<figcaption><h3>{escape(figure.title)}</h3>\n<p>{escape(figure.caption)}</p>"
            '</figcaption>\n<div class="controls"></div>\n'
            f'<div class="plot" role="img" aria-label="{escape(figure.alternative)}"></div>\n'
            "</figure>"
        )


def _panel(name: str, title: str, parts: Iterable[str]) -> str:
    return (
        f'<section class="panel" id="{escape(name)}" role="tabpanel" '
        f'aria-labelledby="tab-{escape(name)}">\n<h2>{escape(title)}</h2>\n'
        + "\n".join(parts)
        + "\n</section>"
    )


def _about(one: SuiteResults) -> str:
    """What the suite is, in a sentence."""
    suite = one.suite
    noise = suite.options["noise"]
    noisy = "the tasks' own noise" if noise is None else f"noise {noise:g}"
    failed = ""
    if one.summary.failed:
        failed = f" <strong>Failed: {escape(', '.join(one.summary.failed))}.</strong>"
    return (
        f"<p>{_counted(len(suite.tasks), 'task')} of the split {escape(suite.split)} of "
        f"{escape(str(suite.family['name']))}, {_counted(len(suite.seeds), 'seed')}, "
        f"{_counted(suite.budget, 'evaluation')}, {noisy}; ranked by the {escape(suite.score)}."
        f"{failed}</p>"
    )


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _verdicts(one: SuiteResults) -> str:
    """Where the user's own tuners stand."""
    lines = verdict_text(one.summary).splitlines()
    return "".join(f'<p class="verdict">{escape(line)}.</p>' for line in lines)


def _more(parts: Sequence[str], title: str) -> str:
    return f"<details><summary>{escape(title)}</summary>\n" + "\n".join(parts) + "\n</details>"


def _file(name: str) -> str:
    return (files(__package__) / name).read_text(encoding="utf-8")


def _plotly() -> str:
    """Plotly's JavaScript, all of it."""
    try:
        from plotly.offline import get_plotlyjs
    except ImportError as error:
        raise ImportError("the report needs plotly: pip install 'hpo-gym[bench]'") from error
    return str(get_plotlyjs())
