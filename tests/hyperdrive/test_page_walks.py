"""Walks through pages of runs that never ran: charts, table, legend, logs."""

import random
import re

import pytest
from hyperdrive_pages import SEEN, look, row, static, walked
from hyperdrive_runs import config

from hpo_gym.hyperdrive import BanditPolicy, FamilyRunConfig, choice, loguniform, uniform


def made_up():
    """A run with children of all kinds."""
    space = {"rate": loguniform(-9, 0), "kind": choice("a", "b"), "x": uniform(0, 1)}
    known = config(
        FamilyRunConfig("recorded"), space, max_total_runs=6, policy=BanditPolicy(slack_factor=0.1)
    )
    sampled = [known.hyperparameter_sampling.suggest(number, 0) for number in range(6)]
    rows = [
        row(0, [0.2, 0.4, 0.6, 0.8], configuration=sampled[0]),
        row(1, [0.2, 0.1], configuration=sampled[1], status="Canceled", terminated=True),
        row(2, [0.3, 0.9, 0.7], configuration=sampled[2]),
        row(3, [], configuration=sampled[3], status="Failed", message="it crashed"),
        row(4, [0.25], configuration=sampled[4], status="Running"),
        row(5, [10.5], configuration={"rate": 0.5, "kind": "b"}, status="Canceled"),
    ]
    return look(known, rows, status="Running")


@pytest.mark.parametrize("width", [1400, 600])
def test_a_file_can_be_walked_through(tmp_path, width):
    seen = walked(
        static(tmp_path / "page.html", made_up()),
        SEEN
        + """
        const dashes = (status) => getComputedStyle(
          document.querySelector(`#lines g.${status} .child`)).strokeDasharray;
        const shape = (status) => document.querySelector(`#lines .end.${status}`).getAttribute("d");
        const states = ["Canceled", "Completed", "Running"];
        const looks = { dashes: states.map(dashes), shapes: states.map(shape) };
        const before = { first: lines("lines"), parallel: lines("parallel").sort() };
        const heads = texts("thead th");
        const column = () => table().map((cells) => cells[3]);
        const click = (index) => document.querySelectorAll("thead button")[index].click();
        click(3);
        const up = column();
        click(3);
        const down = column();
        const sorted = document.querySelectorAll("thead th")[3].getAttribute("aria-sort");
        click(7);
        const rates = table().map((cells) => Number(cells[7]));
        document.querySelector("#legend [data-status=Canceled]").click();
        const hidden = [lines("lines"), lines("parallel").sort()];
        document.querySelector("[data-child='2'] button").click();
        const chosen = [document.querySelector("#which").value,
          document.querySelector("tr.chosen").dataset.child, all(".front g").length];
        document.querySelector("#before").click();
        const before_it = document.querySelector("tr.chosen").dataset.child;
        const best = document.querySelector("tr.best").dataset.child;
        return {
          ...before, ...looks, heads, up, down, sorted, rates, hidden, chosen, before_it, best,
          legend: texts("#legend button"),
          nones: texts("#parallel text").filter((text) => text === "none").length,
          wide: document.documentElement.scrollWidth > innerWidth, width: innerWidth,
          unlabelled: all("svg[role=img]:not([aria-label]), button:empty").length,
        };
        """,
        width=width,
    )
    assert seen["problems"] == []
    assert seen["first"] == [0, 1, 2, 4, 5]  # the one that failed has reported nothing
    assert seen["parallel"] == [0, 1, 2, 3, 4, 5]
    assert seen["heads"] == [
        "run", "intervals", "last f1", "best f1", "status", "started (virtual s)",
        "duration (virtual s)", "rate", "kind", "x",
    ]  # fmt: skip
    assert seen["up"] == ["0.2", "0.25", "0.8", "0.9", "10.5", ""]
    assert seen["down"] == ["10.5", "0.9", "0.8", "0.25", "0.2", ""]
    assert seen["sorted"] == "descending"
    assert seen["rates"] == sorted(seen["rates"]) and len(set(seen["rates"])) == 6
    assert seen["hidden"] == [[0, 2, 4], [0, 2, 3, 4]]
    assert seen["chosen"] == ["2", "2", 2]  # raised in both charts
    assert (seen["before_it"], seen["best"]) == ("1", "5")
    assert len(set(seen["dashes"])) == len(set(seen["shapes"])) == 3
    assert seen["legend"] == ["Canceled (2)", "Completed (2)", "Failed (1)", "Running (1)"]
    assert seen["nones"] == 2  # x of one child, the metric of another
    assert (seen["wide"], seen["width"], seen["unlabelled"]) == (False, width, 0)


def test_children_that_report_once_are_drawn_by_their_numbers(tmp_path):
    rows = [row(number, [value]) for number, value in enumerate([0.2, 0.5, 0.3, 0.6])]
    known = config(FamilyRunConfig("recorded"))
    file = static(tmp_path / "once.html", look(known, rows))
    seen = walked(
        file,
        SEEN
        + """
        return {
          title: texts("#lines h2")[0], lines: lines("lines"),
          best: document.querySelector(".best-so-far").getAttribute("d"),
        };
        """,
    )
    assert seen["problems"] == []
    assert (seen["title"], seen["lines"]) == ("f1 by run", [0, 1, 2, 3])
    heights = [float(each) for each in re.findall(r"[,V]([\d.]+)", seen["best"])]
    assert heights[0] > heights[1] == heights[2] > heights[3]  # from the top


def test_a_thousand_children(tmp_path):
    draw = random.Random(0)
    space = {"lr": loguniform(-9, 0), "kind": choice("a", "b"), "x": uniform(0, 1)}
    known = config(FamilyRunConfig("recorded"), space, max_total_runs=1000)
    rows = [
        row(
            number,
            [draw.random() for _ in range(100)],
            configuration=known.hyperparameter_sampling.suggest(number, 0),
        )
        for number in range(1000)
    ]
    file = static(tmp_path / "many.html", look(known, rows))
    assert file.stat().st_size < 2 * 2**20
    seen = walked(
        file, SEEN + 'return { rows: table().length, lines: lines("lines").length };', wait=5_000
    )
    assert seen == {"rows": 1000, "lines": 1000, "problems": []}
