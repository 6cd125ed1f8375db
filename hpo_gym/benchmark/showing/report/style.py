"""Colours, dashes and marks of the agents: the same in every figure of a report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from hpo_gym.benchmark.scoring.training_seeds import group_of

_DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "x")


class _Palette(NamedTuple):
    colours: tuple[str, ...]
    width: float


_PALETTES: Mapping[str, _Palette] = {
    "learned": _Palette(("#0b57d0", "#d6281f", "#8430ce", "#e8710a"), 3.0),
    "informed": _Palette(("#00796b", "#7cb342", "#b8860b", "#00acc1", "#795548"), 2.0),
    "oracle": _Palette(("#000000",), 1.5),
    "uninformed": _Palette(
        ("#5f6b7a", "#9aa0a6", "#a58d7f", "#7d9a8c", "#9a86a4", "#a39a5f", "#7f98b5"), 1.5
    ),
}
_OTHERS = _Palette(("#e6007a", "#c2185b", "#ff6f91", "#ad1457"), 3.0)
"""Of groups that have no palette, such as a user's own tuners: hard to overlook."""
_REFERENCE = "#202124"
"""Of the uninformed tuner that all others are compared with."""


class Style(NamedTuple):
    """How an agent is drawn."""

    colour: str
    dash: str
    width: float
    symbol: str

    @property
    def band(self) -> str:
        """The colour, nearly transparent."""
        red, green, blue = (int(self.colour[i : i + 2], 16) for i in (1, 3, 5))
        return f"rgba({red},{green},{blue},0.13)"


def styles(groups: Mapping[str, str], reference: str) -> dict[str, Style]:
    """Styles by the agents' names.

    Training seeds of a tuner share its colour and differ in dash and mark; the first is the
    boldest.

    Args:
        groups: Groups by the agents' names, in the order of the legend.
        reference: The agent that others are compared with first.
    """
    seen: dict[str, list[str]] = {}
    made = {}
    for agent, group in groups.items():
        palette = _PALETTES.get(group, _OTHERS)
        tuner = (group_of(agent) or agent) if group == "learned" else agent
        tuners = seen.setdefault(group, [])
        if tuner not in tuners:
            tuners.append(tuner)
        place = tuners.index(tuner)
        variant = place // len(palette.colours) + (place if group == "uninformed" else 0)
        width = palette.width
        if tuner != agent:
            seed = int(agent.rpartition("-")[2])
            variant += seed
            width = max(1.5, width - 0.75 * seed)
        colour = palette.colours[place % len(palette.colours)]
        symbol = _SYMBOLS[(place if tuner == agent else variant) % len(_SYMBOLS)]
        made[agent] = Style(colour, _DASHES[variant % len(_DASHES)], width, symbol)
        if agent == reference:
            made[agent] = Style(_REFERENCE, "solid", 2.0, symbol)
    return made


def extra_seed(agent: str, groups: Mapping[str, str]) -> bool:
    """Whether the agent is a further training seed of a learned tuner: "ppo-1" beside "ppo-0"."""
    group = group_of(agent)
    learned = groups.get(agent) == "learned" and group is not None
    return learned and agent != f"{group}-0" and f"{group}-0" in groups
