"""Draw regret against evaluations, from committed rows of the benchmark.

python -m scripts.figures.plot_regret --out docs/regret.png
python -m scripts.figures.plot_regret --suite recorded-test --rows docs/transfer-rows \
    --agents classifier-0 portfolio-recorded cma-es-from-recorded-1 tpe-5 gp-4 random
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import tyro

import agents  # noqa: F401  registers them
from hpo_gym.benchmark.results.archive import import_suite
from hpo_gym.benchmark.results.records import FloatArray, Records
from hpo_gym.benchmark.results.store import Store
from hpo_gym.benchmark.scoring.statistics import estimates, interval, iqm, replicates
from hpo_gym.benchmark.suites.registry import make_suite
from hpo_gym.commands.checks import plain_errors
from hpo_gym.files import write_atomic
from hpo_gym.rendering.picture import new_figure
from hpo_gym.tuners.entry import AgentEntry
from hpo_gym.tuners.registry import registered_agents
from scripts.transfer_tuners import contestant

_COLOURS = ("#0072B2", "#009E73", "#56B4E9", "#D55E00", "#CC79A7", "#000000", "#E69F00")
"""Okabe and Ito's palette, safe for the colour-blind."""
_MARKERS = "osD^vPX"
_APART = 0.055
"""Least distance of two names, in parts of the axis."""


@dataclass(frozen=True)
class Arguments:
    """What to draw, and where to write it."""

    out: Path = Path("results/regret.png")
    """The PNG file; its description holds the curves as numbers."""
    suite: str = "fictitious-test"
    """Suite of the benchmark."""
    agents: tuple[str, ...] = ("unrolled-0", "particle", "ppo-0", "gp-4", "tpe", "random")
    """Tuners, at most seven; those of the registry, or of `scripts.transfer`."""
    rows: Path = Path("docs/rows")
    """Folder of the committed rows."""


def read(arguments: Arguments) -> list[Records]:
    """The runs that all the tuners have in common.

    Raises:
        ValueError: There are too many tuners, or the rows have none of one.
    """
    suite, names = make_suite(arguments.suite), arguments.agents
    if not 1 <= len(names) <= len(_COLOURS):
        raise ValueError(f"--agents: {len(names)} are given; name 1 to {len(_COLOURS)}")
    with TemporaryDirectory() as folder, Store(Path(folder) / "rows.sqlite") as store:
        import_suite(store, suite, arguments.rows, [_entry(name) for name in names])
        found = {name: store.records(suite, name) for name in names}
    missing = [name for name, records in found.items() if records is None]
    if missing:
        raise ValueError(f"{arguments.rows} has no rows of {missing} on {suite.name!r}")
    records = [each for each in found.values() if each is not None]
    tasks, seeds = (min(each.regret.shape[axis] for each in records) for axis in (0, 1))
    return [each.first(tasks, seeds) for each in records]


def _entry(name: str) -> AgentEntry:
    known = {entry.name: entry for entry in registered_agents()}
    return known[name] if name in known else contestant(name).entry


def curves_of(records: Records) -> FloatArray:
    """The IQM regret after each of T evaluations with its 95 % interval, (3, T)."""
    runs = np.moveaxis(records.regret, -1, 0)
    origins = make_suite(records.suite).origins
    groups = [origins[task] for task in records.tasks]
    if len({*groups}) == len(groups):
        return np.array(estimates(runs, iqm, resamples=500)).T
    spread = replicates(runs, iqm, scheme="tasks", resamples=500, groups=groups)
    values = iqm(runs.reshape(len(runs), -1))
    return np.array([interval(value, row) for value, row in zip(values, spread, strict=True)]).T


def described(records: list[Records]) -> str:
    """The curves as text: a line for each tuner, with its IQM regrets."""
    lines = [f"{records[0].suite}: IQM regret after 1, 2, 3, ... evaluations"]
    for one in records:
        values = iqm(one.regret.reshape(-1, one.regret.shape[-1]).T)
        lines.append(f"{one.agent} {' '.join(f'{value:.4f}' for value in values)}")
    return "\n".join(lines)


def draw(records: list[Records]) -> Any:
    """The figure: a curve with a band for each tuner."""
    figure = new_figure(8.0, 4.6)
    figure.set_layout_engine("constrained")
    axes = figure.subplots()
    for one, colour, marker in zip(records, _COLOURS, _MARKERS, strict=False):
        value, low, high = curves_of(one)
        counts = np.arange(1, len(value) + 1)
        style = {"color": colour, "marker": marker, "markersize": 5, "linewidth": 1.8}
        axes.plot(counts, value, label=one.agent, **style)
        axes.fill_between(counts, low, high, color=colour, alpha=0.2, linewidth=0)
    tasks, seeds, budget = records[0].regret.shape
    axes.set_yscale("log")
    _name_curves(axes)
    axes.set_xlim(0.7, budget + 0.3)
    axes.set_xticks(range(1, budget + 1, 1 if budget <= 20 else budget // 10))
    axes.set_xlabel("evaluations")
    axes.set_ylabel("regret, normalised (IQM, 95 % band)")
    axes.set_title(f"{records[0].suite}: {tasks} unseen tasks, {seeds} seeds", loc="left")
    axes.grid(color="#808080", alpha=0.2)
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def _name_curves(axes: Any) -> None:
    """Write the names at the ends of the curves, apart from each other."""
    low, high = np.log(axes.get_ylim())
    lowest = -_APART
    for line in sorted(axes.get_lines(), key=lambda line: line.get_ydata()[-1]):
        x, y = (data[-1] for data in line.get_data())
        height = (np.log(y) - low) / (high - low)
        lowest = max(height, lowest + _APART)
        place = {"xytext": (1.02, lowest), "textcoords": "axes fraction", "va": "center"}
        axes.annotate(line.get_label(), (x, y), color=line.get_color(), fontsize=11, **place)


def main(arguments: Arguments) -> None:
    """Write the figure."""
    records = read(arguments)
    picture = io.BytesIO()
    metadata = {"Description": described(records)}
    draw(records).savefig(picture, format="png", dpi=150, metadata=metadata)
    write_atomic(arguments.out, picture.getvalue())
    print(f"{metadata['Description']}\nwritten: {arguments.out}")


if __name__ == "__main__":
    with plain_errors():
        main(tyro.cli(Arguments, description=__doc__))
