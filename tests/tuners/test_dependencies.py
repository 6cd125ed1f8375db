"""What a tuner imports and reads: whatever of it changes is told, and nothing else is."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import hpo_gym
from hpo_gym.tuners.dependencies import ABSENT, _environment, absolute, changed, digest_of, relative
from hpo_gym.tuners.entry import AgentEntry
from hpo_gym.tuners.registry import read_agent

ROOT = Path(hpo_gym.__file__).parents[1]

TUNER = """
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import scaling
from library import deep
from installed import thing

HERE = Path(__file__).parent


class Tuner:
    def __init__(self):
        self.weights = np.load(HERE / "weights.npy")
        self.table = np.memmap(HERE / "table.dat", dtype=np.uint8)
        with open("log.txt", "w") as log:
            log.write("begun")
        Path("log.txt").read_text()

    def predict(self):
        os.listdir(HERE)
        Path(HERE, "late.json").read_text()
        Path(HERE, "configs", "named.txt").read_bytes()
        import lazy
        subprocess.run([sys.executable, HERE / "helper_script.py"], check=True)
        os.system(f"{sys.executable} '{HERE}/shell_script.py'")
        sqlite3.connect(HERE / "trials.db").close()
        Path("new.db").exists() or sqlite3.connect("new.db").close()
        for name in ("not there", "cache.json", "renamed.json"):
            try:
                open(HERE / name).close()
            except OSError:
                pass
        (HERE / "cache.json").write_text("its own")
        (HERE / "other.json").write_text("its own")
        os.replace(HERE / "other.json", HERE / "renamed.json")
"""

RUN = """
import json
import sys
from hpo_gym.references import load
from hpo_gym.tuners.dependencies import Watch
from hpo_gym.tuners.registry import read_agent

entry = read_agent(sys.argv[1])
watch = Watch(entry.root)
tuner = load(entry.reference)()
for _ in range(2):
    tuner.predict()
