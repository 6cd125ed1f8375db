"""Jobs on their way to another machine and back: pickled, with the files that they name.

A string that is the absolute path of a file, or a reference into one ("/home/me/train.py:train"),
travels with the contents of the file. Where it arrives it stays as it is if that machine has the
same file, with what lies beside it; else it names a copy below a folder. On the way back the copies
get their old names again, also within longer texts, such as a traceback. The path of Python becomes
that of the Python there.
"""

from __future__ import annotations

import io
import os
import pickle
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import cloudpickle

from hpo_gym.files import write_atomic


def pack(thing: Any) -> bytes:
    """Pickle a job or its work, and the files that it names; functions of a script by value."""
    packer = _Packer()
    packer.dump(thing)
    return packer.file.getvalue()


def unpack(packed: bytes, folder: Path) -> Any:
    """What was packed on another machine, which must be trusted as whoever sends work is.

    Args:
        packed: What `pack` or `pack_back` returned.
        folder: The folder below which files are put that this machine does not have.
    """
    return _Unpacker(packed, folder).load()


def pack_back(thing: Any, folder: Path) -> bytes:
    """Pickle a result; paths below the folder are again what they were where they came from."""
    packer = _PackerBack(folder)
    packer.dump(thing)
    return packer.file.getvalue()


_PYTHON = b"python"
"""In the place of a path."""


class _Packer(cloudpickle.Pickler):  # type: ignore[misc]  # it is published without types
    def __init__(self) -> None:
        self.file = io.BytesIO()
        super().__init__(self.file)

    def persistent_id(self, thing: Any) -> tuple[bytes, str, bytes] | None:
        if type(thing) is not str or not os.path.isabs(thing):
            return None
        if thing == sys.executable:
            return _PYTHON, "", b""
        for path, rest in ((thing, ""), (thing.rpartition(":")[0], thing[thing.rfind(":") :])):
            if os.path.isfile(path):
                # Not as text, for that would be asked about again.
                return os.fsencode(path), rest, Path(path).read_bytes()
        return None


class _PackerBack(_Packer):
    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = str(folder)

    def persistent_id(self, thing: Any) -> tuple[bytes, str, bytes] | None:
        if type(thing) is not str or self._folder not in thing:
            return None
        return b"", thing.replace(self._folder, ""), b""


class _Unpacker(pickle.Unpickler):
    def __init__(self, packed: bytes, folder: Path) -> None:
        super().__init__(io.BytesIO(packed))
        self._folder = folder

    def persistent_load(self, pid: tuple[bytes, str, bytes]) -> str:
        path, rest, contents = pid
        if path == _PYTHON:
            return sys.executable
        return f"{self._place(Path(os.fsdecode(path)), contents)}{rest}" if path else rest

    def _place(self, path: Path, contents: bytes) -> Path:
        """Where a file with these contents is: at its own place, or below the folder."""
        copy = self._folder / path.relative_to(path.anchor)
        for place in (path, copy):
            with suppress(OSError):
                if place.read_bytes() == contents:
                    return place
        write_atomic(copy, contents)
        return copy
