"""Names of suites and agents as names of files of results."""

import os
from dataclasses import replace

import pytest
from tiny_benchmarks import MINE, SUITE, assert_equal_runs, fill, named, records

from hpo_gym.benchmark.results.archive import export_suite, import_suite
from hpo_gym.benchmark.results.store import Store

NAMES = (
    "../evil",
    "/etc/evil",
    "..",
    ".",
    "a/b",
    "a\\b",
    "c:d",
    "a%2Fb",
    "grün",
    "lr=0.1",
    "* ?\n",
)


@pytest.mark.parametrize("name", NAMES)
def test_any_name_of_an_agent_is_one_of_a_file_in_the_folder(store, tmp_path, name):
    fill(store, name)
    rows = tmp_path / "rows"
    (path,) = export_suite(store, SUITE, rows)
    assert os.listdir(rows) == ["tiny"] and os.listdir(rows / "tiny") == [path.name]
    assert path.name.isascii() and not path.name.startswith(".")
    with Store(tmp_path / "b.sqlite") as fresh:
        assert import_suite(fresh, SUITE, rows, [named(name)]) == []
        assert_equal_runs(fresh.records(SUITE, name), records(name))


@pytest.mark.parametrize("name", NAMES)
def test_any_name_of_a_suite_is_one_of_a_folder_in_the_folder(store, tmp_path, name):
    suite = replace(SUITE, name=name)
    fill(store, "mine", suite=suite)
    rows = tmp_path / "deep" / "rows"
    (path,) = export_suite(store, suite, rows)
    assert path.parent.parent == rows and path.parent.name not in ("", ".", "..")
    assert os.listdir(tmp_path / "deep") == ["rows"] and len(os.listdir(rows)) == 1
    with Store(tmp_path / "b.sqlite") as fresh:
        assert import_suite(fresh, suite, rows, [MINE]) == []
        assert fresh.records(suite, "mine") is not None


def test_names_that_cannot_be_those_of_files(store, tmp_path):
    fill(store, "GP", "gp")
    with pytest.raises(
        ValueError, match=r"'GP' and 'gp' would be the same file .*give one another"
    ):
        export_suite(store, SUITE, tmp_path / "rows")
    store.delete("GP")
    fill(store, "x" * 201)
    for act in (
        lambda: export_suite(store, SUITE, tmp_path / "rows"),
        lambda: import_suite(store, SUITE, tmp_path / "rows", [named("ü" * 50)]),
        lambda: export_suite(store, replace(SUITE, name=""), tmp_path / "rows"),
        lambda: import_suite(store, replace(SUITE, name=""), tmp_path / "rows", [MINE]),
    ):
        with pytest.raises(ValueError, match=r"cannot name a file of .*give it another name"):
            act()
    assert not (tmp_path / "rows").exists()


def test_a_file_of_another_agent_is_not_taken_for_it(store, tmp_path):
    fill(store, "mine")
    (path,) = export_suite(store, SUITE, tmp_path)
    path.rename(path.with_name("other.npz"))
    with Store(tmp_path / "b.sqlite") as fresh:
        outdated = import_suite(fresh, SUITE, tmp_path, [named("other")])
        assert outdated == ["other (another tuner)"]
        assert fresh.agents(SUITE) == {}
