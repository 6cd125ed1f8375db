"""Files are old or new, never half-written, whatever happens to their writer."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import hpo_gym
from hpo_gym.files import remove_leftovers, write_atomic


def test_write_atomic_replaces_and_creates_folders(tmp_path):
    path = tmp_path / "a" / "b.txt"
    write_atomic(path, "ä")
    assert path.read_bytes() == "ä".encode()
    write_atomic(path, b"new")
    assert path.read_bytes() == b"new"
    assert [file.name for file in path.parent.iterdir()] == ["b.txt"]


def test_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_atomic(path, b"old")

    def disk_full(descriptor):
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", disk_full)
    with pytest.raises(OSError, match="disk full"):
        write_atomic(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


KILLED_WRITER = """
import os, signal, sys
from hpo_gym.files import write_atomic

def kill(descriptor, *_):
    if sys.argv[2] == "fsync":  # as if only half of it had reached the disk
        os.ftruncate(descriptor, 500_000)
    os.kill(os.getpid(), signal.SIGKILL)

setattr(os, sys.argv[2], kill)
write_atomic(sys.argv[1], b"n" * 1_000_000)
"""


@pytest.mark.parametrize("moment", ["fsync", "replace"])
def test_killed_writer_leaves_the_old_file(tmp_path, moment):
    path = tmp_path / "file"
    write_atomic(path, b"old")
    environment = os.environ | {"PYTHONPATH": str(Path(hpo_gym.__file__).parents[1])}
    command = [sys.executable, "-c", KILLED_WRITER, path, moment]
    assert subprocess.run(command, check=False, env=environment).returncode == -signal.SIGKILL
    assert path.read_bytes() == b"old"
    leftovers = [file for file in tmp_path.iterdir() if file != path]
    assert len(leftovers) == 1  # the writer did get to write
    remove_leftovers(tmp_path)
    assert list(tmp_path.iterdir()) == [path]