print(json.dumps(watch.files()))
"""

READ = {
    "my_tuner.py",
    "scaling.py",
    "lazy.py",
    "library/__init__.py",
    "library/deep.py",
    "weights.npy",
    "table.dat",
    "late.json",
    "configs/named.txt",
    "helper_script.py",
    "shell_script.py",
    "trials.db",
}
OWN = ("cache.json", "renamed.json")
"""What it asks for in vain and then writes."""


def lay_out(folder):
    """A tuner with all that it reads, and some files that it does not."""
    for name in ("library", "configs", "site-packages"):
        (folder / name).mkdir(parents=True)
    for name in READ | {"unrelated.py", "library/unused.py", "site-packages/installed.py"}:
        (folder / name).write_text("")
    (folder / "my_tuner.py").write_text(TUNER)
    (folder / "site-packages" / "installed.py").write_text("thing = 1")
    (folder / "late.json").write_text("{}")
    (folder / "table.dat").write_bytes(b"1234")
    np.save(folder / "weights.npy", np.arange(3.0))
    return folder


def files_of(folder, reference, cwd):
    """What the watch of another process hears, as a manifest."""
    cwd.mkdir(exist_ok=True)
    path = [str(ROOT), str(folder), str(folder / "site-packages")]
    compiling = {name: text for name, text in os.environ.items() if "BYTECODE" not in name}
    done = subprocess.run(
        [sys.executable, "-c", RUN, reference],
        cwd=cwd,
        env={**compiling, "PYTHONPATH": os.pathsep.join(path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for name in OWN:
        (folder / name).unlink(missing_ok=True)
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def heard(tmp_path_factory):
    """A folder with a tuner, and the manifest of a run; no test changes the folder for good."""
    folder = lay_out(tmp_path_factory.mktemp("project") / "tuners")
    files = files_of(folder, f"{folder}/my_tuner.py:Tuner", folder.parent / "work")
    return folder, relative(files, folder)


def test_all_that_is_read_is_heard_and_nothing_else(heard):
    """No log of its own, no module of the environment or of hpo_gym, nothing that is only there."""
    folder, manifest = heard
    assert set(manifest) == {*READ, "not there"}
    assert manifest["late.json"] == digest_of(folder / "late.json")


@pytest.mark.parametrize("name", sorted(READ))
def test_what_changes_is_named(heard, name):
    folder, manifest = heard
    assert changed(manifest, folder) == []
    before = (folder / name).read_bytes()
    (folder / name).write_bytes(before + b"\n")
    try:
        assert changed(manifest, folder) == [name]
        (folder / name).unlink()
        assert changed(manifest, folder) == [name]
    finally:
        (folder / name).write_bytes(before)
    assert changed(manifest, folder) == []


def test_a_file_that_was_absent_and_appears_is_a_change(heard):
    folder, manifest = heard
    assert manifest["not there"] == ABSENT
    (folder / "not there").write_text("weights")
    try:
        assert changed(manifest, folder) == ["not there"]
    finally:
        (folder / "not there").unlink()
    assert changed(manifest, folder) == []


def test_what_it_does_not_read_may_change(heard):
    folder, manifest = heard
    for name in ("unrelated.py", "library/unused.py", "site-packages/installed.py", "log.txt"):
        (folder / name).write_text("thing = 'else'")
    assert changed(manifest, folder) == []


def test_a_second_run_from_compiled_modules_hears_the_same(heard):
    folder, manifest = heard
    assert list(folder.rglob("scaling.*.pyc"))
    again = files_of(folder, f"{folder}/my_tuner.py:Tuner", folder.parent / "work")
    assert relative(again, folder) == manifest


def test_a_moved_folder_keeps_its_results(heard, tmp_path):
    _, manifest = heard
    folder = lay_out(tmp_path / "elsewhere")
    assert changed(manifest, folder) == []
    assert relative(absolute(manifest, folder), folder) == manifest
    (folder / "library" / "deep.py").write_text("other = 1")
    assert changed(manifest, folder) == ["library/deep.py"]


def test_a_package_counts_from_where_it_lies(tmp_path):
    package = tmp_path / "code" / "mine" / "inner"
    package.mkdir(parents=True)
    for name, text in {
        "mine/__init__.py": "",
        "mine/constants.py": "SCALE = 3",
        "mine/inner/__init__.py": "from mine.constants import SCALE",
        "mine/inner/best.py": "class Best:\n    def predict(self): open('../outside.txt').close()",
    }.items():
        (tmp_path / "code" / name).write_text(text)
    (tmp_path / "outside.txt").write_text("")
    files = files_of(tmp_path / "code", "mine.inner.best:Best", tmp_path / "work")
    outside = str(tmp_path / "outside.txt")
    inside = {"mine/__init__.py", "mine/constants.py", "mine/inner/__init__.py"}
    manifest = relative(files, tmp_path / "code")
    assert set(manifest) == {*inside, "mine/inner/best.py", outside}
    (tmp_path / "outside.txt").write_text("changed")
    assert changed(manifest, tmp_path / "code") == ["outside.txt"]


def test_a_link_that_points_elsewhere_is_a_change(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "w.txt").write_text(name)
    (tmp_path / "latest").symlink_to("one")
    (tmp_path / "w.txt").symlink_to("one/w.txt")
    read = [str(tmp_path / "latest" / "w.txt"), str(tmp_path / "w.txt")]
    manifest = relative({path: digest_of(path) for path in read}, tmp_path)
    assert set(manifest) == {"latest/w.txt", "w.txt"}
    (tmp_path / "latest").unlink()
    (tmp_path / "latest").symlink_to("two")
    assert changed(manifest, tmp_path) == ["latest/w.txt"]


def test_an_environment_around_the_project_does_not_hide_it(tmp_path, monkeypatch):
    """As `/usr` around `/usr/src/project`; else all of it is the environment's."""
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    inside = f"{tmp_path}{os.sep}"
    assert inside not in _environment(tmp_path / "src" / "project")
    assert inside in _environment(tmp_path.parent / "project")
    for root in (tmp_path, tmp_path.parent):
        assert {f"{Path(hpo_gym.__file__).parent}{os.sep}", f"/proc{os.sep}"} <= {
            *_environment(root)
        }


def entry(folder, **fields):
    file = folder / "mine.py"
    if not file.exists():
        file.write_text("class Mine: ...")
    return replace(read_agent(f"{file}:Mine"), **fields)


def test_random_numbers_do_not_depend_on_names(tmp_path):
    mine, versioned = entry(tmp_path), entry(tmp_path, version=1)
    assert replace(mine, name="other").seed_key == mine.seed_key
    assert replace(mine, name="other").identity != mine.identity
    (tmp_path / "moved").mkdir()
    (tmp_path / "moved" / "renamed.py").write_text((tmp_path / "mine.py").read_text())
    assert read_agent(f"{tmp_path}/moved/renamed.py:Mine").seed_key == mine.seed_key
    assert versioned.seed_key == "Mine"  # what stored results of shipped agents come from
    weights = tmp_path / "weights.bin"
    weights.write_bytes(b"1")
    keys = {
        mine.seed_key,
        replace(mine, settings={"size": 1}).seed_key,
        replace(mine, factory=f"{tmp_path}/mine.py:Other").seed_key,
        replace(mine, files=(str(weights),)).seed_key,
    }
    weights.write_bytes(b"2")
    keys.add(replace(mine, files=(str(weights),)).seed_key)
    (tmp_path / "mine.py").write_text("class Mine: 'changed'")
    keys.add(mine.seed_key)
    assert len(keys) == 6


def test_files_of_one_name_all_count(tmp_path):
    files = [tmp_path / folder / "w.bin" for folder in ("a", "b")]
    for file in files:
        file.parent.mkdir()
        file.write_bytes(b"1")
    mine = AgentEntry("mine", "agents:make_agent", version=1, files=tuple(map(str, files)))
    identities = {mine.identity}
    for file in files:
        file.write_bytes(b"2")
        identities.add(mine.identity)
    assert len(identities) == 3
