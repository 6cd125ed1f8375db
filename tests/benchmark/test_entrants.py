"""Tuners by name: how they are spelt, and what they are."""

import json

import pytest

from hpo_gym.benchmark.running.entrants import read_entrant


def test_a_changed_module_is_another_tuner(tmp_path, monkeypatch):
    package = tmp_path / "my_tuners"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    file = package / "best.py"
    file.write_text("class Best: ...")
    monkeypatch.syspath_prepend(str(tmp_path))
    before = read_entrant("my_tuners.best:Best").identity
    assert read_entrant("other=my_tuners.best:Best").identity == before
    file.write_text("class Best: 'changed'")
    assert read_entrant("my_tuners.best:Best").identity != before
    with pytest.raises(ValueError, match=r"no module 'my_tuners\.worst'"):
        read_entrant("my_tuners.worst:Best")


def test_the_sources_of_shipped_tuners_are_no_part_of_them():
    assert json.loads(read_entrant("agents.baselines.random_search:RandomAgent").identity) == {
        "factory": "agents.baselines.random_search:RandomAgent",
        "settings": {},
        "privileged": False,
        "files": {},
    }


@pytest.mark.parametrize("text", ["mine.py", "mine.py:", ":Tuner", "=a:b", "a:b c"])
def test_tuners_spelt_wrongly(text):
    with pytest.raises(ValueError, match="must be 'module:attribute'"):
        read_entrant(text)


def test_a_path_may_have_an_equals_sign(tmp_path):
    folder = tmp_path / "rate=3"
    folder.mkdir()
    (folder / "mine.py").write_text("class Mine: ...")
    for text, name in (("", "Mine"), ("own=", "own")):
        entrant = read_entrant(f"{text}{folder}/mine.py:Mine")
        assert (entrant.name, entrant.factory) == (name, f"{folder}/mine.py:Mine")


def test_a_file_that_does_not_exist(tmp_path):
    with pytest.raises(ValueError, match=r"agent 'Mine' cannot be read.*nowhere\.py"):
        read_entrant(f"{tmp_path}/nowhere.py:Mine")
