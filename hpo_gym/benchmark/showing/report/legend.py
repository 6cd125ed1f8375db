"""The legend that all figures share: a button for every agent, and some for many at once."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from hpo_gym.benchmark.scoring.scores import YOURS, AgentFacts
from hpo_gym.benchmark.showing.report.figure import Styles
from hpo_gym.benchmark.showing.report.style import Style, extra_seed

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


def legend(agents: Mapping[str, AgentFacts], styles: Styles) -> str:
    """The legend; further training seeds are hidden at first.

    Args:
        agents: What is known of the agents, by their names, in order.
        styles: Styles by the agents' names.
    """
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
        for value in (
            "main",
            "all",
            *dict.fromkeys(groups.values()),
        )
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
