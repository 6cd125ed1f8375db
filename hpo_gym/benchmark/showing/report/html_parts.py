"""Tables and the legend as HTML: tables are what the terminal shows, sortable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from hpo_gym.benchmark.scoring.scores import YOURS, AgentFacts
from hpo_gym.benchmark.showing.report.figure import Styles
from hpo_gym.benchmark.showing.report.results import SuiteResults
from hpo_gym.benchmark.showing.report.style import Style, extra_seed
from hpo_gym.benchmark.showing.table import Table

_FEWER = "*"
_DASHES = {
    "solid": "",
    "dash": "6 4",
    "dot": "2 3",
    "dashdot": "6 3 2 3",
    "longdash": "10 4",
    "longdashdot": "10 3 2 3",
}
"""Plotly's dashes as SVG draws them."""
YOURS_TAG = ' <em class="tag">yours</em>'
"""Beside the names of the user's own tuners."""


def html_table(table: Table, styles: Styles) -> str:
    """A table with its title and what its columns mean; rows of agents carry their line.

    The user's own rows are marked.

    Args:
        table: The table.
        styles: Styles by the agents' names.
    """
    header = "".join(
        f'<th scope="col" title="{escape(table.meaning(name))}">{escape(name)}</th>'
        for name in table.header
    )
    rows = []
    for first, *others in table.rows:
        line = swatch(styles[first]) if first in styles else ""
        attributes, tag = (' class="yours"', YOURS_TAG) if first in table.marked else ("", "")
        others += [""] * (len(table.header) - 1 - len(others))
        cells = "".join(f"<td>{escape(cell)}</td>" for cell in others)
        rows.append(f'<tr{attributes}><th scope="row">{line}{escape(first)}{tag}</th>{cells}</tr>')
    words = [f"<b>{escape(name)}</b>: {escape(text)}." for name, text in table.meanings.items()]
    notes = f'<p class="notes">{" ".join([*words, escape(table.notes)])}</p>'
    return (
        f"<h4>{escape(table.title)}</h4>{notes}"
        f'<div class="table" tabindex="0" role="region" aria-label="{escape(table.title)}">'
        f"<table><thead><tr>{header}</tr></thead>\n"
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def overview_table(results: Sequence[SuiteResults]) -> Table:
    """The final score of every agent on every suite."""
    agents = list(dict.fromkeys(agent for one in results for agent in one.agents))
    rows = [[agent, *(_final(one, agent) for one in results)] for agent in agents]
    by_return = [one.suite.name for one in results if one.summary.ranked_by == "return"]
    by_score = [one.suite.name for one in results if one.summary.ranked_by == "score"]
    notes = [
        "IQM of the normalised regret after the last evaluation; intervals are with each suite.",
        f"On {', '.join(by_score)}: of 1 - the best score observed." if by_score else "",
        f"On {', '.join(by_return)}: IQM of the return, higher is better." if by_return else "",
        f"{_FEWER} on the first of the tasks or seeds only, so no fair comparison: see the paired "
        "differences.",
    ]
    return Table(
        "Final scores by suite",
        ["agent", *(one.suite.name for one in results)],
        rows,
        " ".join(note for note in notes if note),
        marked=frozenset().union(*(one.summary.yours for one in results)),
    )


def _final(one: SuiteResults, agent: str) -> str:
    """A cell of the overview."""
    summary = one.summary
    if agent in summary.failed:
        return "failed"
    if agent not in one.agents:
        return "-"
    scores = summary.agent(agent)
    score = scores.return_iqm if summary.ranked_by == "return" else scores.regret_iqm[-1]
    whole = (scores.tasks, scores.seeds) == (len(one.suite.tasks), len(one.suite.seeds))
    return f"{score.value:.4f}{'' if whole else _FEWER}"


def legend(agents: Mapping[str, AgentFacts], styles: Styles) -> str:
    """The legend of the agents, in order; further training seeds are hidden at first."""
    groups = {agent: escape(facts.group) for agent, facts in agents.items()}
    chips = []
    for agent, group in groups.items():
        pressed = "false" if extra_seed(agent, agents) else "true"
        tag = YOURS_TAG if group == YOURS else ""
        chips.append(
            f'<button type="button" data-agent="{escape(agent)}" data-group="{group}" '
            f'aria-pressed="{pressed}">{swatch(styles[agent])}{escape(agent)}{tag}</button>'
        )
    many = "".join(
        f'<button type="button" data-show="{value}">{value}</button>'
        for value in ("main", "all", *dict.fromkeys(groups.values()))
    )
    return (
        '<aside class="legend" aria-label="Agents shown in the figures">'
        f'<div class="chips">{"".join(chips)}</div>'
        f'<div class="many"><span>Show</span>{many}'
        "<small>Click an agent to see it alone, with Ctrl to switch it on or off.</small></div>"
        "</aside>"
    )


def swatch(style: Style) -> str:
    """A piece of the agent's line."""
    return (
        '<svg width="26" height="10" aria-hidden="true"><line x1="1" y1="5" x2="25" y2="5" '
        f'stroke="{style.colour}" stroke-width="{style.width}" '
        f'stroke-dasharray="{_DASHES[style.dash]}"/></svg>'
    )
