"""Colours, dashes and marks of the agents: the same in every figure of a report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from hpo_gym.benchmark.scoring.scores import YOURS, AgentFacts

_DASHES = ("solid", "dash", "dashdot", "longdash", "longdashdot")
_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "x")


class _Palette(NamedTuple):
    colours: tuple[str, ...]
    width: float
    dash: str | None = None
    """Of all its agents, and of no others; by default each has its own."""
    symbol: str | None = None


_PALETTES: Mapping[str, _Palette] = {
    "learned": _Palette(("#0b57d0", "#d6281f", "#8430ce", "#e8710a"), 3.0),
    "informed": _Palette(("#00796b", "#7cb342", "#827717", "#00acc1", "#795548"), 2.0),
    "oracle": _Palette(("#f9a825",), 2.5, "dot", "star"),
    "uninformed": _Palette(
        ("#5f6b7a", "#9aa0a6", "#a58d7f", "#7d9a8c", "#9a86a4", "#a39a5f", "#7f98b5"), 1.5
    ),
}
_OTHERS = _Palette(("#e6007a", "#c2185b", "#ff6f91", "#ad1457"), 3.0)
"""Of groups that have no palette, such as a user's own tuners: hard to overlook."""
_REFERENCE = "#202124"
"""Of the uninformed tuner that all others are compared with: no other agent is as dark."""


class Style(NamedTuple):
    """How an agent is drawn."""

    colour: str
    dash: str
    width: float
    symbol: str
    yours: bool = False
    """Whether it is the user's own: rows of figures then have a bold name."""

    @property
    def line(self) -> dict[str, Any]:
        """Plotly's line of it."""
        return {"color": self.colour, "dash": self.dash, "width": self.width}

    @property
    def band(self) -> str:
        """The colour, nearly transparent."""
        red, green, blue = (int(self.colour[i : i + 2], 16) for i in (1, 3, 5))
        return f"rgba({red},{green},{blue},0.13)"


def styles(agents: Mapping[str, AgentFacts], reference: str) -> dict[str, Style]:
    """Styles by the agents' names.

    Training seeds of a tuner share its colour and differ in dash and mark; the first is the
    boldest.

    Args:
        agents: What is known of the agents, by their names, in the order of the legend.
        reference: The agent that others are compared with first.
    """
    seen: dict[str, list[str]] = {}
    made = {}
    for agent, facts in agents.items():
        palette = _PALETTES.get(facts.group, _OTHERS)
        tuner = facts.tuner or agent
        tuners = seen.setdefault(facts.group, [])
        if tuner not in tuners:
            tuners.append(tuner)
        place = tuners.index(tuner)
        variant = place // len(palette.colours) + (place if facts.group == "uninformed" else 0)
        width = palette.width
        if facts.training_seed is not None:
            variant += facts.training_seed
            width = max(1.5, width - 0.75 * facts.training_seed)
        colour = palette.colours[place % len(palette.colours)]
        symbol = _SYMBOLS[(place if facts.training_seed is None else variant) % len(_SYMBOLS)]
        dash = palette.dash or _DASHES[variant % len(_DASHES)]
        yours = facts.group == YOURS
        made[agent] = Style(colour, dash, width, palette.symbol or symbol, yours)
        if agent == reference:
            made[agent] = Style(_REFERENCE, "solid", 2.0, symbol)
    return made


def extra_seed(agent: str, agents: Mapping[str, AgentFacts]) -> bool:
    """Whether another agent of the same tuner has a smaller training seed."""
    mine = agents[agent]
    return mine.training_seed is not None and any(
        facts.tuner == mine.tuner
        and facts.training_seed is not None
        and facts.training_seed < mine.training_seed
        for facts in agents.values()
    )
