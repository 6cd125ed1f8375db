"""Files that travel with a job: named there as here, and back."""

import pickle
import sys
from pathlib import Path

import pytest

from hpo_gym.executors.luggage import pack, pack_back, unpack


@pytest.fixture
def file(tmp_path):
    file = tmp_path / "home" / "mine.py"
    file.parent.mkdir()
    file.write_text("x = 1\n")
    return file


def test_a_file_arrives_where_there_is_none(file, tmp_path):
    job = {"source": str(file), "reference": f"{file}:x", "nested": [(f"{file}:a.b", 3)]}
    packed, elsewhere = pack(job), tmp_path / "elsewhere"
    file.unlink()
    arrived = unpack(packed, elsewhere)
    copy = f"{elsewhere}{file}"
    assert arrived == {"source": copy, "reference": f"{copy}:x", "nested": [(f"{copy}:a.b", 3)]}
    assert Path(copy).read_text() == "x = 1\n"
    told = f'Traceback: File "{copy}", line 1'
    back = unpack(pack_back({copy: told, "other": str(tmp_path)}, elsewhere), tmp_path / "unused")
    assert back == {str(file): told.replace(copy, str(file)), "other": str(tmp_path)}
    assert not (tmp_path / "unused").exists()


def test_the_same_file_is_used_where_it_lies_and_another_is_not(file, tmp_path):
    packed = pack(f"{file}:x")
    assert unpack(packed, tmp_path / "elsewhere") == f"{file}:x"
    file.write_text("x = 2\n")  # of somebody else, or of another day
    arrived = unpack(packed, tmp_path / "elsewhere")
    assert arrived == f"{tmp_path}/elsewhere{file}:x"
    assert Path(arrived.partition(":")[0]).read_text() == "x = 1\n"
    file.unlink()
    again = pack(f"{file}:x")  # a text like others
    assert b"x = 1" not in again and unpack(again, tmp_path) == f"{file}:x"


@pytest.mark.parametrize(
    "thing",
    ["", "/", "x" * 9000, "/\0", "mine.py", "/nowhere/mine.py:x", b"/etc/hostname", 3.5, None],
)
def test_all_else_stays_as_it_is(thing, tmp_path):
    assert unpack(pack([thing]), tmp_path) == [thing]
    assert not [*tmp_path.iterdir()]


def test_python_is_that_of_the_place(tmp_path, monkeypatch):
    packed = pack((sys.executable, 3))
    assert len(packed) < 200
    monkeypatch.setattr(sys, "executable", "/there/python")
    assert unpack(packed, tmp_path) == ("/there/python", 3)


def test_only_absolute_paths_name_files(file, tmp_path, monkeypatch):
    """A word that happens to be a file's name beside the command is no file."""
    monkeypatch.chdir(file.parent)
    assert unpack(pack("mine.py"), tmp_path) == "mine.py"
    assert b"x = 1" not in pack("mine.py")


def test_functions_of_scripts_travel_by_value(tmp_path):
    start = 3
    packed = pack(lambda x: x + start)
    assert unpack(packed, tmp_path)(4) == 7
    with pytest.raises((pickle.PicklingError, AttributeError)):
        pickle.dumps(lambda x: x + start)
