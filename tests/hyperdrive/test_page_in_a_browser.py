"""The page of a run in a browser: while it goes on, when it is done, and with hostile texts."""

import json
import re
import threading

import pytest
from hyperdrive_pages import SEEN, chromium, drawn, look, row, table_of, walked
from hyperdrive_runs import config, experiment, script, wait_for

from hpo_gym.hyperdrive import (
    FamilyRunConfig,
    GridParameterSampling,
    RunDetails,
    choice,
)
from hpo_gym.hyperdrive.details.page import page_html
from hpo_gym.hyperdrive.details.server import Server

WAITS = """
    import os, sys, time
    from hpo_gym.hyperdrive import Run

    kind = sys.argv[2]
    run = Run.get_context()
    for epoch in range(1, 4):
        run.log("f1", {"good": 0.9, "fair": 0.8, "crash": 0.1}[kind] * epoch)
    print("this is", kind)
    if kind == "crash":
        raise ValueError("out of <b>memory</b>")
    while not os.path.exists("GO"):
        time.sleep(0.02)
    run.log("f1", 2.0)
"""


@pytest.mark.slow
def test_a_run_of_a_script_while_it_goes_on_and_when_it_is_done(tmp_path):
    target = script(tmp_path, WAITS.replace("GO", str(tmp_path / "go")))
    sampling = GridParameterSampling({"kind": choice("good", "crash", "fair")})
    run = experiment(tmp_path).submit(
        config(target, hyperparameter_sampling=sampling, max_total_runs=3)
    )
    details = RunDetails(run)
    details.show()
    wait_for(lambda: [len(each.curve) for each in run.rows()] == [3, 3, 3])
    wait_for(lambda: run.rows()[1].status == "Failed")
    document = chromium(tmp_path, details.address)
    assert '<b id="status">Running</b>' in document
    assert "1 of 3 children have ended; 1 failed; 2 running" in document
    rows = table_of(document)
    assert [[cells[k] for k in (0, 1, 2, 3, 4, 7)] for cells in rows] == [
        ["0best", "3", "2.7", "2.7", "Running", "good"],
        ["1best", "3", "0.3", "0.3", "Failed", "crash"],
        ["2best", "3", "2.4", "2.4", "Running", "fair"],
    ]
    assert drawn(document, "lines") == {0: 3, 1: 3, 2: 3}
    assert drawn(document, "parallel") == {0: 2, 1: 2, 2: 2}

    (tmp_path / "go").touch()
    run.wait_for_completion()
    document = chromium(tmp_path, details.address)
    details.close()
    assert '<b id="status">Completed</b>' in document
    assert "3 of 3 children have ended; 2 completed; 1 failed" in document
    assert [[cells[k] for k in (1, 2, 3, 4)] for cells in table_of(document)] == [
        ["4", "2", "2.7", "Completed"],
        ["3", "0.3", "0.3", "Failed"],
        ["4", "2", "2.4", "Completed"],
    ]
    assert drawn(document, "lines") == {0: 4, 1: 3, 2: 4}

    # Without the process that ran it, and with its logs.
    file = details.save(tmp_path / "page.html")
    seen = walked(
        file,
        SEEN
        + """
        document.querySelector("tbody tr:nth-child(2) button").click();
        await new Promise((done) => setTimeout(done, 100));
        const log = texts("#log")[0];
        return { log, about: texts("#about")[0], table: table(), lines: lines("lines") };
        """,
    )
    assert seen["problems"] == []
    assert seen["log"].startswith("this is crash\nTraceback")
    assert seen["log"].endswith("ValueError: out of <b>memory</b>\n")
    assert "Failed: it ended with exit code 1: ValueError: out of <b>memory</b>" in seen["about"]
    assert seen["table"] == [
        [cell.replace("&lt;", "<").replace("&gt;", ">") for cell in cells]
        for cells in table_of(document)
    ]
    assert seen["lines"] == [0, 1, 2]


def served(*looks):
    """A server of a page, of which each question finds the next look, and what was asked."""
    asked, left, lock = [], [*looks], threading.Lock()

    def data(query):
        with lock:
            asked.append("data")
            return json.dumps(left.pop(0)), "application/json"

    def log(query):
        asked.append(query["of"])
        return json.dumps({"text": "printed", "size": 7, "shown": 7}), "application/json"

    def page(query):
        return page_html({**left.pop(0), "live": True}), "text/html"

    return Server({"": page, "data.json": data, "log.json": log}), asked


def test_the_page_follows_a_run_until_it_has_ended(tmp_path):
    known = config(FamilyRunConfig("recorded"))
    server, asked = served(
        look(known, [], status="Running"),
        look(known, [row(0, [0.1, 0.2], status="Running")], status="Running"),
        look(known, [row(0, [0.1, 0.2, 0.3]), row(1, status="Running")], status="Running"),
        look(known, [row(0, [0.1, 0.2, 0.3]), row(1, [0.4, 0.5])]),
        look(known, [row(0, [0.0])]),  # nobody asks for this
    )
    document = chromium(tmp_path, server.address, wait=20_000)
    server.close()
    assert asked.count("data") == 3
    assert '<b id="status">Completed</b>' in document
    assert [cells[3] for cells in table_of(document)] == ["0.3", "0.5"]
    assert drawn(document, "lines") == {0: 3, 1: 2}
    assert re.search('<pre id="log"[^>]*>printed</pre>', document)
    assert re.search('<p id="news" role="alert" hidden', document)


def test_a_page_whose_server_is_gone_says_so_and_keeps_what_it_has(tmp_path):
    known = config(FamilyRunConfig("recorded"))
    server, asked = served(look(known, [row(0, [0.1, 0.2], status="Running")], status="Running"))
    document = chromium(tmp_path, server.address, wait=5_000)  # there is no second look
    server.close()
    assert asked.count("data") >= 2  # it tries again
    assert "No news since" in document and 'role="alert" hidden' not in document
    assert drawn(document, "lines") == {0: 2}
