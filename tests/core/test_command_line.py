"""What the command lines share."""

import sys
from pathlib import Path

import pytest

from hpo_gym import make_family
from hpo_gym.benchmark.suites.registry import read_suite
from hpo_gym.commands.checks import require_writable
from hpo_gym.references import load
from hpo_gym.tuning.rewards import REWARDS
from scripts.command_line import command_of, import_modules, make_env


def test_printed_commands_use_the_running_interpreter(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["script", "--out", "a b"])
    for interpreter, shown in [
        (tmp_path / ".venv/bin/python", ".venv/bin/python"),
        (Path("/usr/bin/py thon"), "'/usr/bin/py thon'"),
    ]:
        monkeypatch.setattr(sys, "executable", str(interpreter))
        assert command_of("scripts.train") == f"{shown} -m scripts.train --out 'a b'"


def test_modules_are_imported_once_and_named_in_full(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(REWARDS, "half", None)  # is removed afterwards
    del REWARDS["half"]
    Path("mine.py").write_text(
        "from hpo_gym import register_reward\n"
        "def half(before, after, xp):\n    return 0.5 * after.true_score\n"
        "assert 'half' not in __import__('hpo_gym').tuning.rewards.REWARDS\n"
        "register_reward('half', half)\n"
    )
    names = import_modules(("mine.py", "json"))
    assert names == (f"{tmp_path}/mine.py", "json") == import_modules(names)
    assert REWARDS["half"].__name__ == "half"
    with pytest.raises(ValueError, match=r"^--import broken.py: "):
        import_modules(("broken.py",))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def", r"invalid syntax \(broken.py, line 1\)"),
        ("x = 1\nraise KeyError('no')", r"it fails at .*broken.py, line 2: KeyError: 'no'"),
        ("import sys\nsys.exit(0)", r"it fails at .*broken.py, line 2: SystemExit: 0"),
        ("import nobody_knows", r"it fails at .*broken.py, line 1: ModuleNotFoundError: No module"),
        ("\0", r"source code string cannot contain null bytes"),
    ],
)
def test_modules_that_fail_are_named(text, message, tmp_path, monkeypatch):
    """Whatever they raise, whoever imports them: families, suites, rewards, --import."""
    monkeypatch.chdir(tmp_path)
    Path("broken.py").write_text(text)
    for read in (make_family, read_suite, load):
        with pytest.raises(ValueError, match=f"'broken.py:X' cannot be imported: {message}"):
            read("broken.py:X")
    with pytest.raises(ValueError, match=f"--import broken.py: {message}"):
        import_modules(("broken.py",))
    with pytest.raises(ValueError, match=r"'nobody:X' cannot be imported: No module"):
        load("nobody:X")
    with pytest.raises(ValueError, match="nobody:x-v0 does not take the options"):
        make_env("nobody:x-v0", {})


def test_a_folder_is_no_module(tmp_path, monkeypatch):
    """Python takes it for a package, in which there is nothing."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "some_folder").mkdir()
    with pytest.raises(ValueError, match=r"--import some_folder: it is a folder without __init__"):
        import_modules(("some_folder",))


def test_a_folder_is_tried_and_left_as_it_was(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for folder in (tmp_path / "a/b/c", Path("a/b"), tmp_path, Path(".")):
        require_writable("--out", folder)
    assert not [*tmp_path.iterdir()]
    with pytest.raises(ValueError, match=r"cannot be written \(File name too long"):
        require_writable("--out", Path("a") / ("b" * 300))
    assert not [*tmp_path.iterdir()]
    Path("file").write_text("")
    with pytest.raises(ValueError, match=r"--out file/x: .*file cannot be written \(Not a dir"):
        require_writable("--out", Path("file/x"))
