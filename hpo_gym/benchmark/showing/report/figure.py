"""Figures as Plotly's JSON: plain dictionaries of traces and layout."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hpo_gym.benchmark.scoring.statistics import Estimate
from hpo_gym.benchmark.showing.report.style import Style

Json = dict[str, Any]
Styles = Mapping[str, Style]

FLOOR = 1e-4
"""Smallest regret that is drawn: logarithmic axes have no zero."""
_GRID = "#e4e7eb"
_INK = "#3c4043"


@dataclass(frozen=True)
class Figure:
    """A figure, or several that the reader chooses from.

    Attributes:
        name: Identifier, unique within a suite.
        title: Heading.
        caption: How to read it.
        alternative: What it shows, in words.
        controls: Choices of the reader: their names, and their options.
        variants: Plotly's {"data": ..., "layout": ...} by the options, joined with "|".
    """

    name: str
    title: str
    caption: str
    alternative: str
    controls: Mapping[str, Sequence[str]]
    variants: Mapping[str, Json]


def layout(height: int, xaxis: Json, yaxis: Json, **more: Any) -> Json:
    """Layout of a figure; legends are left to the page."""
    return {
        "height": height,
        "margin": {"l": 64, "r": 16, "t": 36, "b": 52},
        "font": {"family": "system-ui, sans-serif", "size": 13, "color": _INK},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "hovermode": "closest",
        "showlegend": False,
        "modebar": {"bgcolor": "rgba(255,255,255,0.8)", "color": "#9aa0a6", "activecolor": _INK},
        "xaxis": xaxis,
        "yaxis": yaxis,
        **more,
    }


def axis(title: str, **more: Any) -> Json:
    """A linear axis."""
    return {
        "title": {"text": title, "standoff": 8},
        "gridcolor": _GRID,
        "linecolor": "#9aa0a6",
        "showline": True,
        "zeroline": False,
        "ticks": "outside",
        "automargin": True,
        **more,
    }


def log_axis(title: str, **more: Any) -> Json:
    """A logarithmic axis, of whole powers of ten unless it shows only one."""
    small = {"ticks": "outside", "ticklen": 3, "dtick": "D1"}
    return axis(title, type="log", exponentformat="power", minor=small, **more)


def short(value: float) -> float:
    """Five significant digits: more than can be seen, at half the size."""
    return float(f"{value:.5g}")


def numbers(values: Iterable[float], floor: float | None = None) -> list[float]:
    """Numbers to draw, none below the floor."""
    return [short(value if floor is None else max(value, floor)) for value in values]


def line(agent: str, **more: Any) -> Json:
    """A line that the agent's button of the legend switches on and off."""
    named = {"type": "scatter", "name": agent, "legendgroup": agent, "mode": "lines"}
    return {**named, **more}


def band(agent: str, style: Style, x: Sequence[float], curve: Sequence[Estimate]) -> Json:
    """The intervals of a curve of regrets or fractions as an area."""
    low = numbers((estimate.drawn[1] for estimate in curve), FLOOR)
    high = numbers((estimate.drawn[2] for estimate in curve), FLOOR)
    return line(
        agent,
        x=[*x, *reversed(x)],
        y=[*high, *reversed(low)],
        fill="toself",
        fillcolor=style.band,
        line={"width": 0},
        hoverinfo="skip",
    )


def curve(
    agent: str, style: Style, x: Sequence[float], estimates: Sequence[Estimate], **more: Any
) -> Json:
    """A curve of regrets or fractions; the true values are in the hover text."""
    return line(
        agent,
        x=list(x),
        y=numbers((estimate.value for estimate in estimates), FLOOR),
        customdata=[numbers(estimate.drawn) for estimate in estimates],
        line={**style.line, **more},
        hovertemplate=_hover("<b>%{fullData.name}</b> at %{x:.4g}", estimates[0]),
    )


def dots(
    styles: Styles, agents: Sequence[str], estimates: Sequence[Estimate], floor: float | None = None
) -> Json:
    """One row per agent: a mark and its interval."""
    values = numbers((estimate.value for estimate in estimates), floor)
    low = numbers((estimate.drawn[1] for estimate in estimates), floor)
    high = numbers((estimate.drawn[2] for estimate in estimates), floor)
    return {
        "type": "scatter",
        "mode": "markers",
        "x": values,
        "y": list(agents),
        "customdata": [numbers(estimate.drawn) for estimate in estimates],
        "marker": {
            "color": [styles[agent].colour for agent in agents],
            "size": 10,
            "symbol": [styles[agent].symbol for agent in agents],
        },
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": numbers(top - value for top, value in zip(high, values, strict=True)),
            "arrayminus": numbers(
                value - bottom for value, bottom in zip(values, low, strict=True)
            ),
            "color": "#80868b",
            "thickness": 1.5,
            "width": 4,
        },
        "hovertemplate": [_hover("<b>%{y}</b>", estimate) for estimate in estimates],
    }


def _hover(name: str, estimate: Estimate) -> str:
    """Text beside a mark: name, value, and the interval if there is one."""
    ends = " [%{customdata[1]:.4g}, %{customdata[2]:.4g}]" if estimate.low is not None else ""
    return f"{name}<br>%{{customdata[0]:.4g}}{ends}<extra></extra>"


def rows_layout(styles: Styles, agents: Sequence[str], xaxis: Json) -> Json:
    """Layout of a figure of one row per agent, the first on top; the user's own are bold."""
    rows = axis("", type="category", categoryarray=list(agents), categoryorder="array")
    names = [f"<b>{agent}</b>" if styles[agent].yours else agent for agent in agents]
    rows |= {"tickvals": list(agents), "ticktext": names}
    # Half a row of air above and below; Plotly counts rows from 0.
    rows |= {"range": [len(agents) - 0.5, -0.5], "ticks": ""}
    return layout(90 + 24 * len(agents), xaxis, rows)


def listing(agents: Sequence[str], values: Sequence[float]) -> str:
    """Values by agent, in words."""
    return "; ".join(f"{a} {v:.3g}" for a, v in zip(agents, values, strict=True))
