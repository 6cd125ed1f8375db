"""Files that are either old or new, never half-written."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path


def write_atomic(path: str | Path, data: bytes | str) -> None:
    """Replace the contents of a file at once, creating its folder if need be.

    The data go to a temporary file beside it, are forced to the disk, and take the file's name
    last: a reader, or a process killed at any moment, leaves or finds the old file or the new.

    Args:
        path: The file.
        data: All of its contents; text is written as UTF-8.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(data.encode() if isinstance(data, str) else data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    _sync_folder(path.parent)


def read_folder(folder: str | Path) -> dict[str, bytes]:
    """The contents of all files below a folder, by their paths from there."""
    folder = Path(folder)
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def write_folder(folder: str | Path, contents: Mapping[str, bytes]) -> None:
    """Write files below a folder: the inverse of `read_folder`; other files stay."""
    for name, data in contents.items():
        write_atomic(Path(folder) / name, data)


def remove_leftovers(folder: str | Path, name: str = "*") -> None:
    """Remove the temporary files that killed writers left in a folder.

    Only for files that nobody else is writing.

    Args:
        folder: The folder.
        name: Name of the file that was being written, or a pattern of names.
    """
    for leftover in Path(folder).glob(f".{name}.*.tmp"):
        leftover.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Force the new name to the disk too; Windows has no such call and needs none."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
