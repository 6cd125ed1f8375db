"""The page of a run over HTTP: where it is, who may ask, when it stops."""

import http.client
import json
import sys
import threading
import types
import urllib.error
import urllib.request

import pytest
from hyperdrive_runs import LOGS, config, experiment, family_config, script

from hpo_gym.hyperdrive import FamilyRunConfig, RunDetails


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    run = experiment(folder).submit(
        config(script(folder, f"{LOGS}    print('hello')\n"), max_total_runs=2)
    )
    run.wait_for_completion()
    return run


@pytest.fixture
def details(run):
    details = RunDetails(run)
    details.show()
    yield details
    details.close()


def get(address):
    with urllib.request.urlopen(address, timeout=10.0) as answer:
        return answer.headers, answer.read().decode()


def test_page_data_and_logs(run, details, capsys):
    headers, page = get(details.address)
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.startswith("<!DOCTYPE html>") and f"<title>{run.id}</title>" in page
    headers, text = get(details.address + "data.json")
    assert headers["Content-Type"] == "application/json; charset=utf-8"
    known = {**details.get_widget_data(), "now": None}
    assert {**json.loads(text), "now": None} == known
    _, text = get(details.address + "log.json?of=1")
    assert json.loads(text) == {"text": "hello\n", "size": 6, "shown": 6}
    _, text = get(details.address + "log.json")
    assert f"{run.id}_1: Completed" in json.loads(text)["text"]


@pytest.mark.parametrize("what", ["nothing", "log.json?of=7", "log.json?of=../x", "../data.json"])
def test_what_is_not_there(details, what):
    with pytest.raises(urllib.error.HTTPError) as caught:
        get(details.address + what)
    assert caught.value.code == 404
    caught.value.close()


@pytest.mark.parametrize("path", ["/", "/data.json", "/wrong/data.json", "data.json", "x"])
def test_nobody_reaches_the_page_without_its_word(details, path):
    connection = http.client.HTTPConnection(details.address.split("/")[2], timeout=10.0)
    connection.request("GET", path)
    assert connection.getresponse().status == 404
    connection.close()


def test_the_server_stops_and_starts_again(run, capsys):
    before = threading.active_count()
    details = RunDetails(run)
    assert details.address is None
    details.show()
    first = details.address
    details.show()
    assert details.address == first  # one server, however often it is shown
    assert capsys.readouterr().out.splitlines() == [f"{run.id}: {first}"] * 2
    assert first.startswith("http://127.0.0.1:")
    details.close()
    assert details.address is None
    with pytest.raises(urllib.error.URLError):
        get(first)
    details.close()
    assert threading.active_count() == before
    details.show()
    assert details.address != first
    details.close()


def test_two_runs_have_two_pages(tmp_path, run, details):
    other = experiment(tmp_path).submit(
        family_config(target=FamilyRunConfig(epochs=2), max_total_runs=1)
    )
    other.wait_for_completion()
    theirs = RunDetails(other)
    theirs.show()
    for each, known in ((details, run), (theirs, other)):
        assert json.loads(get(each.address + "data.json")[1])["id"] == known.id
    theirs.close()


def test_a_browser_is_opened_for_those_who_want_it(details, monkeypatch):
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    details.show()
    assert opened == []
    details.show(open_browser=True)
    assert opened == [details.address]


@pytest.mark.parametrize("kernel", [True, False])
def test_a_notebook_shows_it_in_its_place(details, monkeypatch, kernel):
    shown = []
    shell = types.SimpleNamespace(**({"kernel": None} if kernel else {}))
    display = types.ModuleType("IPython.display")
    display.display = shown.append
    display.IFrame = lambda address, width, height: address
    ipython = types.ModuleType("IPython")
    ipython.get_ipython = lambda: shell
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    details.show()
    assert shown == ([details.address] if kernel else [])


def test_a_child_has_no_page_of_its_own(run):
    with pytest.raises(ValueError, match=r"_0.*must be a HyperDriveRun"):
        RunDetails(run.child(0))
